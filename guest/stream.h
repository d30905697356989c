/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Streams: programs that the host started by OPEN and whose input and output go through frames.
 * They belong to no session, and live on when one ends.
 */
#ifndef GUEST_STREAM_H
#define GUEST_STREAM_H

#include <sys/types.h>

#include "guest/procs.h"
#include "proto/frame.h"

void stream_open_command(const struct frame *f);
void stream_input_command(const struct frame *f);
void stream_more_command(const struct frame *f);
void stream_size_command(const struct frame *f);
void stream_close_command(const struct frame *f);

/* A child of the agent has ended with this wait status: whether it was one of ours. */
int stream_reaped(pid_t pid, int status);
/* Whether a process came of a stream's program. */
int stream_owns(const struct proc *p);
/* The port has room again. */
void stream_room(void);

#endif
