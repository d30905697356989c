/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A unit of work: subtests of one file that one job (job.h, hostjob.h) brings to verdicts, in
 * order. A file whose subtests share a guest is one unit; where each has a guest of its own, each
 * is one. schedule.h runs them.
 */
#ifndef RUN_UNIT_H
#define RUN_UNIT_H

#include "run/guest.h"
#include "run/plan.h"

enum unit_state {
	UNIT_WAITING,
	UNIT_RUNNING,
	UNIT_ENDING, /* its job is done, and still on the stack */
	UNIT_ENDED,
};

/* All of the file's subtests, also those that it comes up with while it runs. */
#define UNIT_WHOLE SIZE_MAX

struct unit {
	struct test_file *file;
	const struct guest_plan *plan; /* of its guests; NULL: it runs on this host */
	size_t first, n; /* its subtests, by their place in the file's list; n: or UNIT_WHOLE */
	enum isolation isolation; /* that its subtests get in fact */
	bool saves;		  /* it has no subtests: its guest becomes plan->template */

	/* Not to be started before this one has ended; NULL: whenever there is room. */
	struct unit *after;
	/* Called once where that one ended amiss, so that this one can do without; NULL: it can. */
	void (*without)(struct unit *u);
	bool amiss; /* set by its job: what comes after it cannot go on as planned */

	/* for the schedule, as far as is known; 0: nothing is */
	int64_t mem_mib;     /* that its guest may come to need */
	int64_t expected_ms; /* that it takes */
	int round;	     /* from 0: those of a later one come after those before */

	/* while it runs */
	int64_t own_mib; /* what its guest has of that by now */

	enum unit_state state;
	bool leaving;	  /* it was told to make room */
	uint64_t started; /* the how many-th start that was */
	void *job;	  /* of whoever starts it */
};

/* Whether it runs without a guest. */
static inline bool unit_on_host(const struct unit *u)
{
	return !u->plan;
}

/* How many of its subtests are there, and the one at place i of these. */
size_t unit_count(const struct unit *u);
struct subtest *unit_subtest(const struct unit *u, size_t i);
/* Those without a verdict. */
size_t unit_pending(const struct unit *u);

#endif
