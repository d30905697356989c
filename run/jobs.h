/* SPDX-License-Identifier: GPL-2.0-only */
/* The jobs of a run: its plan as units, each brought to verdicts when the schedule has its turn. */
#ifndef RUN_JOBS_H
#define RUN_JOBS_H

#include "run/trial.h"

/* Run what has no verdict yet, to the end or until the run ends early. */
void jobs_run(struct run *run);

/* The run ends early: what runs is cancelled, all but spared (NULL: none). Nothing happens where
 * jobs_run() is not going on. */
void jobs_cancel(struct run *run, const struct unit *spared);

/* A guest has started or ended: OUT/vm is the one that was started last. */
void jobs_link(struct run *run);

/* view.c: what the rest will take by what is known of it; -1: nothing is */
int64_t jobs_left_ns(const struct run *run);

#endif
