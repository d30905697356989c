// SPDX-License-Identifier: GPL-2.0-only
/* The exit status that `git bisect run` and CI go by. */
#include "t/unit/unit.h"

#include "base/str.h"
#include "result/verdict.h"

static void test_exit_status(void **state)
{
	static const struct {
		struct verdict_counts c; /* NONE PASS FAIL SKIP ERROR MISS */
		int exit;
	} rows[] = {
		{{{0, 3, 0, 0, 0, 0}}, 0},   {{{0, 0, 0, 3, 0, 0}}, 0}, /* all skipped */
		{{{0, 0, 0, 0, 0, 0}}, 0}, /* nothing asked, nothing wrong */
		{{{0, 3, 1, 0, 0, 0}}, 1},   {{{0, 3, 0, 0, 1, 0}}, 1},
		{{{0, 3, 0, 0, 0, 1}}, 125}, {{{1, 3, 0, 0, 0, 0}}, 125}, /* never decided */
		{{{1, 0, 1, 0, 0, 1}}, 1}, /* what is known bad stays bad */
		{{{0, 0, 0, 0, 1, 9}}, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(verdict_exit(&rows[i].c), rows[i].exit);
}

static void test_names_are_read_back(void **state)
{
	(void)state;
	for (enum verdict v = VERDICT_NONE; v <= VERDICT_MISS; v++)
		assert_int_equal(verdict_parse(verdict_name(v)), v);
	assert_int_equal(verdict_parse("pass"), VERDICT_NONE);
	assert_int_equal(verdict_parse("PASSED"), VERDICT_NONE);
	assert_int_equal(verdict_parse(NULL), VERDICT_NONE);
	assert_string_equal(verdict_name((enum verdict)99), "NONE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_status),
		cmocka_unit_test(test_names_are_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
