// SPDX-License-Identifier: GPL-2.0-only
/* Noise and change: by examples, and by how often it is wrong on durations that did not change. */
#include "t/unit/unit.h"

#include "base/str.h"
#include "run/noise.h"

static enum noise judge(const int64_t *past, size_t n, int64_t now)
{
	int64_t copy[100], median = -1;

	memcpy(copy, past, n * sizeof(*past));
	return noise_judge(copy, n, now, &median);
}

static void test_examples(void **state)
{
	static const int64_t past[] = {1000, 1020, 990, 1010, 1005, 995, 1030, 1015};

	(void)state;
	assert_int_equal(judge(past, 7, 9999), NOISE_UNKNOWN);
	assert_int_equal(judge(past, 0, 9999), NOISE_UNKNOWN);
	assert_int_equal(judge(past, 8, 1000), NOISE_SAME);
	assert_int_equal(judge(past, 8, 1040), NOISE_SAME);
	assert_int_equal(judge(past, 8, 1300), NOISE_SLOWER);
	assert_int_equal(judge(past, 8, 700), NOISE_FASTER);
}

static void test_median(void **state)
{
	int64_t past[] = {30, 10, 20}, median = -1;

	(void)state;
	assert_int_equal(noise_judge(past, 3, 10, &median), NOISE_UNKNOWN);
	assert_int_equal(median, 20);
	median = -1;
	noise_judge(past, 0, 10, &median);
	assert_int_equal(median, -1);
}

/* What never varied does not make 1 ms a difference. */
static void test_constant(void **state)
{
	int64_t past[20];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(past); i++)
		past[i] = 5000;
	assert_int_equal(judge(past, 20, 5080), NOISE_SAME);
	assert_int_equal(judge(past, 20, 5300), NOISE_SLOWER);
	for (size_t i = 0; i < ARRAY_SIZE(past); i++)
		past[i] = 0;
	assert_int_equal(judge(past, 20, 0), NOISE_SAME);
	assert_int_equal(judge(past, 20, 9), NOISE_SAME);
	assert_int_equal(judge(past, 20, 500), NOISE_SLOWER);
}

/* One that was slow once before is not slower when it is so again. */
static void test_outlier(void **state)
{
	static const int64_t past[] = {1000, 1001, 1002, 999, 1000, 1003, 998, 1001, 4000};

	(void)state;
	assert_int_equal(judge(past, 9, 3900), NOISE_SAME);
	assert_int_equal(judge(past, 9, 4100), NOISE_SLOWER);
}

static uint64_t seed = 1;

static double uniform(void)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (double)(seed >> 11) / 9007199254740992.0;
}

/* Skewed as durations are: most near 1 s, some much longer. */
static int64_t duration(void)
{
	double tail = uniform() < 0.1 ? 1 + uniform() : 1;

	return (int64_t)(1000 * tail * (1 + 0.1 * (uniform() + uniform() - 1)));
}

static void test_false_alarms(void **state)
{
	int64_t past[20];
	int alarms = 0, missed = 0, n = 5000;

	(void)state;
	for (int i = 0; i < n; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(past); k++)
			past[k] = duration();
		alarms += judge(past, 20, duration()) != NOISE_SAME;
		missed += judge(past, 20, 3 * duration()) != NOISE_SLOWER;
	}
	/* By its rank alone one in 21 would be longer than the rest, and one shorter. */
	assert_true(alarms < n / 21);
	assert_true(missed < n / 20);
}

static void test_interval(void **state)
{
	double low, high;

	(void)state;
	noise_interval(0, 10, &low, &high);
	assert_true(low == 0 && high > 0.27 && high < 0.28);
	noise_interval(10, 10, &low, &high);
	assert_true(high == 1 && low > 0.72 && low < 0.73);
	noise_interval(50, 100, &low, &high);
	assert_true(low > 0.403 && low < 0.405 && high > 0.595 && high < 0.597);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),     cmocka_unit_test(test_median),
		cmocka_unit_test(test_constant),     cmocka_unit_test(test_outlier),
		cmocka_unit_test(test_false_alarms), cmocka_unit_test(test_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
