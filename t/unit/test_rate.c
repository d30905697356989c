// SPDX-License-Identifier: GPL-2.0-only
/* How often, and how sure: against the roots of the score equation, found by bisection. */
#include "t/unit/unit.h"

#include <math.h>

#include "result/rate.h"

static void interval_is(int64_t failed, int64_t runs, double low, double high)
{
	const struct rate r = {runs, failed};
	double l, h;

	rate_interval(&r, &l, &h);
	if (fabs(l - low) > 0.00005 || fabs(h - high) > 0.00005)
		fail_msg("%d of %d: %.5f to %.5f", (int)failed, (int)runs, l, h);
}

static void test_interval(void **state)
{
	(void)state;
	interval_is(0, 0, 0, 1);
	interval_is(0, 1, 0, 0.7935);
	interval_is(1, 1, 0.2065, 1);
	interval_is(0, 100, 0, 0.0370);
	interval_is(7, 100, 0.0343, 0.1375);
	interval_is(50, 100, 0.4038, 0.5962);
	interval_is(100, 100, 0.9630, 1);
	interval_is(1, 100000, 0.0000018, 0.0000566);
}

static void test_value(void **state)
{
	const struct rate none = {0, 0}, some = {8, 2};

	(void)state;
	assert_true(rate_value(&none) == 0);
	assert_true(rate_value(&some) == 0.25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interval),
		cmocka_unit_test(test_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
