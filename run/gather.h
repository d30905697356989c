/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Coverage: what a kernel built with CONFIG_GCOV_KERNEL has counted is taken out of the guest into
 * gcov.N of the output directory, once for each boot, before its kernel ends.
 */
#ifndef RUN_GATHER_H
#define RUN_GATHER_H

#include "run/job.h"

/* What is to be done when the guest's data is out, or cannot be had. */
enum gather_next {
	GATHER_STOP,   /* switch the guest off */
	GATHER_KILL,   /* kill it */
	GATHER_REBOOT, /* let it restart, as it asked to */
};

/* Take the data, if there is any, then go on. */
void gather_then(struct job *job, enum gather_next next);
/* DONE to the command; false: it answers another one. */
bool gather_answered(struct job *job, const struct frame *f);
/* It took too long, or the guest is silent. */
void gather_late(struct job *job);

/* The guest's kernel is gone: says so when what it counted is lost. */
void gather_ended(struct job *job);

/* Before the first guest: what the run that goes on has gathered is left as it is. */
void gather_begin(struct run *run);

/*
 * After the last guest: beside each NAME.gcda of gcov.* the compiler's NAME.gcno, from where the
 * kernel was built, so that the data can still be read when the build directory is not there.
 */
void gather_notes(const struct run *run);

#endif
