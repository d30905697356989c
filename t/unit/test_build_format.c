// SPDX-License-Identifier: GPL-2.0-only
/* How far a build is, in words. */
#include "t/unit/unit.h"

#include "base/loop.h"
#include "report/build.h"

static void format_is(const struct kbuild_progress *p, const char *want)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	build_format(p, &b);
	assert_string_equal(b.s, want);
}

static void test_counted(void **state)
{
	const struct kbuild_progress p = {
		.phase = "building",
		.done = 1204,
		.total = 2300,
		.elapsed_ns = 128 * NSEC_PER_SEC,
		.left_ns = 115 * NSEC_PER_SEC,
	};

	(void)state;
	format_is(&p, "building 1204 of 2300 objects, 2m08s, 1m55s left");
}

static void test_guessed(void **state)
{
	const struct kbuild_progress p = {
		.phase = "building",
		.done = 12,
		.total = 2500,
		.total_is_guess = true,
		.elapsed_ns = 3 * NSEC_PER_SEC,
		.left_ns = 600 * NSEC_PER_SEC,
	};

	(void)state;
	format_is(&p, "building 12 of about 2500 objects, 3.00s, about 10m00s left");
}

static void test_nothing_to_count(void **state)
{
	struct kbuild_progress p = {.phase = "configuring", .left_ns = -1};

	(void)state;
	format_is(&p, "configuring, 0.00s");
	p.phase = "building";
	p.done = 7;
	format_is(&p, "building 7 objects, 0.00s");
}

static void test_a_line_a_minute(void **state)
{
	struct kbuild_progress p = {.phase = "building"};
	int64_t last = 0;
	int lines = 0;

	(void)state;
	for (int s = 0; s <= 150; s++) {
		p.elapsed_ns = s * NSEC_PER_SEC;
		lines += build_line_due(&p, &last);
		assert_int_equal(lines, s / 60);
	}
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(test_counted),
		cmocka_unit_test(test_guessed),
		cmocka_unit_test(test_nothing_to_count),
		cmocka_unit_test(test_a_line_a_minute),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
