/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes as /proc shows them. */
#ifndef GUEST_PROCS_H
#define GUEST_PROCS_H

#include <sys/types.h>

struct proc {
	pid_t pid;
	pid_t ppid;
	pid_t sid;
	int kernel; /* a kernel thread */
	int alive;  /* has a thread that is no zombie */
};

/* 0, or -errno when it is gone. */
int proc_read(pid_t pid, struct proc *p);
/* Calls each(p, data) for every process but kernel threads and the agent. */
void procs_walk(void (*each)(const struct proc *p, void *data), void *data);

#endif
