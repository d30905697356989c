/* SPDX-License-Identifier: GPL-2.0-only */
/* Sessions: what START begins and EXIT ends. */
#ifndef GUEST_SESSION_H
#define GUEST_SESSION_H

#include <sys/types.h>

#include "proto/frame.h"

void session_start_command(const struct frame *f);
void session_signal_command(const struct frame *f);

/* A child of the agent has ended with this wait status. */
void session_reaped(pid_t pid, int status);
/* The id of the session that a process belongs to, NULL if none. */
const char *session_id_of(pid_t pid);

#endif
