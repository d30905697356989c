/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GUEST_CHILD_H
#define GUEST_CHILD_H

#include <sys/types.h>

#include "guest/util.h"
#include "proto/frame.h"

/*
 * Starts the program of a START frame in a session and cgroup of its own. Its pid; *report is then
 * a descriptor of the caller's that reads as end of file once the program runs, else as one struct
 * fault. Or -errno with *f filled in.
 */
pid_t child_start(const struct frame *frame, const char *cgroup, int *report, struct fault *f);

#endif
