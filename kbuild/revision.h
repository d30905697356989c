/* SPDX-License-Identifier: GPL-2.0-only */
/* What git calls the state of a source, asked while something else goes on. */
#ifndef KBUILD_REVISION_H
#define KBUILD_REVISION_H

#include <sys/types.h>

struct revision {
	pid_t pid; /* 0: nobody was asked */
	int fd;
};

void revision_ask(const char *source, struct revision *r);

/*
 * The commit, 40 hex digits, with "-dirty" behind it where files that git knows are not as it has
 * them. NULL where source is no repository of its own: one that merely contains it, as an archive
 * unpacked in one, does not count. Waits for git, but not for ever. The caller frees it.
 */
char *revision_answer(struct revision *r);

#endif
