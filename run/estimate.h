/* SPDX-License-Identifier: GPL-2.0-only */
/* What earlier runs say of the subtests of this one: how long they take, how much memory. */
#ifndef RUN_ESTIMATE_H
#define RUN_ESTIMATE_H

#include "run/trial.h"

/* expected_ms and mem_mib of each subtest, from the history; one that cannot be read is none. */
void estimate_read(struct run *run);

/*
 * mem_mib and expected_ms of a unit from those of its subtests. What it has come to need once, it
 * may need half as much again; where nothing is known of these subtests, what others of the file
 * have needed counts. The memory that its guest was declared to have is the most, and is taken
 * where nothing is known at all.
 */
void estimate_unit(struct unit *u);

/* Its guest has just had so much memory of its own. True: nothing was known of its file before. */
bool estimate_grown(struct unit *u, int64_t peak_mib);

#endif
