// SPDX-License-Identifier: GPL-2.0-only
/* The output directory. */
#include "t/unit/unit.h"

#include "base/file.h"
#include "result/outdir.h"

static struct outdir o;
static char *top;

static char *at(const char *path)
{
	static char buf[512];

	snprintf(buf, sizeof(buf), "%s/out/%s", top, path);
	return buf;
}

static char *in_top(const char *path)
{
	static char buf[2][512];
	static int n;

	n = !n;
	snprintf(buf[n], sizeof(buf[n]), "%s/%s", top, path);
	return buf[n];
}

static void note_left(const char *name)
{
	struct stat st;

	assert_int_equal(lstat(in_top(name), &st), 0);
	assert_int_equal(outdir_note_left(&o, name, st.st_ino), 0);
}

static int begin(void **state)
{
	static int n;

	(void)state;
	top = xasprintf("%s/o%d", unit_dir, n++);
	return outdir_open(top, &o, NULL) || outdir_replace(&o, NULL);
}

static int end(void **state)
{
	(void)state;
	outdir_close(&o);
	free(top);
	return 0;
}

static void start(const char *name, int attempt, const char *text)
{
	int fd = outdir_subtest_start(&o, name, attempt, NULL);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void status(const char *name, const char *text, long seconds)
{
	assert_int_equal(outdir_subtest_status(&o, name, text, seconds, NULL), 0);
}

/* ---- a run */

static void test_files_of_a_subtest(void **state)
{
	(void)state;
	assert_int_equal(outdir_subtest_add(&o, "t.a", NULL), 0);
	assert_string_equal(unit_read(at("t.a/status")), "========= NOT STARTED\n");
	start("t.a", 1, "hello\n");
	assert_string_equal(unit_read(at("t.a/log")), "hello\n");
	status("t.a", "========= PASSED a in 3s", 3);
	assert_string_equal(unit_read(at("t.a/status")), "========= PASSED a in 3s\n");
	assert_string_equal(unit_read(at("t.a/duration")), "3\n");
	status("t.a", "========= FAILED a in 4s", -1);
	assert_string_equal(unit_read(at("t.a/duration")), "3\n");
}

static void test_earlier_attempts_are_kept_beneath(void **state)
{
	(void)state;
	start("t.a", 1, "first");
	status("t.a", "one", 1);
	start("t.a", 2, "second");
	assert_false(unit_exists(at("t.a/status")));
	status("t.a", "two", 2);
	start("t.a", 3, "third");
	assert_string_equal(unit_read(at("t.a/log")), "third");
	assert_string_equal(unit_read(at("t.a/attempt.1/log")), "first");
	assert_string_equal(unit_read(at("t.a/attempt.1/status")), "one\n");
	assert_string_equal(unit_read(at("t.a/attempt.2/log")), "second");
	assert_string_equal(unit_read(at("t.a/attempt.2/duration")), "2\n");
	assert_false(unit_exists(at("t.a/attempt.2/attempt.1")));
}

static void test_log_of_a_file_is_appended_to(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		int fd = outdir_file_log(&o, "t", NULL);

		assert_true(fd >= 0);
		assert_int_equal(write(fd, "x", 1), 1);
		close(fd);
	}
	assert_string_equal(unit_read(at("t")), "xx");
}

static void test_names(void **state)
{
	_cleanup_free_ char *a = outdir_name("xfs", "generic/001"), *b = outdir_name("a.b", "c");

	(void)state;
	assert_string_equal(a, "xfs.generic.001");
	assert_string_equal(b, "a.b.c");
}

static void test_new_run_replaces_the_last_and_nothing_of_the_user(void **state)
{
	static const char *const ours[] = {"gcov.1", "results.json", OUTDIR_JOURNAL, "report.html",
					   "left",   "left.vm2",     "guests/vm1/x"};
	_cleanup_free_ char *mine = xasprintf("%s/notes", top),
			    *guest = xasprintf("%s/guests/vm1", top),
			    *build = xasprintf("%s/kernel_build.x86_64", top);

	(void)state;
	start("t.a", 1, "old");
	unit_write(mine, "mine");
	unit_write(build, "built");
	assert_int_equal(mkdir_p(guest, 0755, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		unit_write(in_top(ours[i]), "");
	unit_write(in_top("replaced"), "a guest's");
	unit_write(in_top("gcov.html"), "mine");
	note_left("left");
	note_left("left.vm2");
	note_left("replaced");
	unit_write(in_top("other"), "the user's");
	assert_int_equal(rename(in_top("other"), in_top("replaced")), 0);
	assert_int_equal(outdir_link(&o, "vm", "/somewhere", NULL), 0);
	close(o.out_fd);
	assert_int_equal(outdir_replace(&o, NULL), 0);
	assert_false(unit_exists(at("t.a")));
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		assert_false(unit_exists(in_top(ours[i])));
	assert_string_equal(unit_read(mine), "mine");
	assert_string_equal(unit_read(build), "built");
	assert_string_equal(unit_read(in_top("replaced")), "the user's");
	assert_string_equal(unit_read(in_top("gcov.html")), "mine");
	start("t.a", 1, "new");
	/* A file that has the name of something left is the user's from now on. */
	unit_write(in_top("left"), "mine");
	close(o.out_fd);
	assert_int_equal(outdir_replace(&o, NULL), 0);
	assert_string_equal(unit_read(in_top("left")), "mine");
}

static void test_resume_keeps_what_is_there(void **state)
{
	(void)state;
	start("t.a", 1, "old");
	close(o.out_fd);
	assert_int_equal(outdir_resume(&o, NULL), 0);
	assert_string_equal(unit_read(at("t.a/log")), "old");
	start("t.a", 2, "new");
	assert_string_equal(unit_read(at("t.a/attempt.1/log")), "old");
}

static void test_second_run_is_told_who_holds_it(void **state)
{
	_cleanup_free_ char *want = xasprintf("%s is in use by process %d; wait for it or name "
					      "another with -o",
					      top, (int)getpid());
	struct err err = {0};
	struct outdir second;

	(void)state;
	start("t.a", 1, "kept");
	assert_int_equal(outdir_open(top, &second, &err), -EBUSY);
	assert_string_equal(err.msg, want);
	outdir_close(&second);
	assert_string_equal(unit_read(at("t.a/log")), "kept");
	/* and the holder still holds it */
	assert_int_equal(outdir_open(top, &second, &err), -EBUSY);
	outdir_close(&second);
	outdir_close(&o);
	assert_int_equal(outdir_open(top, &o, NULL), 0);
}

static void test_links_of_the_run(void **state)
{
	_cleanup_free_ char *link = xasprintf("%s/vm", top);
	char target[32] = "";

	(void)state;
	assert_int_equal(outdir_link(&o, "vm", "one", NULL), 0);
	assert_int_equal(outdir_link(&o, "vm", "two", NULL), 0);
	assert_int_equal(readlink(link, target, sizeof(target) - 1), 3);
	assert_string_equal(target, "two");
	assert_int_equal(outdir_link(&o, "vm", NULL, NULL), 0);
	assert_int_equal(outdir_link(&o, "vm", NULL, NULL), 0);
	assert_false(unit_exists(link));
}

/* All that is done is done to the directory itself, not to what lies at its path by now. */
static void test_another_one_in_its_place(void **state)
{
	_cleanup_free_ char *away = xasprintf("%s.away", top), *results = NULL, *link = NULL;
	struct err err = {0};
	struct outdir second;

	(void)state;
	assert_int_equal(outdir_check(&o, &err), 0);
	assert_int_equal(rename(top, away), 0);
	assert_true(outdir_check(&o, &err) < 0);
	assert_non_null(strstr(err.msg, "was removed or replaced during the run"));
	assert_int_equal(outdir_open(top, &second, &err), 0);
	assert_true(outdir_check(&o, &err) < 0);
	assert_int_equal(outdir_check(&second, &err), 0);
	assert_int_equal(outdir_put(&o, OUTDIR_RESULTS, "first", &err), 0);
	assert_int_equal(outdir_link(&o, "vm", "/first", &err), 0);
	start("t.a", 1, "first");
	assert_false(unit_exists(in_top(OUTDIR_RESULTS)));
	assert_false(unit_exists(in_top("vm")));
	assert_false(unit_exists(at("t.a")));
	results = xasprintf("%s/" OUTDIR_RESULTS, away);
	assert_string_equal(unit_read(results), "first");
	link = xasprintf("%s/vm", away);
	assert_int_equal(unlink(link), 0);
	outdir_close(&second);
}

static void test_journal_is_a_file_of_ours(void **state)
{
	struct err err = {0};
	int fd = outdir_journal(&o, false, &err);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	fd = outdir_journal(&o, true, &err);
	assert_true(fd >= 0);
	close(fd);
	assert_string_equal(unit_read(in_top(OUTDIR_JOURNAL)), "x");
	assert_int_equal(unlink(in_top(OUTDIR_JOURNAL)), 0);
	assert_int_equal(outdir_journal(&o, true, &err), -ENOENT);
	assert_int_equal(symlink("elsewhere", in_top(OUTDIR_JOURNAL)), 0);
	assert_int_equal(outdir_journal(&o, true, &err), -ELOOP);
	assert_int_equal(outdir_journal(&o, false, &err), -EEXIST);
	assert_false(unit_exists(in_top("elsewhere")));
}

/* ---- what other programs do there */

static char *outside(void)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/outside", top);
	unit_write(path, "untouched");
	return path;
}

static void test_links_at_the_names_of_files_are_replaced(void **state)
{
	static const char *const names[] = {"t.a/log", "t.a/status", "t.a/duration", "t.a/.tmp"};
	const char *victim = outside();

	(void)state;
	assert_int_equal(outdir_subtest_add(&o, "t.a", NULL), 0);
	unlink(at("t.a/status"));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(symlink(victim, at(names[i])), 0);
	start("t.a", 1, "log");
	status("t.a", "status", 1);
	assert_string_equal(unit_read(victim), "untouched");
	assert_string_equal(unit_read(at("t.a/log")), "log");
	assert_string_equal(unit_read(at("t.a/status")), "status\n");
	assert_string_equal(unit_read(at("t.a/duration")), "1\n");
}

static void test_log_of_a_file_is_not_followed_out(void **state)
{
	const char *victim = outside();
	struct err err = {0};

	(void)state;
	assert_int_equal(symlink(victim, at("t")), 0);
	assert_int_equal(outdir_file_log(&o, "t", &err), -ELOOP);
	assert_non_null(strstr(err.msg, "/out/t: "));
	assert_int_equal(outdir_file_log(&o, "../outside", &err), -EXDEV);
	assert_string_equal(unit_read(victim), "untouched");
}

static void test_a_directory_of_other_things_is_refused(void **state)
{
	_cleanup_free_ char *tree = xasprintf("%s/linux", top);
	_cleanup_free_ char *kernel = xasprintf("%s/kernel", tree);
	_cleanup_free_ char *build = xasprintf("%s/kernel_build.x86_64", tree);
	struct err err = {0};
	struct outdir other;

	(void)state;
	assert_int_equal(mkdir_p(kernel, 0755, NULL), 0);
	assert_int_equal(outdir_open(tree, &other, &err), -EEXIST);
	assert_non_null(strstr(err.msg, "(kernel): give -o a directory that is new or empty"));
	outdir_close(&other);
	assert_true(path_is_dir(kernel));
	/* A build comes before the first run, and a link of that name is ours. */
	assert_int_equal(rmdir(kernel), 0);
	assert_int_equal(symlink("kernel.x86_64", kernel), 0);
	assert_int_equal(mkdir_p(build, 0755, NULL), 0);
	assert_int_equal(outdir_open(tree, &other, &err), 0);
	outdir_close(&other);
}

static void test_output_directory_itself_as_a_link_is_refused(void **state)
{
	_cleanup_free_ char *out = xasprintf("%s/out", top), *victim = xasprintf("%s/v", top);
	struct err err = {0};

	(void)state;
	mkdir(victim, 0755);
	close(o.out_fd);
	o.out_fd = -1;
	assert_int_equal(rm_rf(out, NULL), 0);
	assert_int_equal(symlink(victim, out), 0);
	assert_true(outdir_resume(&o, &err) < 0);
	/* a new run removes the link */
	assert_int_equal(outdir_replace(&o, &err), 0);
	start("t.a", 1, "x");
	assert_int_equal(rmdir(victim), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_files_of_a_subtest),
		TEST(test_earlier_attempts_are_kept_beneath),
		TEST(test_log_of_a_file_is_appended_to),
		TEST(test_names),
		TEST(test_new_run_replaces_the_last_and_nothing_of_the_user),
		TEST(test_resume_keeps_what_is_there),
		TEST(test_second_run_is_told_who_holds_it),
		TEST(test_links_of_the_run),
		TEST(test_another_one_in_its_place),
		TEST(test_journal_is_a_file_of_ours),
		TEST(test_links_at_the_names_of_files_are_replaced),
		TEST(test_log_of_a_file_is_not_followed_out),
		TEST(test_a_directory_of_other_things_is_refused),
		TEST(test_output_directory_itself_as_a_link_is_refused),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
