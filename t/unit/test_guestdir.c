// SPDX-License-Identifier: GPL-2.0-only
/* The files that a guest leaves in its tree, whatever they are, and where they come to lie. */
#include "t/unit/unit.h"

#include <limits.h>

#include "base/file.h"
#include "base/log.h"
#include "result/guestdir.h"

static struct outdir o;
static struct guestdir g;
static char *top;
static char said[4096];

static void hear(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	(void)level;
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s\n", text);
}

static char *in(const char *path)
{
	static char buf[4][512];
	static int n;

	n = (n + 1) % 4;
	snprintf(buf[n], sizeof(buf[n]), "%s/%s", top, path);
	return buf[n];
}

static int begin(void **state)
{
	static int n;

	(void)state;
	top = xasprintf("%s/o%d", unit_dir, n++);
	said[0] = '\0';
	log_set_sink(hear, NULL);
	return outdir_open(top, &o, NULL) || outdir_replace(&o, NULL) ||
	       guestdir_make(&o, "vm1", &g, NULL);
}

static int end(void **state)
{
	(void)state;
	guestdir_end(&g);
	outdir_close(&o);
	free(top);
	return 0;
}

static void put(const char *path, const char *text)
{
	_cleanup_free_ char *dir = xstrdup(in(path));

	*strrchr(dir, '/') = '\0';
	assert_int_equal(mkdir_p(dir, 0755, NULL), 0);
	unit_write(in(path), text);
}

static void is(const char *path, const char *text)
{
	if (!unit_exists(in(path)))
		fail_msg("%s is not there", path);
	assert_string_equal(unit_read(in(path)), text);
}

static void is_none(const char *path)
{
	struct stat st;

	if (lstat(in(path), &st) == 0)
		fail_msg("%s is there", path);
}

static void begin_subtest(const char *name)
{
	int log = outdir_subtest_start(&o, name, 1, NULL);

	assert_true(log >= 0);
	assert_int_equal(write(log, "ours", 4), 4);
	close(log);
	assert_int_equal(guestdir_add_subtest(&g, name, NULL), 0);
}

static void end_subtest(const char *name)
{
	assert_int_equal(guestdir_take_subtest(&g, name, NULL), 0);
	assert_int_equal(outdir_subtest_status(&o, name, "PASSED", 1, NULL), 0);
}

/* ---- a subtest's */

static void test_nothing_of_ours_lies_in_it(void **state)
{
	(void)state;
	assert_true(path_is_dir(in("guests/vm1/out")));
	assert_int_equal(rmdir(in("guests/vm1/out")), 0);
	assert_int_equal(rmdir(in("guests/vm1")), 0);
	assert_int_equal(mkdir(in("guests/vm1"), 0755), 0);
}

static void test_left_by_a_subtest(void **state)
{
	(void)state;
	begin_subtest("t.a");
	assert_true(path_is_dir(in("guests/vm1/out/t.a")));
	put("guests/vm1/out/t.a/core.x.1", "core");
	put("guests/vm1/out/t.a/dir/file", "inner");
	end_subtest("t.a");
	is("out/t.a/core.x.1", "core");
	is("out/t.a/dir/file", "inner");
	is("out/t.a/log", "ours");
	is_none("guests/vm1/out/t.a/dir");
	/* The subtest may be tried again there. */
	assert_true(path_is_dir(in("guests/vm1/out/t.a")));
}

static void test_names_of_ours(void **state)
{
	static const char *const names[] = {"log",     "status",    "duration", "vmcore",
					    ".vmcore", "attempt.1", ".tmp",	"finding.1"};

	(void)state;
	begin_subtest("t.a");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = xasprintf("guests/vm1/out/t.a/%s", names[i]);

		put(path, names[i]);
	}
	put("guests/vm1/out/t.a/log.test", "the second");
	put("guests/vm1/out/t.a/logs", "a name of its own");
	end_subtest("t.a");
	is("out/t.a/log", "ours");
	is("out/t.a/status", "PASSED\n");
	is("out/t.a/duration", "1\n");
	for (size_t i = 1; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = xasprintf("out/t.a/%s.test", names[i]);

		is(path, names[i]);
	}
	is_none("out/t.a/vmcore");
	is_none("out/t.a/attempt.1");
	is("out/t.a/logs", "a name of its own");
	/* Whichever came first has it. */
	assert_true(unit_exists(in("out/t.a/log.test")));
	assert_true(unit_exists(in("out/t.a/log.test.2")) ||
		    unit_exists(in("out/t.a/log.test.test")));
}

static void test_a_name_as_long_as_can_be(void **state)
{
	char name[NAME_MAX + 1] = "attempt.", cut[NAME_MAX + 1];
	_cleanup_free_ char *from = NULL, *to = NULL;

	(void)state;
	memset(name + strlen(name), 'x', sizeof(name) - strlen(name) - 1);
	name[NAME_MAX] = '\0';
	snprintf(cut, sizeof(cut), "%.*s.test", NAME_MAX - 5, name);
	from = xasprintf("guests/vm1/out/t.a/%s", name);
	to = xasprintf("out/t.a/%s", cut);
	begin_subtest("t.a");
	put(from, "long");
	end_subtest("t.a");
	is(to, "long");
}

/* A thousand that come to have one name: the others are not kept from theirs. */
static void test_one_that_cannot_be_moved(void **state)
{
	char name[NAME_MAX + 1];
	struct err err = {0};

	(void)state;
	begin_subtest("t.a");
	memset(name, 'x', NAME_MAX);
	memcpy(name, "attempt.", 8);
	name[NAME_MAX] = '\0';
	for (int i = 0; i < 1010; i++) {
		_cleanup_free_ char *path = NULL;

		snprintf(name + NAME_MAX - 4, 5, "%04d", i);
		path = xasprintf("guests/vm1/out/t.a/%s", name);
		put(path, "long");
	}
	put("guests/vm1/out/t.a/zz", "short");
	assert_int_equal(guestdir_take_subtest(&g, "t.a", &err), -EEXIST);
	is("out/t.a/zz", "short");
}

static void test_each_attempt_has_its_own(void **state)
{
	(void)state;
	begin_subtest("t.a");
	put("guests/vm1/out/t.a/x", "first");
	end_subtest("t.a");
	close(outdir_subtest_start(&o, "t.a", 2, NULL));
	assert_int_equal(guestdir_add_subtest(&g, "t.a", NULL), 0);
	put("guests/vm1/out/t.a/x", "second");
	end_subtest("t.a");
	is("out/t.a/x", "second");
	is("out/t.a/attempt.1/x", "first");
}

/* ---- what a guest can put in the way */

static void test_no_link_is_followed(void **state)
{
	(void)state;
	put("victims/file", "untouched");
	begin_subtest("t.a");
	assert_int_equal(symlink(in("victims"), in("guests/vm1/out/t.a/link")), 0);
	assert_int_equal(symlink(in("victims/file"), in("guests/vm1/out/t.a/log")), 0);
	end_subtest("t.a");
	/* Moved as what they are. */
	assert_int_equal(unlink(in("out/t.a/link")), 0);
	assert_int_equal(unlink(in("out/t.a/log.test")), 0);
	is("out/t.a/log", "ours");

	/* In the place of the directories themselves. */
	assert_int_equal(rmdir(in("guests/vm1/out/t.a")), 0);
	assert_int_equal(symlink(in("victims"), in("guests/vm1/out/t.a")), 0);
	end_subtest("t.a");
	assert_int_equal(guestdir_add_subtest(&g, "t.a", NULL), 0);
	assert_true(path_is_dir(in("guests/vm1/out/t.a")));
	assert_int_equal(rm_rf(in("guests/vm1/out"), NULL), 0);
	assert_int_equal(symlink(in("victims"), in("guests/vm1/out")), 0);
	end_subtest("t.a");
	assert_int_equal(guestdir_add_subtest(&g, "t.a", NULL), 0);
	assert_int_equal(rm_rf(in("guests/vm1/out"), NULL), 0);
	assert_int_equal(symlink(in("victims"), in("guests/vm1/out")), 0);
	guestdir_end(&g);
	is("victims/file", "untouched");
	is_none("victims/t.a");
	assert_int_equal(unlink(in("out.vm1")), 0);
}

static void test_its_directory_is_gone(void **state)
{
	(void)state;
	begin_subtest("t.a");
	assert_int_equal(rm_rf(in("guests/vm1/out"), NULL), 0);
	end_subtest("t.a");
	assert_int_equal(guestdir_add_subtest(&g, "t.a", NULL), 0);
	assert_int_equal(rm_rf(in("guests/vm1"), NULL), 0);
	end_subtest("t.a");
	assert_true(guestdir_add_subtest(&g, "t.a", NULL) < 0);
	guestdir_end(&g);
	is_none("guests");
	is("out/t.a/log", "ours");
}

/* ---- the rest */

static void test_left_by_a_guest(void **state)
{
	struct guestdir second;

	(void)state;
	assert_int_equal(guestdir_make(&o, "vm2", &second, NULL), 0);
	begin_subtest("t.a");
	put("guests/vm1/data", "first");
	put("guests/vm1/dir/file", "inner");
	put("guests/vm2/data", "second");
	guestdir_end(&g);
	assert_string_equal(said, "");
	is("data", "first");
	is("dir/file", "inner");
	is_none("guests/vm1");
	is("guests/vm2/data", "second");
	guestdir_end(&second);
	is("data.vm2", "second");
	is_none("guests");
	assert_non_null(strstr(said, "/data.vm2 is what vm2 left as data\n"));
	/* and a new run has none of it */
	close(o.out_fd);
	assert_int_equal(outdir_replace(&o, NULL), 0);
	is_none("data");
	is_none("dir");
	is_none("data.vm2");
}

static void test_names_of_the_run(void **state)
{
	static const char *const names[] = {
		"journal.jsonl", "results.json", "report.html", ".lock",
		".left",	 "vm",		 "kernel",	"kernel_build.riscv",
		"kernel.x86",	 "gcov.7",	 "guests",	".tmp",
		".git",		 "HEAD"};

	(void)state;
	unit_write(in("journal.jsonl"), "ours");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = xasprintf("guests/vm1/%s/file", names[i]);

		put(path, "planted");
	}
	/* Into the directory of a subtest that has ended, and none of it that ran there. */
	assert_int_equal(outdir_subtest_add(&o, "t.other", NULL), 0);
	put("guests/vm1/out/t.other/status", "forged");
	put("guests/vm1/out/t.other/new", "planted");
	guestdir_end(&g);
	is("journal.jsonl", "ours");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = xasprintf("%s.vm1/file", names[i]);

		is(path, "planted");
		if (strcmp(names[i], ".lock") != 0 && strcmp(names[i], ".left") != 0 && i)
			is_none(names[i]);
	}
	is("out/t.other/status", "========= NOT STARTED\n");
	is_none("out/t.other/new");
	is("out.vm1/t.other/new", "planted");
	close(o.out_fd);
	assert_int_equal(outdir_replace(&o, NULL), 0);
	is_none("kernel_build.riscv.vm1");
	is_none("out.vm1");
}

static void test_coverage_is_taken(void **state)
{
	(void)state;
	assert_int_equal(mkdir(in("gcov.0"), 0755), 0);
	assert_int_equal(guestdir_add(&g, "gcov.0", NULL), 0);
	put("guests/vm1/gcov.0/a/b.gcda", "counts");
	assert_int_equal(guestdir_take(&g, "gcov.0", NULL), 0);
	is("gcov.0/a/b.gcda", "counts");
	/* not over another guest's, nor a file in the place of a directory */
	assert_int_equal(guestdir_add(&g, "gcov.0", NULL), 0);
	assert_true(guestdir_take(&g, "gcov.0", NULL) < 0);
	assert_int_equal(mkdir(in("gcov.1"), 0755), 0);
	put("guests/vm1/gcov.1", "a file");
	assert_true(guestdir_take(&g, "gcov.1", NULL) < 0);
}

/* Owners and modes that QEMU keeps in files beside those that they are of. */
static void test_attributes_move_along(void **state)
{
	(void)state;
	o.xattr = false;
	begin_subtest("t.a");
	put("guests/vm1/.virtfs_metadata_root", "top");
	put("guests/vm1/.virtfs_metadata/data", "of data");
	put("guests/vm1/.virtfs_metadata/out", "of out");
	put("guests/vm1/data", "data");
	put("guests/vm1/out/.virtfs_metadata/t.a", "of t.a");
	put("guests/vm1/out/t.a/.virtfs_metadata/log", "of log");
	put("guests/vm1/out/t.a/log", "its log");
	put("guests/vm1/out/t.a/d/.virtfs_metadata/x", "of x");
	end_subtest("t.a");
	is("out/t.a/log.test", "its log");
	is("out/t.a/.virtfs_metadata/log.test", "of log");
	is("out/t.a/d/.virtfs_metadata/x", "of x");
	guestdir_end(&g);
	is("data", "data");
	is(".virtfs_metadata/data", "of data");
	is_none("out.vm1");
	is_none("guests");
	assert_string_equal(said, "");
}

/* With attributes of the files' own the name is one like others. */
static void test_attributes_that_are_files(void **state)
{
	(void)state;
	o.xattr = true;
	begin_subtest("t.a");
	put("guests/vm1/out/t.a/.virtfs_metadata/x", "a file");
	end_subtest("t.a");
	is("out/t.a/.virtfs_metadata/x", "a file");
}

/* ---- ends that are none */

static void test_left_by_a_run_that_was_killed(void **state)
{
	(void)state;
	assert_int_equal(outdir_subtest_add(&o, "t.next", NULL), 0);
	begin_subtest("t.ended");
	end_subtest("t.ended");
	assert_int_equal(outdir_subtest_add(&o, "t.a", NULL), 0);
	begin_subtest("t.a");
	put("guests/vm1/out/t.a/x", "half");
	put("guests/vm1/out/t.unknown/x", "what");
	put("guests/vm1/data", "data");
	put("guests/vm1/out/t.ended/x", "late");
	put("guests/vm1/out/t.next/x", "early");
	assert_int_equal(outdir_subtest_add(&o, "t.again", NULL), 0);
	begin_subtest("t.again");
	end_subtest("t.again");
	close(outdir_subtest_start(&o, "t.again", 2, NULL));
	put("guests/vm1/out/t.again/x", "half");
	close(g.fd);
	free(g.name);
	free(g.path);
	g = (struct guestdir){.fd = -1};
	guestdir_end_all(&o);
	is("out/t.a/x", "half");
	is("data", "data");
	is("out.vm1/t.unknown/x", "what");
	/* nor of those that did not run there */
	is("out.vm1/t.ended/x", "late");
	is("out.vm1/t.next/x", "early");
	is("out/t.again/x", "half");
	is_none("guests");
}

static void test_the_output_directory_is_gone(void **state)
{
	struct guestdir second;
	struct err err = {0};

	(void)state;
	assert_int_equal(rm_rf(top, NULL), 0);
	assert_true(guestdir_make(&o, "vm2", &second, &err) < 0);
	assert_non_null(strstr(err.msg, "was removed or replaced during the run"));
	guestdir_end(&second);
	/* another run's there */
	assert_int_equal(mkdir_p(in("guests/vm1/x"), 0755, NULL), 0);
	guestdir_end(&g);
	assert_true(path_is_dir(in("guests/vm1/x")));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_of_ours_lies_in_it),
		TEST(test_left_by_a_subtest),
		TEST(test_names_of_ours),
		TEST(test_a_name_as_long_as_can_be),
		TEST(test_one_that_cannot_be_moved),
		TEST(test_each_attempt_has_its_own),
		TEST(test_no_link_is_followed),
		TEST(test_its_directory_is_gone),
		TEST(test_left_by_a_guest),
		TEST(test_names_of_the_run),
		TEST(test_coverage_is_taken),
		TEST(test_attributes_move_along),
		TEST(test_attributes_that_are_files),
		TEST(test_left_by_a_run_that_was_killed),
		TEST(test_the_output_directory_is_gone),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
