/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The schedule: which units (unit.h) run when, side by side as far as there is room. What a unit
 * does is its starter's affair.
 *
 * One that runs alone runs whatever it needs. Another is started next to it when the memory that is
 * free now holds what it may come to need, what those that run have not taken yet of theirs, and a
 * reserve. When less than the reserve is left, the one started last has to make room and is queued
 * again.
 */
#ifndef RUN_SCHEDULE_H
#define RUN_SCHEDULE_H

#include "base/loop.h"
#include "run/hostroom.h"
#include "run/unit.h"

struct schedule;

struct schedule_ops {
	/* Start it; schedule_ended() tells when it is done, in this very call or later. */
	void (*start)(void *arg, struct unit *u);
	/* It is not to go on: schedule_ended() is to follow, as soon as may be. u->leaving: it will
	 * be started again. */
	void (*cancel)(void *arg, struct unit *u);
	/* It has ended, and nothing of it is on the stack any more: free what start() made. True:
	 * it is queued again, with what was set in it. */
	bool (*ended)(void *arg, struct unit *u);
	void (*look)(void *arg, struct hostroom *room); /* at the host */
	void *arg;
};

struct schedule_limits {
	size_t jobs; /* units at a time; 1: in the order they were added */
	int cpus;    /* with other work going on, no more than fill up so many; 0: never mind it */
};

struct schedule *schedule_new(struct loop *loop, const struct schedule_ops *ops,
			      const struct schedule_limits *limits);
void schedule_free(struct schedule *s); /* NULL allowed */

/* A copy of *u is queued, whose address stays the same; also while the schedule runs. */
struct unit *schedule_add(struct schedule *s, const struct unit *u);

/*
 * Run the loop until every unit has ended, or those that run have after schedule_stop(). 0, or a
 * negative errno when the loop fails.
 */
int schedule_run(struct schedule *s);

/* u, which was started, is done. */
void schedule_ended(struct schedule *s, struct unit *u);

/* Nothing more is started, and what runs is cancelled, all but spared (NULL: none). */
void schedule_stop(struct schedule *s, const struct unit *spared);

/* All units, as they were added. */
struct unit *const *schedule_units(const struct schedule *s, size_t *n);

/* Of a host with so much memory, what is kept free. */
int64_t schedule_reserve_mib(int64_t total_mib);

#endif
