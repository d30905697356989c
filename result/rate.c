// SPDX-License-Identifier: GPL-2.0-only
#include "result/rate.h"

#include <math.h>

#define Z 1.959963984540054 /* 95 % of a normal distribution lie within so many deviations */

double rate_value(const struct rate *r)
{
	return r->runs ? (double)r->failed / (double)r->runs : 0;
}

void rate_interval(const struct rate *r, double *low, double *high)
{
	double n = (double)r->runs, p = rate_value(r);
	double scale = 1 + Z * Z / n, centre, spread;

	*low = 0;
	*high = 1;
	if (!r->runs)
		return;
	centre = (p + Z * Z / (2 * n)) / scale;
	spread = Z * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / scale;
	/* The ends are exact where rounding would not be. */
	if (r->failed)
		*low = centre - spread;
	if (r->failed < r->runs)
		*high = centre + spread;
}
