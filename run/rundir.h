/* SPDX-License-Identifier: GPL-2.0-only */
/* The one directory that holds every temporary of a run, and the sweeping of those that nobody owns
 * any more. */
#ifndef RUN_RUNDIR_H
#define RUN_RUNDIR_H

#include "base/err.h"

struct rundir {
	char *path;  /* absolute, 0700 */
	int lock_fd; /* held for as long as the run lives: what tells a sweep to keep off */
	int keep;    /* the user's own (-T): its content is removed, itself stays */
};

/*
 * Make it: below base/ktest-UID/ (base NULL: $TMPDIR, else /var/tmp: scratch disks are large and
 * /tmp may be memory), or own_dir itself where the user named one, which must be empty or not
 * there. First removes there what runs left that were killed.
 */
int rundir_make(const char *base, const char *own_dir, struct rundir *d, struct err *err);

/* Remove it with all in it. */
int rundir_remove(struct rundir *d, struct err *err);

#endif
