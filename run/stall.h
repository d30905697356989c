/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stalls and lockups that the host is to blame for: QEMU had to wait for a processor for most of
 * the time that the kernel calls lost.
 */
#ifndef RUN_STALL_H
#define RUN_STALL_H

#include <stdbool.h>

#include "diag/scan.h"

struct job;

/*
 * The kernel's arguments for how long a processor may be stalled, in seconds, their defaults and
 * what the kernel takes at most: Documentation/RCU/stallwarn.rst,
 * Documentation/admin-guide/lockup-watchdogs.rst.
 */
#define STALL_RCU	     "rcupdate.rcu_cpu_stall_timeout="
#define STALL_RCU_S	     21
#define STALL_RCU_MAX_S	     300
#define STALL_WATCHDOG	     "watchdog_thresh="
#define STALL_WATCHDOG_S     10
#define STALL_WATCHDOG_MAX_S 60

void stall_begin(struct job *job); /* another guest */
void stall_tick(struct job *job);

/* Whether the host is to blame for a bug of this kind, found now; *percent: what QEMU got of the
 * processor time that it wanted. */
bool stall_of_host(struct job *job, enum finding_kind kind, int *percent);

#endif
