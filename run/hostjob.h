/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The job of a unit that runs without a VM (config-no-vm): on this machine, as the user who runs
 * ktest, until each of its subtests has a verdict. What job.h is for guests.
 */
#ifndef RUN_HOSTJOB_H
#define RUN_HOSTJOB_H

#include "run/hostproc.h"
#include "run/trial.h"

enum hostjob_phase {
	HOSTJOB_INIT,	/* the init hooks run */
	HOSTJOB_RUN,	/* a subtest runs (or, without control, all of them) */
	HOSTJOB_ENDING, /* what runs is being killed */
	HOSTJOB_DONE,	/* nothing runs, nothing is left to do */
};

struct hostjob {
	struct trial trial;
	enum hostjob_phase phase;
	char *dir; /* what the file has here: state/, tmp/ */
	struct hostproc *proc;
	struct loop_source *tick;
	bool ready; /* the init hooks have run */

	/* HOSTJOB_ENDING: what comes of it, the current subtest's verdict for one */
	enum verdict verdict;
	const char *reason; /* static string; NULL: none, the run ends early */
	char *title;
};

/* The job whose trial this is. */
static inline struct hostjob *hostjob_of(struct trial *t)
{
	return (struct hostjob *)(void *)((char *)t - offsetof(struct hostjob, trial));
}

/* That f asks for nothing that only a VM has; one line that names what. */
int hostjob_check(const struct test_file *f, struct err *err);

/* As job_start(). */
void hostjob_start(struct hostjob *job);
void hostjob_done(struct hostjob *job);
/* The run is ending early: what runs is killed, the current subtest stays without a verdict. */
void hostjob_cancel(struct hostjob *job);

#endif
