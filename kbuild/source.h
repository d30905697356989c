/* SPDX-License-Identifier: GPL-2.0-only */
/* A tree of kernel sources. */
#ifndef KBUILD_SOURCE_H
#define KBUILD_SOURCE_H

#include "kbuild/kbuild.h"

struct source {
	char *dir;     /* absolute, links resolved */
	char *version; /* as its Makefile says it: "6.12.48", "6.13.0-rc2" */
};

void source_done(struct source *s);
#define _cleanup_source_ __attribute__((cleanup(source_done)))

/* Whether dir looks like the top of a kernel's source tree, readable or not. */
bool source_is_tree(const char *dir);

/* The tree at dir; what is none, or cannot be read, is an error that says how to name one. */
int source_open(const char *dir, struct source *s, struct err *err);

/* The version in the text of a kernel's top Makefile; NULL if it has none. The caller frees it. */
char *source_version(const char *makefile);

/* Whether b's source can be built at all: for this architecture, with the directories whose runs
 * are to be counted, and elsewhere than in itself, which make refuses after it was built in. The
 * error says what to do about it. */
int source_check(const struct kbuild *b, struct err *err);

#endif
