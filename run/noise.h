/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether a duration differs from earlier ones by more than they do among themselves. */
#ifndef RUN_NOISE_H
#define RUN_NOISE_H

#include <stddef.h>
#include <stdint.h>

/* Fewer say nothing: with 8, one in nine new ones is the longest by chance alone. */
#define NOISE_PAST_MIN 8

enum noise {
	NOISE_UNKNOWN, /* too few earlier ones */
	NOISE_SAME,    /* within what they vary by */
	NOISE_SLOWER,
	NOISE_FASTER,
};

/*
 * now_ms beside n earlier durations of the same thing, in any order (the array is sorted). It is
 * slower when it is longer than every one of them, which under no change happens to one in n + 1
 * whatever their distribution, and also more than 3.5 robust standard deviations (of logarithms,
 * from the median absolute deviation; Iglewicz and Hoaglin, 1993) above their median; faster
 * likewise. What the clock of the journal and the scheduler blur (10 ms and 2 %) is never a
 * difference. *median_ms is set where n > 0.
 */
enum noise noise_judge(int64_t *past_ms, size_t n, int64_t now_ms, int64_t *median_ms);

/* The 95 % interval of a rate of which k of n were seen (Wilson, 1927); n > 0. */
void noise_interval(size_t k, size_t n, double *low, double *high);

#endif
