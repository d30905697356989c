/* SPDX-License-Identifier: GPL-2.0-only */
/* Work that can be stopped at any point. */
#ifndef CMD_GUARD_H
#define CMD_GUARD_H

#include <sys/types.h>

#include "base/err.h"

typedef int guarded_fn(void *arg, struct err *err);

/*
 * Call fn in a child, whose error is printed: its exit status comes back, or a negative errno with
 * *err set. On SIGINT, SIGTERM or SIGHUP the child is killed and 130 comes back, so that the caller
 * can remove at once what it left.
 */
int guarded(guarded_fn *fn, void *arg, struct err *err);

/* Only start such a child, which dies with us; *pid is the caller's to wait for. */
int guarded_start(guarded_fn *fn, void *arg, pid_t *pid, struct err *err);

#endif
