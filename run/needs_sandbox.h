/* SPDX-License-Identifier: GPL-2.0-only */
/* The view of the host that a test file gets which is asked for its needs: run/needs_call.c only.
 */
#ifndef RUN_NEEDS_SANDBOX_H
#define RUN_NEEDS_SANDBOX_H

#include "run/needs.h"

/*
 * bubblewrap's command line, before the command: 1, or 0 where bubblewrap does not work, with a
 * warning once a process. The file sees the host as guests do (image/hostroot.h), its own tree,
 * lib/ and tests/ of library, the directory deps and the kernel's source where they exist, each
 * read-only and without its .git, and an empty /tmp to write to. There is no network.
 * *filter becomes a descriptor that bubblewrap is to inherit, which the caller closes, or stays as
 * it is.
 */
int needs_sandbox(const struct needs *n, const char *library, const char *deps,
		  const struct needs_limits *limits, struct strv *argv, int *filter,
		  struct err *err);

#endif
