/* SPDX-License-Identifier: GPL-2.0-only */
/* What room this host has for guests, and how much of it one takes. */
#ifndef RUN_HOSTROOM_H
#define RUN_HOSTROOM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct hostroom {
	int64_t total_mib, available_mib; /* of memory; INT64_MAX: not known */
	double load;			  /* processes that ran or wanted to, in the last minute */
};

/* As /proc/meminfo and /proc/loadavg tell it now. */
void hostroom_read(struct hostroom *r);

/* The processors that this process may use. */
int hostroom_cpus(void);

/*
 * The memory that is a process's own and its descendants', shared with nobody, what is swapped out
 * included; 0 where that cannot be told. It takes milliseconds a gigabyte.
 */
int64_t hostroom_own_mib(pid_t pid);

/*
 * How long the threads of a process and its descendants have run, and have waited for a processor
 * while they could run; false where this kernel does not tell (CONFIG_SCHED_INFO).
 */
bool hostroom_ran(pid_t pid, int64_t *ran_ns, int64_t *waited_ns);

#endif
