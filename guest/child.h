/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GUEST_CHILD_H
#define GUEST_CHILD_H

#include <sys/types.h>

#include "guest/util.h"
#include "proto/frame.h"

/* What a child has for input, output, error and beyond; they stay the caller's. */
struct child_io {
	int fd[5];
	int n;	 /* of these, 3 at least: the others are descriptors 3 and 4 */
	int tty; /* they are a terminal, which becomes that of its session */
};

/*
 * Starts the program of a START or OPEN frame in a session of its own and in a cgroup. io NULL:
 * nothing to read, and the console. Its pid; *report is then
 * a descriptor of the caller's that reads as end of file once the program runs, else as one struct
 * fault. Or -errno with *f filled in.
 */
pid_t child_start(const struct frame *frame, const char *cgroup, const struct child_io *io,
		  int *report, struct fault *f);

#endif
