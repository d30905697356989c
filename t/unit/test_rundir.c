// SPDX-License-Identifier: GPL-2.0-only
/* The directory of a run's temporaries: nobody else's, and gone when nobody owns it. */
#include "t/unit/unit.h"

#include "base/file.h"
#include "run/rundir.h"

static char *parent_of(const char *base)
{
	return xasprintf("%s/ktest-%u", base, (unsigned int)geteuid());
}

static int entries(const char *dir)
{
	_cleanup_free_ char *cmd = xasprintf("ls -A %s | wc -l", dir);
	FILE *ls = popen(cmd, "r");
	int n = -1;

	assert_int_equal(fscanf(ls, "%d", &n), 1);
	pclose(ls);
	return n;
}

static void test_made_private_and_removed_with_its_content(void **state)
{
	_cleanup_free_ char *base = xasprintf("%s/plain", unit_dir), *parent = parent_of(base),
			    *file = NULL;
	struct rundir d;
	struct stat st;

	(void)state;
	mkdir(base, 0755);
	assert_int_equal(rundir_make(base, NULL, &d, NULL), 0);
	assert_true(str_starts(d.path, parent));
	assert_int_equal(stat(d.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(parent, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	file = xasprintf("%s/a/b", d.path);
	assert_int_equal(mkdir_p(file, 0755, NULL), 0);
	assert_int_equal(rundir_remove(&d, NULL), 0);
	assert_null(d.path);
	assert_int_equal(entries(parent), 0);
	assert_int_equal(rundir_remove(&d, NULL), 0); /* nothing twice */
}

/* A killed run's is removed, a living one's is not, wherever the killed one stopped. */
static void test_sweeping(void **state)
{
	_cleanup_free_ char *base = xasprintf("%s/sweep", unit_dir), *parent = parent_of(base),
			    *dead = xasprintf("%s/run.1.dead", parent),
			    *half = xasprintf("%s/run.2.half", parent),
			    *other = xasprintf("%s/other", parent), *f = NULL;
	struct rundir living, d;

	(void)state;
	mkdir(base, 0755);
	assert_int_equal(rundir_make(base, NULL, &living, NULL), 0);
	/* with its lock file, which nobody holds */
	assert_int_equal(mkdir_p(dead, 0700, NULL), 0);
	f = xasprintf("%s/lock", dead);
	unit_write(f, "");
	free(f);
	f = xasprintf("%s/disk", dead);
	unit_write(f, "data");
	free(f);
	/* killed while it was removed: the lock went first */
	assert_int_equal(mkdir_p(half, 0700, NULL), 0);
	f = xasprintf("%s/disk", half);
	unit_write(f, "data");
	/* not a run's at all */
	assert_int_equal(mkdir_p(other, 0700, NULL), 0);
	assert_int_equal(rundir_make(base, NULL, &d, NULL), 0);
	assert_false(unit_exists(dead));
	assert_false(unit_exists(half));
	assert_true(unit_exists(other));
	assert_true(unit_exists(living.path));
	assert_true(unit_exists(d.path));
	rundir_remove(&living, NULL);
	rundir_remove(&d, NULL);
}

static void test_directory_of_a_killed_process_goes(void **state)
{
	_cleanup_free_ char *base = xasprintf("%s/killed", unit_dir), *parent = parent_of(base);
	struct rundir d;
	int ready[2];
	char c;
	pid_t pid;

	(void)state;
	mkdir(base, 0755);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (rundir_make(base, NULL, &d, NULL) < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(rundir_make(base, NULL, &d, NULL), 0);
	assert_int_equal(entries(parent), 2);
	rundir_remove(&d, NULL);
	assert_int_equal(entries(parent), 1);
	kill(pid, SIGKILL);
	unit_wait(pid);
	assert_int_equal(rundir_make(base, NULL, &d, NULL), 0);
	assert_int_equal(entries(parent), 1);
	rundir_remove(&d, NULL);
	close(ready[0]);
	close(ready[1]);
}

/* Many runs that start and end at once do not sweep one another. */
static void test_runs_at_the_same_time_leave_each_other_alone(void **state)
{
	_cleanup_free_ char *base = xasprintf("%s/many", unit_dir), *parent = parent_of(base);
	pid_t pids[8];

	(void)state;
	mkdir(base, 0755);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			for (int k = 0; k < 100; k++) {
				struct rundir d;

				if (rundir_make(base, NULL, &d, NULL) < 0)
					_exit(1);
				if (!path_is_dir(d.path) || rundir_remove(&d, NULL) < 0)
					_exit(2);
			}
			_exit(0);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		assert_int_equal(unit_wait(pids[i]), 0);
	assert_int_equal(entries(parent), 0);
}

static void refused(const char *base)
{
	struct err err = {0};
	struct rundir d;

	assert_int_equal(rundir_make(base, NULL, &d, &err), -EPERM);
	assert_non_null(strstr(err.msg, "is not a directory of yours alone"));
	assert_int_equal(rundir_remove(&d, NULL), 0);
}

/* In a directory for all, as /var/tmp is, another user may have been there first. */
static void test_parent_of_another_is_refused(void **state)
{
	_cleanup_free_ char *base = xasprintf("%s/shared", unit_dir), *parent = parent_of(base),
			    *victim = xasprintf("%s/victim", unit_dir);
	struct stat st;

	(void)state;
	mkdir(base, 0777);
	mkdir(victim, 0700);
	assert_int_equal(symlink(victim, parent), 0);
	refused(base);
	assert_int_equal(entries(victim), 0);
	unlink(parent);
	mkdir(parent, 0770);
	chmod(parent, 0770);
	refused(base);
	chmod(parent, 0700);
	if (geteuid() == 0) {
		assert_int_equal(chown(parent, NOBODY, NOBODY), 0);
		refused(base);
	}
	assert_int_equal(stat(parent, &st), 0);
	assert_int_equal(rmdir(parent), 0);
	unit_write(parent, "");
	refused(base);
}

static void test_base_that_is_missing(void **state)
{
	struct err err = {0};
	struct rundir d;

	(void)state;
	assert_int_equal(rundir_make("/no/such/dir", NULL, &d, &err), -ENOENT);
	assert_string_equal(err.msg, "no directory for temporary files: /no/such/dir: No such file "
				     "or directory");
}

/* ---- the user's own */

static void test_own_directory_stays_and_is_emptied(void **state)
{
	_cleanup_free_ char *own = xasprintf("%s/own", unit_dir), *f = xasprintf("%s/a/b", own);
	struct stat before, after;
	struct rundir d;

	(void)state;
	mkdir(own, 0751);
	assert_int_equal(stat(own, &before), 0);
	assert_int_equal(rundir_make(NULL, own, &d, NULL), 0);
	assert_string_equal(d.path, own);
	assert_int_equal(mkdir_p(f, 0755, NULL), 0);
	assert_int_equal(rundir_remove(&d, NULL), 0);
	assert_int_equal(entries(own), 0);
	assert_int_equal(stat(own, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(before.st_mode, after.st_mode);
}

static void test_own_directory_that_was_missing_goes(void **state)
{
	_cleanup_free_ char *own = xasprintf("%s/fresh/own", unit_dir);
	struct rundir d;

	(void)state;
	assert_int_equal(rundir_make(NULL, own, &d, NULL), 0);
	assert_true(path_is_dir(own));
	assert_int_equal(rundir_remove(&d, NULL), 0);
	assert_false(unit_exists(own));
}

static void test_own_directory_with_content_is_refused(void **state)
{
	_cleanup_free_ char *own = xasprintf("%s/full", unit_dir), *f = xasprintf("%s/thesis", own);
	struct err err = {0};
	struct rundir d;

	(void)state;
	mkdir(own, 0755);
	unit_write(f, "years of work");
	assert_int_equal(rundir_make(NULL, own, &d, &err), -ENOTEMPTY);
	assert_non_null(strstr(err.msg, own));
	assert_int_equal(rundir_remove(&d, NULL), 0);
	assert_string_equal(unit_read(f), "years of work");
}

static void test_own_directory_in_use_is_refused_and_not_removed(void **state)
{
	_cleanup_free_ char *own = xasprintf("%s/twice", unit_dir);
	struct err err = {0};
	struct rundir first, second;

	(void)state;
	assert_int_equal(rundir_make(NULL, own, &first, NULL), 0);
	assert_int_equal(rundir_make(NULL, own, &second, &err), -EBUSY);
	assert_non_null(strstr(err.msg, "is in use by another run"));
	assert_int_equal(rundir_remove(&second, NULL), 0);
	assert_true(path_is_dir(own));
	assert_int_equal(rundir_remove(&first, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made_private_and_removed_with_its_content),
		cmocka_unit_test(test_sweeping),
		cmocka_unit_test(test_directory_of_a_killed_process_goes),
		cmocka_unit_test(test_runs_at_the_same_time_leave_each_other_alone),
		cmocka_unit_test(test_parent_of_another_is_refused),
		cmocka_unit_test(test_base_that_is_missing),
		cmocka_unit_test(test_own_directory_stays_and_is_emptied),
		cmocka_unit_test(test_own_directory_that_was_missing_goes),
		cmocka_unit_test(test_own_directory_with_content_is_refused),
		cmocka_unit_test(test_own_directory_in_use_is_refused_and_not_removed),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
