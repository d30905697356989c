// SPDX-License-Identifier: GPL-2.0-only
/*
 * From test files and settings to what is run: the files are real and asked by lib/run-host.sh.
 * KTEST_SRC is the tree, else the current directory.
 */
#include "t/unit/unit.h"

#include "base/file.h"
#include "base/json.h"
#include "base/loop.h"
#include "run/plan.h"

static struct settings settings;
static struct plan plan;
static struct err err;

static int group_setup(void **state)
{
	const char *src = getenv("KTEST_SRC");

	settings.tree = path_real(src ? src : ".", NULL);
	return !settings.tree || unit_enter(state);
}

static int group_teardown(void **state)
{
	free(settings.tree);
	return unit_leave(state);
}

static int begin(void **state)
{
	char *tree = settings.tree;

	(void)state;
	settings = (struct settings){.tree = tree};
	err = (struct err){0};
	return 0;
}

static int end(void **state)
{
	(void)state;
	plan_done(&plan);
	return 0;
}

/* DIR/NAME.ktest, which declares deps and has the subtests of list. */
static void test_file(const char *path, const char *deps, const char *list)
{
	_cleanup_free_ char *dir = xstrdup(path), *text = NULL;
	char *slash = strrchr(dir, '/');

	if (slash) {
		*slash = '\0';
		assert_int_equal(mkdir_p(dir, 0755, NULL), 0);
	}
	text = xasprintf("#!/bin/bash\nif [[ $1 == deps ]]; then\n:\n%s\nelse\necho %s\nfi\n", deps,
			 list);
	unit_write(path, text);
	assert_int_equal(chmod(path, 0755), 0);
}

static int make(const char *path, const char *subtest)
{
	_cleanup_free_ char *copy = xstrdup(path);
	struct test_request t = {.path = copy};
	int r;

	if (subtest)
		strv_add(&t.subtests, subtest);
	r = plan_make(&t, 1, &settings, &plan, &err);
	strv_done(&t.subtests);
	return r;
}

static int make_two(const char *a, const char *b)
{
	_cleanup_free_ char *ca = xstrdup(a), *cb = xstrdup(b);
	const struct test_request t[] = {{.path = ca}, {.path = cb}};

	return plan_make(t, 2, &settings, &plan, &err);
}

static void test_all_subtests_in_order_with_defaults(void **state)
{
	(void)state;
	test_file("d/a.ktest", "", "one g/two three");
	assert_int_equal(make("d/a.ktest", NULL), 0);
	assert_int_equal(plan.n, 1);
	assert_string_equal(plan.files[0].base, "a");
	assert_int_equal(plan.files[0].n, 3);
	assert_string_equal(plan.files[0].subtests[1].name, "g/two");
	assert_string_equal(plan.files[0].subtests[1].dir, "a.g.two");
	assert_string_equal(plan.files[0].subtests[2].name, "three");
	assert_string_equal(plan.files[0].bus->name, DEFAULT_BUS);
	assert_int_equal(plan.files[0].mem_mib, DEFAULT_MEM_MIB);
	assert_true(plan.files[0].cpus >= 1 && plan.files[0].cpus <= DEFAULT_CPUS_MAX);
	assert_ptr_equal(plan.files[0].arch, arch_host());
	assert_int_equal(plan_pending(&plan.files[0]), 3);
	plan.files[0].subtests[0].done = true;
	assert_int_equal(plan_pending(&plan.files[0]), 2);
}

static void test_named_subtest_alone(void **state)
{
	(void)state;
	test_file("a.ktest", "", "one two");
	assert_int_equal(make("a.ktest", "two"), 0);
	assert_int_equal(plan.files[0].n, 1);
	assert_non_null(plan_find(&plan.files[0], "two"));
	assert_null(plan_find(&plan.files[0], "one"));
}

static void test_subtest_that_the_file_lacks(void **state)
{
	(void)state;
	test_file("a.ktest", "", "one two");
	assert_true(make("a.ktest", "tow") < 0);
	assert_true(err.usage);
	assert_string_equal(err.msg, "a.ktest has no subtest 'tow'; it has: one two");
}

static void test_file_that_is_missing(void **state)
{
	(void)state;
	assert_true(make("none.ktest", NULL) < 0);
	assert_true(err.usage);
	assert_non_null(strstr(err.msg, "none.ktest"));
}

static void test_overrides_win_over_declarations(void **state)
{
	char bus[] = "nvme";

	(void)state;
	test_file("a.ktest", "echo ktest_cpus=3; echo ktest_mem=512; echo ktest_storage_bus=ahci",
		  "x");
	assert_int_equal(make("a.ktest", NULL), 0);
	assert_int_equal(plan.files[0].cpus, 3);
	assert_string_equal(plan.files[0].bus->name, "ahci");
	assert_int_equal(plan.files[0].mem_mib, plan.files[0].needs.mem_mib);
	plan_done(&plan);
	settings.cpus = 2;
	settings.mem_mib = 777;
	settings.bus = bus;
	assert_int_equal(make("a.ktest", NULL), 0);
	assert_int_equal(plan.files[0].cpus, 2);
	assert_int_equal(plan.files[0].mem_mib, 777);
	assert_string_equal(plan.files[0].bus->name, "nvme");
}

static void test_bus_that_is_unknown(void **state)
{
	char bus[] = "floppy";

	(void)state;
	test_file("a.ktest", "", "x");
	settings.bus = bus;
	assert_true(make("a.ktest", NULL) < 0);
	assert_true(err.usage);
	assert_non_null(strstr(err.msg, "no storage bus 'floppy'"));
}

/* What a test declares is scaled to a slow machine, what the user says is not. */
static void test_deadlines(void **state)
{
	(void)state;
	test_file("a.ktest", "", "x");
	assert_int_equal(make("a.ktest", NULL), 0);
	plan_scale(&plan, &settings, 2.5);
	assert_int_equal(plan.files[0].timeout_ns, DEFAULT_TIMEOUT_S * 5 / 2 * NSEC_PER_SEC);
	plan.files[0].needs.timeout_s = 10;
	plan_scale(&plan, &settings, 20);
	assert_int_equal(plan.files[0].timeout_ns, 200 * NSEC_PER_SEC);
	settings.timeout_s = 7;
	plan_scale(&plan, &settings, 20);
	assert_int_equal(plan.files[0].timeout_ns, 7 * NSEC_PER_SEC);
}

static void test_files_of_one_name_are_told_apart(void **state)
{
	(void)state;
	test_file("one/p/a.ktest", "", "x");
	test_file("one/q/a.ktest", "", "x");
	unit_write("one/test-libs.sh", "");
	assert_int_equal(make_two("one/p/a.ktest", "one/q/a.ktest"), 0);
	assert_string_equal(plan.files[0].base, "p.a");
	assert_string_equal(plan.files[1].base, "q.a");
	assert_string_equal(plan.files[1].subtests[0].dir, "q.a.x");
	plan_done(&plan);
	/* trees of their own: nothing tells them apart */
	test_file("two/a.ktest", "", "x");
	test_file("three/a.ktest", "", "x");
	assert_true(make_two("two/a.ktest", "three/a.ktest") < 0);
	assert_true(err.usage);
	assert_non_null(strstr(err.msg, "have the same name; run them apart"));
}

/* In one directory one's PASS would stand beside the other's log. */
static void test_each_has_a_name_of_its_own(void **state)
{
	(void)state;
	test_file("c.ktest", "", "x/y z");
	test_file("c.x.ktest", "", "y z");
	assert_true(make_two("c.ktest", "c.x.ktest") < 0);
	assert_true(err.usage);
	assert_non_null(strstr(err.msg, "/c.ktest x/y and "));
	assert_non_null(strstr(err.msg, "c.x.ktest y would both write out/c.x.y; run them apart"));
	plan_done(&plan);

	/* A subtest's directory, and another file's log. */
	test_file("a.ktest", "", "b c");
	test_file("a.b.ktest", "", "d");
	assert_true(make_two("a.b.ktest", "a.ktest") < 0);
	assert_non_null(strstr(err.msg, "a.b.ktest and "));
	assert_non_null(strstr(err.msg, "a.ktest b would both write out/a.b; run them apart"));
	plan_done(&plan);

	test_file("s.ktest", "", "x.y");
	assert_int_equal(make("s.ktest", NULL), 0);
	assert_false(plan_name_free(&plan, "s.x.y"));
	assert_false(plan_name_free(&plan, "s"));
	assert_false(plan_name_free(&plan, "s.(init)"));
	assert_true(plan_name_free(&plan, "s.x"));
}

static void test_file_named_twice(void **state)
{
	(void)state;
	test_file("a.ktest", "", "x");
	assert_true(make_two("a.ktest", "./a.ktest") < 0);
	assert_true(err.usage);
	assert_non_null(strstr(err.msg, "is named twice"));
}

/* Every setting is in the journal, bytes that are no UTF-8 included. */
static void test_settings_are_recorded(void **state)
{
	struct settings s = {.mem_mib = 64, .log_limit = 1ULL << 40, .failfast = true};
	_cleanup_json_ json_t *j = NULL;

	(void)state;
	str_set(&s.kernel, "a\xff");
	strv_addv(&s.append, "x=1", "y", NULL);
	j = settings_json(&s);
	assert_string_equal(json_get_str(j, "kernel"), "a\xef\xbf\xbd");
	assert_true(json_is_null(json_object_get(j, "root")));
	assert_int_equal(json_get_int(j, "mem_mib", 0), 64);
	assert_true(json_get_int(j, "log_limit", 0) == 1LL << 40);
	assert_true(json_get_bool(j, "failfast", false));
	assert_int_equal(json_array_size(json_object_get(j, "append")), 2);
	settings_done(&s);
	assert_null(s.kernel);
	assert_int_equal(s.append.n, 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all_subtests_in_order_with_defaults),
		TEST(test_named_subtest_alone),
		TEST(test_subtest_that_the_file_lacks),
		TEST(test_file_that_is_missing),
		TEST(test_overrides_win_over_declarations),
		TEST(test_bus_that_is_unknown),
		TEST(test_deadlines),
		TEST(test_files_of_one_name_are_told_apart),
		TEST(test_each_has_a_name_of_its_own),
		TEST(test_file_named_twice),
		TEST(test_settings_are_recorded),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
