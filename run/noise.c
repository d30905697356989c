// SPDX-License-Identifier: GPL-2.0-only
#include "run/noise.h"

#include <math.h>
#include <stdlib.h>

#include "base/str.h"

#define DEVIATIONS 3.5
#define MAD_TO_SD  1.4826 /* of a normal distribution */
#define BLUR_MS	   10.0
#define BLUR_SHARE 0.02
#define Z95	   1.959964

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int by_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double log_ms(int64_t ms)
{
	return log(ms > 0 ? (double)ms : 0.5);
}

static double median(const double *v, size_t n)
{
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* Of the logarithms of sorted durations, around their median. */
static double deviation(const int64_t *past_ms, size_t n, double *middle)
{
	_cleanup_free_ double *v = xcalloc(n, sizeof(*v));

	for (size_t i = 0; i < n; i++)
		v[i] = log_ms(past_ms[i]);
	*middle = median(v, n);
	for (size_t i = 0; i < n; i++)
		v[i] = fabs(v[i] - *middle);
	qsort(v, n, sizeof(*v), by_double);
	return MAD_TO_SD * median(v, n);
}

enum noise noise_judge(int64_t *past_ms, size_t n, int64_t now_ms, int64_t *median_ms)
{
	double middle, sd, blur, off;

	if (!n)
		return NOISE_UNKNOWN;
	qsort(past_ms, n, sizeof(*past_ms), by_value);
	*median_ms = past_ms[n / 2];
	if (n < NOISE_PAST_MIN)
		return NOISE_UNKNOWN;
	sd = deviation(past_ms, n, &middle);
	blur = BLUR_SHARE + log1p(BLUR_MS / exp(middle));
	off = (log_ms(now_ms) - middle) / (sd > blur / DEVIATIONS ? sd : blur / DEVIATIONS);
	if (now_ms > past_ms[n - 1] && off > DEVIATIONS)
		return NOISE_SLOWER;
	return now_ms < past_ms[0] && off < -DEVIATIONS ? NOISE_FASTER : NOISE_SAME;
}

void noise_interval(size_t k, size_t n, double *low, double *high)
{
	double p = (double)k / (double)n, z2 = Z95 * Z95 / (double)n;
	double middle = (p + z2 / 2) / (1 + z2);
	double half = Z95 / (1 + z2) * sqrt(p * (1 - p) / (double)n + z2 / 4 / (double)n);

	*low = k ? middle - half : 0;
	*high = k < n ? middle + half : 1;
}
