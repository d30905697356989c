// SPDX-License-Identifier: GPL-2.0-only
/* Where something is made ready: published whole, and gone with its process. */
#include "t/unit/unit.h"

#include "base/file.h"
#include "base/stage.h"

static void test_publishing_replaces_what_was_there(void **state)
{
	_cleanup_stage_ struct stage st = STAGE_INIT;
	_cleanup_free_ char *path = NULL, *ready = NULL, *file = NULL, *dir = NULL, *real = NULL;

	(void)state;
	assert_int_equal(mkdir_p("p/d", 0755, NULL), 0);
	unit_write("p/d/old", "");
	assert_int_equal(stage_open("p", &st, NULL), 0);
	ready = xasprintf("%s/out", st.dir);
	file = xasprintf("%s/new", ready);
	dir = xstrdup(st.dir);
	assert_int_equal(mkdir_p(ready, 0755, NULL), 0);
	unit_write(file, "");
	assert_int_equal(stage_publish(&st, ready, "d", &path, NULL), 0);
	real = path_real("p/d", NULL);
	assert_string_equal(path, real);
	assert_true(path_exists("p/d/new"));
	assert_false(path_exists("p/d/old"));
	stage_close(&st);
	assert_false(path_exists(dir));
}

/* A stage of a process that was killed goes; that of a living one stays. */
static void test_stages_live_as_long_as_their_process(void **state)
{
	_cleanup_stage_ struct stage mine = STAGE_INIT;
	int p[2];
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		struct stage st = STAGE_INIT;

		if (stage_open("s", &st, NULL) == 0 && write(p[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(p[0], &c, 1), 1);
	assert_int_equal(mkdir_p("s/.ktest.dead1", 0755, NULL), 0);
	unit_write("s/.ktest.dead1/x", "");
	stage_sweep("s", NULL);
	assert_false(path_exists("s/.ktest.dead1"));
	assert_int_equal(stage_open("s", &mine, NULL), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	stage_sweep("s", NULL);
	assert_true(path_is_dir(mine.dir));
	stage_close(&mine);
	assert_int_equal(rmdir("s"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_publishing_replaces_what_was_there),
		cmocka_unit_test(test_stages_live_as_long_as_their_process),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
