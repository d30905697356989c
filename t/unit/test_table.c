// SPDX-License-Identifier: GPL-2.0-only
/* The closing table; t/golden has whole ones. */
#include "t/unit/unit.h"

#include "report/table.h"

static struct result_test tests[2];
static struct result r;

/* Borrowed strings throughout: nothing here is freed by result_done(). */
static int setup(void **state)
{
	(void)state;
	tests[0] = (struct result_test){
		.file = (char *)(uintptr_t) "disks",
		.subtest = (char *)(uintptr_t) "unplug",
		.verdict = VERDICT_FAIL,
		.reason = (char *)(uintptr_t) "oops",
		.title = (char *)(uintptr_t) "BUG in a_function_of_a_long_name",
		.duration_ms = 1230,
		.attempt = 1};
	tests[1] = tests[0];
	tests[1].verdict = VERDICT_PASS;
	tests[1].reason = tests[1].title = NULL;
	r = (struct result){.tests = tests, .n = 2, .finished = true, .exit_status = 1};
	r.counts.n[VERDICT_FAIL] = r.counts.n[VERDICT_PASS] = 1;
	return 0;
}

static void format_is(int width, bool colour, const char *want)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	table_format(&r, width, colour, &b);
	assert_string_equal(b.s, want);
}

static void test_plain(void **state)
{
	(void)state;
	format_is(0, false,
		  "FAIL  1.23s  disks unplug  oops  BUG in a_function_of_a_long_name\n"
		  "PASS  1.23s  disks unplug\n"
		  "2 subtests: 1 passed, 1 failed\n");
}

static void test_colour_is_for_the_verdict_alone(void **state)
{
	(void)state;
	format_is(
		0, true,
		"\033[31mFAIL\033[0m  1.23s  disks unplug  oops  BUG in a_function_of_a_long_name\n"
		"\033[32mPASS\033[0m  1.23s  disks unplug\n"
		"2 subtests: 1 passed, 1 failed\n");
}

static void test_cut_to_the_width(void **state)
{
	(void)state;
	format_is(50, false,
		  "FAIL  1.23s  disks unplug  oops  BUG in a_funct...\n"
		  "PASS  1.23s  disks unplug\n"
		  "2 subtests: 1 passed, 1 failed\n");
	/* A name gets half a line at most, and something of the title stays. */
	format_is(20, false,
		  "FAIL  1.23s  disks u...  oops  BUG i...\n"
		  "PASS  1.23s  disks u...\n"
		  "2 subtests: 1 passed, 1 failed\n");
}

static void test_what_is_hostile_is_escaped(void **state)
{
	(void)state;
	tests[0].subtest = (char *)(uintptr_t) "\x1b[31m";
	tests[0].title = (char *)(uintptr_t) "two\nlines\xff";
	tests[0].reason = (char *)(uintptr_t) "\a";
	r.interrupted = (char *)(uintptr_t) "\x1b[2J";
	format_is(0, true,
		  "\033[31mFAIL\033[0m  1.23s  disks \\x1b[31m  \\x07  two\\nlines\\xff\n"
		  "\033[32mPASS\033[0m  1.23s  disks unplug\n"
		  "2 subtests: 1 passed, 1 failed; interrupted by \\x1b[2J\n");
}

static void test_nothing_ran(void **state)
{
	(void)state;
	r = (struct result){.finished = true};
	format_is(80, false, "0 subtests\n");
}

/* Two are named since one of them ran each test; what a journal leaves out is left out. */
static void test_several_kernels(void **state)
{
	(void)state;
	r.n = 0;
	r.kernels = json_pack("[{s:s, s:s, s:s}, {s:s}, {}]", "id", "k1", "release", "6.1.0",
			      "arch", "x86_64", "release", "6.12");
	format_is(0, false,
		  "k1: 6.1.0 x86_64\n"
		  "6.12\n"
		  "\n"
		  "0 subtests: 1 passed, 1 failed\n");
	json_decref(r.kernels);
}

static void test_durations(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} times[] = {
		{-1, "-"},	     {0, "0.00s"},	 {9, "0.00s"},		 {10, "0.01s"},
		{9999, "9.99s"},     {10000, "10.0s"},	 {99999, "99.9s"},	 {100000, "1m40s"},
		{3599999, "59m59s"}, {3600000, "1h00m"}, {445500000, "123h45m"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		_cleanup_strbuf_ struct strbuf b = {0};

		table_duration(times[i].ms, &b);
		assert_string_equal(b.s, times[i].text);
	}
}

static void test_print(void **state)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	table_print(f, &r, 0, false);
	fclose(f);
	assert_non_null(strstr(text, "2 subtests"));
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test_setup(test_plain, setup),
		cmocka_unit_test_setup(test_colour_is_for_the_verdict_alone, setup),
		cmocka_unit_test_setup(test_cut_to_the_width, setup),
		cmocka_unit_test_setup(test_what_is_hostile_is_escaped, setup),
		cmocka_unit_test_setup(test_nothing_ran, setup),
		cmocka_unit_test_setup(test_several_kernels, setup),
		cmocka_unit_test(test_durations),
		cmocka_unit_test_setup(test_print, setup),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
