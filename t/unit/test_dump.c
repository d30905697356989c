/* SPDX-License-Identifier: GPL-2.0-only */
#include "t/unit/unit.h"

#include "run/dump.h"

static const char *format_of(const char *asked, const char *release)
{
	_cleanup_free_ char *a = asked ? xstrdup(asked) : NULL, *r = xstrdup(release);
	struct settings s = {.dump_format = a};
	struct kernel k = {.release = r};
	const char *format = dump_format(&s, &k);

	return format == a ? asked : format;
}

static void test_the_format_is_what_can_be_read(void **state)
{
	(void)state;
	assert_string_equal(format_of(NULL, "6.1.0-56-amd64"), "kdump");
	assert_string_equal(format_of(NULL, "5.15.0"), "kdump");
	assert_string_equal(format_of("auto", "6.12.1-ktest"), "elf");
	assert_string_equal(format_of(NULL, "unknown"), "elf");
	assert_string_equal(format_of("kdump", "6.12.1-ktest"), "kdump");
}

static void test_an_old_crash_reads_old_kernels(void **state)
{
	(void)state;
	assert_true(dump_crash_reads("8.0.2", "6.1.0-56-amd64"));
	assert_false(dump_crash_reads("8.0.2", "6.2.0"));
	assert_false(dump_crash_reads("7.3.1", "6.12.1"));
	assert_true(dump_crash_reads("8.0.6", "6.12.1"));
	assert_true(dump_crash_reads("9.0.0", "6.12.1"));
	assert_false(dump_crash_reads("", "6.12.1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_format_is_what_can_be_read),
		cmocka_unit_test(test_an_old_crash_reads_old_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
