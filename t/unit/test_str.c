// SPDX-License-Identifier: GPL-2.0-only
/* Numbers and sizes as users write them; strings that grow; words for a shell. */
#include "t/unit/unit.h"

#include "base/str.h"

static void test_integers(void **state)
{
	static const struct {
		const char *s;
		int64_t min, max, value;
	} good[] = {
		{"0", 0, 0, 0},
		{"-5", -5, 5, -5},
		{"007", 0, 10, 7},
		{"9223372036854775807", INT64_MIN, INT64_MAX, INT64_MAX},
		{"-9223372036854775808", INT64_MIN, INT64_MAX, INT64_MIN},
	};
	int64_t v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(str_int(good[i].s, good[i].min, good[i].max, &v), 0);
		assert_int_equal(v, good[i].value);
	}
}

static void test_what_is_no_integer_leaves_the_value_alone(void **state)
{
	static const char *const bad[] = {
		"",
		"-",
		"+1",
		" 1",
		"1 ",
		"1k",
		"0x10",
		"1.5",
		"--1",
		"9223372036854775808",
		"11",
		"-1",
		"99999999999999999999999999",
	};
	int64_t v = 4711;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(str_int(bad[i], 0, 10, &v), -EINVAL);
	assert_int_equal(str_int("9223372036854775808", INT64_MIN, INT64_MAX, &v), -EINVAL);
	assert_int_equal(v, 4711);
}

static void test_sizes(void **state)
{
	static const struct {
		const char *s;
		uint64_t bytes;
	} good[] = {
		{"0", 0},
		{"512", 512},
		{"4k", 4096},
		{"4K", 4096},
		{"4KiB", 4096},
		{"4kB", 4096},
		{"3M", 3 << 20},
		{"2G", 2ULL << 30},
		{"1t", 1ULL << 40},
		{"18446744073709551615", UINT64_MAX},
		{"16777215T", 16777215ULL << 40},
	};
	uint64_t v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(str_size(good[i].s, &v), 0);
		assert_true(v == good[i].bytes);
	}
}

static void test_what_is_no_size_leaves_the_value_alone(void **state)
{
	static const char *const bad[] = {
		"",
		"k",
		"-1",
		"+1",
		" 1",
		"1 G",
		"1.5G",
		"1P",
		"1kk",
		"1Mi2",
		"1ib",
		"1b",
		/* over 64 bits, in the digits and by the suffix */
		"18446744073709551616",
		"16777216T",
		"17179869184G",
		"18446744073709551615k",
	};
	uint64_t v = 4711;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(str_size(bad[i], &v), -EINVAL);
	assert_int_equal(v, 4711);
}

static void test_buffer_grows_and_stays_terminated(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	const char *memory;

	(void)state;
	for (int i = 0; i < 5000; i++)
		strbuf_addf(&b, "%d,", i % 10);
	assert_int_equal(b.len, 10000);
	assert_int_equal(strlen(b.s), 10000);
	strbuf_add(&b, "\0x", 2);
	assert_int_equal(b.len, 10002);
	assert_int_equal(b.s[10001], 'x');
	assert_int_equal(b.s[10002], '\0');
	memory = b.s;
	strbuf_reset(&b);
	strbuf_puts(&b, "short");
	assert_ptr_equal(b.s, memory);
	assert_string_equal(b.s, "short");
}

static void test_detached_buffer_is_never_null(void **state)
{
	struct strbuf b = {0};
	_cleanup_free_ char *empty = strbuf_detach(&b);
	_cleanup_free_ char *some = NULL;

	(void)state;
	assert_string_equal(empty, "");
	strbuf_putc(&b, 'x');
	some = strbuf_detach(&b);
	assert_string_equal(some, "x");
	assert_null(b.s);
	assert_int_equal(b.len, 0);
}

static void test_vector_owns_its_strings_and_ends_with_null(void **state)
{
	_cleanup_strv_ struct strv a = {0}, b = {0};
	_cleanup_free_ char *joined = NULL;
	char word[] = "one";

	(void)state;
	strv_add(&a, word);
	word[0] = 'X';
	strv_addn(&a, "twofold", 3);
	strv_addf(&a, "%d", 3);
	strv_addv(&a, "four", "five", NULL);
	assert_int_equal(a.n, 5);
	assert_null(a.v[5]);
	strv_add(&b, "replaced by the copy");
	strv_copy(&b, &a);
	strv_cat(&b, &a);
	joined = strv_join(&b, ", ");
	assert_string_equal(joined, "one, two, 3, four, five, one, two, 3, four, five");
	assert_true(strv_has(&b, "3"));
	assert_false(strv_has(&b, "thre"));
}

static void test_comparisons(void **state)
{
	(void)state;
	assert_true(str_eq(NULL, NULL));
	assert_false(str_eq(NULL, ""));
	assert_false(str_eq("", NULL));
	assert_true(str_ends("a.ktest", ".ktest"));
	assert_false(str_ends("test", ".ktest"));
	assert_true(str_starts("abc", ""));
	assert_string_equal(path_base("/a/b/"), "");
	assert_string_equal(path_base("b"), "b");
}

static void test_set_may_come_from_itself(void **state)
{
	char *s = xstrdup("prefix-word");

	(void)state;
	str_set(&s, s + 7);
	assert_string_equal(s, "word");
	str_set(&s, NULL);
	assert_null(s);
}

/* What a shell makes of the quoted words is the words. */
static void test_shell_reads_back_what_was_quoted(void **state)
{
	static const char *const words[] = {
		"plain-1.2/x=y",
		"",
		"a b",
		"it's",
		"''",
		"$HOME `id` \\n \"q\"",
		"~",
		"a\nb\tc",
		"*?[x]",
		"-n",
		"!!",
		"#c",
		"\xc3\xa9\xff",
		"a;b|c&d<e>f(g)",
	};
	_cleanup_strbuf_ struct strbuf cmd = {0}, want = {0};
	char got[1024];
	FILE *sh;
	size_t n;

	(void)state;
	strbuf_puts(&cmd, "printf '%s\\0'");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		strbuf_putc(&cmd, ' ');
		strbuf_shell_quote(&cmd, words[i]);
		strbuf_add(&want, words[i], strlen(words[i]) + 1);
	}
	sh = popen(cmd.s, "r");
	assert_non_null(sh);
	n = fread(got, 1, sizeof(got), sh);
	assert_int_equal(pclose(sh), 0);
	assert_int_equal(n, want.len);
	assert_memory_equal(got, want.s, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_what_is_no_integer_leaves_the_value_alone),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_what_is_no_size_leaves_the_value_alone),
		cmocka_unit_test(test_buffer_grows_and_stays_terminated),
		cmocka_unit_test(test_detached_buffer_is_never_null),
		cmocka_unit_test(test_vector_owns_its_strings_and_ends_with_null),
		cmocka_unit_test(test_comparisons),
		cmocka_unit_test(test_set_may_come_from_itself),
		cmocka_unit_test(test_shell_reads_back_what_was_quoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
