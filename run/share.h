/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much of the processor time that a guest's QEMU wanted it got: a kernel whose processors stand
 * still because the host is busy reports stalls that are none.
 */
#ifndef RUN_SHARE_H
#define RUN_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHARE_PAST 256

/* Samples of sums since some start, oldest first once the ring has gone around. */
struct share {
	struct {
		int64_t at_ns, ran_ns, waited_ns;
	} past[SHARE_PAST];
	size_t n; /* samples ever taken */
};

/* At that time, QEMU's threads had run and had waited for a processor for so long. */
void share_add(struct share *s, int64_t at_ns, int64_t ran_ns, int64_t waited_ns);

/*
 * Whether in the last window_ns it waited for longer than it ran, and for half of that time at
 * least, since one that has little to do waits little; and got less than half of what it can get:
 * cpus, the processors of the host that it could keep busy. *percent: of the time that it wanted,
 * what it got.
 */
bool share_starved(const struct share *s, int64_t window_ns, int cpus, int *percent);

#endif
