// SPDX-License-Identifier: GPL-2.0-only
/* Variants by option: their names, what a file is called with them, what they add from outside. */
#include "t/unit/unit.h"

#include "base/file.h"
#include "run/needs_variants.h"

static void make_library(void)
{
	static const char *const names[] = {"fast", "kasan", "slow"};

	assert_int_equal(mkdir_p("tree/lib/variants", 0755, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = xasprintf("tree/lib/variants/%s.sh", names[i]);

		unit_write(path, "");
	}
	unit_write("tree/lib/variants/only.ktest", "");
}

static int check(const char *name, struct err *err)
{
	_cleanup_strv_ struct strv names = {0};

	strv_add(&names, name);
	return variants_check("tree", &names, err);
}

static void test_names(void **state)
{
	static const char *const bad[] = {"",		"kas",	"asan",
					  "fast kasan", "only", "../variants/kasan"};
	static const struct strv none;
	struct err err;

	(void)state;
	make_library();
	assert_int_equal(check("kasan", &err), 0);
	assert_int_equal(check("slow", &err), 0);
	assert_int_equal(variants_check("nowhere", &none, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err = (struct err){0};
		assert_true(check(bad[i], &err) < 0);
		assert_true(err.usage);
		assert_true(str_ends(err.msg, "there are fast kasan slow"));
	}
}

static void is_called(const char *words, const char *base, const char *want)
{
	_cleanup_strv_ struct strv names = {0};
	_cleanup_free_ char *copy = xstrdup(words), *name = NULL;
	char *save = NULL;

	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		strv_add(&names, w);
	name = variants_base(&names, base);
	assert_string_equal(name, want);
}

static void test_bases(void **state)
{
	(void)state;
	is_called("", "x", "x");
	is_called("kasan", "x", "kasan-x");
	is_called("kasan slow", "x", "kasan-slow-x");
	is_called("kasan", "kasan-x", "kasan-x");
	is_called("kasan", "kasanx", "kasan-kasanx");
}

/* The runner of this library says what a variant declares. */
static void add_from(const char *deps, struct needs *n)
{
	_cleanup_free_ char *real = NULL, *runner = xasprintf("echo '%s'\n", deps);
	_cleanup_strv_ struct strv names = {0};
	struct needs_limits limits = {.variants = &names};
	struct err err = {0};

	make_library();
	unit_write("tree/lib/run-host.sh", runner);
	real = path_real("tree", NULL);
	strv_add(&names, "slow");
	if (variants_apply(real, 0, &limits, n, &err) < 0)
		fail_msg("%s", err.msg);
}

static void test_what_is_added(void **state)
{
	struct needs n = {.timeout_s = 10, .mem_mib = 512};

	(void)state;
	strv_add(&n.config_require, "EXT4_FS");
	add_from("ktest_library=1\nktest_timeout_multiplier=3\nktest_mem_multiplier=2\n"
		 "ktest_compiler=clang\nktest_kernel_config_require=(KCSAN)\nktest_variants=(slow)",
		 &n);
	assert_int_equal(n.timeout_s, 30);
	assert_int_equal(n.timeout_multiplier, 3);
	assert_int_equal(n.watchdog_multiplier, 3);
	assert_int_equal(n.mem_mib, 1024);
	assert_string_equal(n.compiler, "clang");
	assert_int_equal(n.config_require.n, 2);
	assert_string_equal(n.config_require.v[1], "KCSAN");
	assert_true(strv_has(&n.variants, "slow"));
	needs_done(&n);
}

/* Times and memory that a file leaves to the defaults, and a compiler that it chose. */
static void test_what_is_left(void **state)
{
	struct needs n = {.timeout_multiplier = 2, .compiler = xstrdup("gcc-12")};

	(void)state;
	add_from("ktest_timeout_multiplier=5\nktest_mem_multiplier=2\nktest_compiler=clang", &n);
	assert_int_equal(n.timeout_s, 0);
	assert_int_equal(n.timeout_multiplier, 10);
	assert_int_equal(n.watchdog_multiplier, 5);
	assert_int_equal(n.mem_mib, 8192);
	assert_string_equal(n.compiler, "gcc-12");
	needs_done(&n);
	n = (struct needs){0};
	add_from("ktest_timeout_multiplier=1\nktest_mem_multiplier=1", &n);
	assert_int_equal(n.mem_mib, 0);
	needs_done(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_bases),
		cmocka_unit_test(test_what_is_added),
		cmocka_unit_test(test_what_is_left),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
