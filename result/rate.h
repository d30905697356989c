/* SPDX-License-Identifier: GPL-2.0-only */
/* How often something fails, and how sure that is. */
#ifndef RESULT_RATE_H
#define RESULT_RATE_H

#include <stdint.h>

struct rate {
	int64_t runs, failed;
};

/* failed / runs; 0 of no runs. */
double rate_value(const struct rate *r);

/*
 * Where the true rate lies with 95 % confidence (Wilson's score interval, which holds for few runs
 * and for none or all failed as well); 0 and 1 of no runs.
 */
void rate_interval(const struct rate *r, double *low, double *high);

#endif
