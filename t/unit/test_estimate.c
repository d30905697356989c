// SPDX-License-Identifier: GPL-2.0-only
/* What a unit is taken to need, and which subtests are a unit's. */
#include "t/unit/unit.h"

#include "run/estimate.h"

static struct subtest subtests[] = {
	{.expected_ms = 100, .mem_mib = 200},
	{.expected_ms = 1000, .mem_mib = 300},
	{.expected_ms = 10, .mem_mib = 900, .done = true},
	{0},
};
static struct test_file file = {.subtests = subtests, .n = 4, .mem_mib = 1000};
static const struct guest_plan plan;

static void unit_is(size_t first, size_t n, int ms, int mib)
{
	struct unit u = {.file = &file, .plan = &plan, .first = first, .n = n};

	estimate_unit(&u);
	assert_int_equal(u.expected_ms, ms);
	assert_int_equal(u.mem_mib, mib);
}

static void test_unit(void **state)
{
	(void)state;
	unit_is(0, UNIT_WHOLE, 1100, 450); /* what has its verdict does not count */
	unit_is(0, 1, 100, 300);
	unit_is(3, 1, 0, 1000); /* nothing is known: as declared */
	subtests[0].mem_mib = 800;
	unit_is(0, 1, 100, 1000); /* never more than that */
	subtests[0].mem_mib = 200;
}

static void test_on_the_host(void **state)
{
	struct unit u = {.file = &file, .n = UNIT_WHOLE};

	(void)state;
	estimate_unit(&u);
	assert_int_equal(u.mem_mib, 0);
}

static void test_grown(void **state)
{
	struct unit u = {.file = &file, .plan = &plan, .n = UNIT_WHOLE, .mem_mib = 450};

	(void)state;
	assert_false(estimate_grown(&u, 0));
	assert_true(estimate_grown(&u, 100));
	assert_int_equal(u.mem_mib, 450);
	assert_false(estimate_grown(&u, 400));
	assert_int_equal(u.mem_mib, 600);
	/* Of which nothing is known itself: as the others. */
	unit_is(3, 1, 0, 600);
	unit_is(0, 1, 100, 300);
	file.peak_mib = 0;
}

static void test_subtests(void **state)
{
	struct unit u = {.file = &file, .first = 1, .n = UNIT_WHOLE};

	(void)state;
	assert_int_equal(unit_count(&u), 3);
	assert_int_equal(unit_pending(&u), 2);
	assert_ptr_equal(unit_subtest(&u, 0), &subtests[1]);
	u.n = 2;
	assert_int_equal(unit_count(&u), 2);
	assert_int_equal(unit_pending(&u), 1);
	u.first = 4;
	assert_int_equal(unit_count(&u), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unit),
		cmocka_unit_test(test_on_the_host),
		cmocka_unit_test(test_grown),
		cmocka_unit_test(test_subtests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
