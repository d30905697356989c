/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ctrl-Z (SIGTSTP): guests and tests on the host stand still as long as this process does, and no
 * time passes for any of them.
 */
#ifndef RUN_SUSPEND_H
#define RUN_SUSPEND_H

#include <stddef.h>

#include "base/loop.h"

struct run;

struct suspend {
	struct loop_source *late;
	size_t awaited; /* guests that do not stand still yet */
};

/* Once the run has its loop, for as long as that lives. */
void suspend_prepare(struct run *run);

#endif
