/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A shell that waits in a guest that is saved: what each subtest's shell does first, it has done by
 * then. Its input is a script that tells it what to run.
 */
#ifndef GUEST_HELD_H
#define GUEST_HELD_H

#include <sys/types.h>

#include "proto/frame.h"

#define HELD_CGROUP "held"

/* HOLD: start it. */
void held_command(const struct frame *f);
/*
 * Let it run what a START frame says: with its variables that HOLD did not have, and its arguments
 * from the third on. Its pid; 0: there is none, and the frame is to be started anew.
 */
pid_t held_take(const struct frame *f);
/* A child of the agent has ended: it may have been this one. */
void held_reaped(pid_t pid);

#endif
