/* SPDX-License-Identifier: GPL-2.0-only */
/* A make that is running: what it says line by line, and its end with all that it started. */
#ifndef KBUILD_MAKING_H
#define KBUILD_MAKING_H

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct making {
	const struct strv *argv;
	int nice;
	int log_fd; /* all output goes there too; -1: nowhere */
	/* Called with each line of either output, without its newline, cut at 64 KiB. */
	void (*line)(void *arg, const char *line, size_t len);
	void (*tick)(void *arg); /* about once a second; NULL */
	void *arg;
};

/*
 * Run it to its end, *status as of waitpid(2). SIGINT, SIGTERM and SIGHUP, which are blocked and
 * read meanwhile, end it by SIGTERM, a second one or five seconds later by SIGKILL; that is -EINTR.
 * Whatever it started is gone when this returns, daemons included.
 */
int making_run(const struct making *m, int *status, struct err *err);

#endif
