// SPDX-License-Identifier: GPL-2.0-only
#include "t/unit/kernel_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kbuild/making.h"

static struct strbuf lines;
static void (*at_line)(void);

static void on_line(void *arg, const char *line, size_t len)
{
	(void)arg;
	strbuf_putc(&lines, '<');
	strbuf_add(&lines, line, len);
	strbuf_putc(&lines, '>');
	if (at_line)
		at_line();
}

static int set_up(void **state)
{
	at_line = NULL;
	return make_dir(state);
}

static int tear_down(void **state)
{
	strbuf_done(&lines);
	return remove_dir(state);
}

static int run_shell(const char *script, int log_fd, int *status, struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};
	const struct making m = {.argv = &argv, .log_fd = log_fd, .line = on_line};

	strv_addv(&argv, "sh", "-c", script, NULL);
	return making_run(&m, status, err);
}

static void lines_come_one_by_one(void **state)
{
	int status;

	(void)state;
	assert_int_equal(run_shell("echo one; echo two >&2; printf 'th'; printf 'ree\\n\\n'; "
				   "printf end; exit 3",
				   -1, &status, NULL),
			 0);
	assert_string_equal(lines.s, "<one><two><three><><end>");
	assert_int_equal(WEXITSTATUS(status), 3);
}

static void a_long_line_is_cut_and_the_log_is_not(void **state)
{
	int status, fd = open(in_dir("log"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;

	(void)state;
	assert_int_equal(run_shell("head -c 1000000 /dev/zero | tr '\\0' x; echo; echo end", fd,
				   &status, NULL),
			 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 1000005);
	assert_int_equal(lines.len, (64 << 10) + 2 + 5);
	close(fd);
}

static void what_it_left_behind_is_gone(void **state)
{
	int status, was = -1;

	(void)state;
	assert_int_equal(run_shell("sleep 1000 & setsid sleep 1000 & setsid sh -c "
				   "'sleep 1000 & sleep 1000' & echo end",
				   -1, &status, NULL),
			 0);
	assert_string_equal(lines.s, "<end>");
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(prctl(PR_GET_CHILD_SUBREAPER, &was), 0);
	assert_int_equal(was, 0);
}

static void end_it(void)
{
	at_line = NULL;
	kill(getpid(), SIGTERM);
}

static void a_signal_ends_it(void **state)
{
	struct err err = {0};
	int status;

	(void)state;
	at_line = end_it;
	assert_int_equal(run_shell("echo go; sleep 1000; echo never", -1, &status, &err), -EINTR);
	assert_string_equal(err.msg, "interrupted by SIGTERM");
	assert_string_equal(lines.s, "<go>");
}

static void end_it_twice(void)
{
	at_line = NULL;
	kill(getpid(), SIGINT);
	kill(getpid(), SIGHUP);
}

static void a_second_one_ends_what_ignores_the_first(void **state)
{
	struct err err = {0};
	int status;

	(void)state;
	at_line = end_it_twice;
	assert_int_equal(run_shell("trap '' TERM; echo go; sleep 1000", -1, &status, &err), -EINTR);
	assert_string_equal(lines.s, "<go>");
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void a_log_that_cannot_be_written_ends_it(void **state)
{
	int status, fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct err err = {0};

	(void)state;
	assert_int_equal(run_shell("echo go; sleep 1000", fd, &status, &err), -ENOSPC);
	assert_non_null(strstr(err.msg, "log"));
	close(fd);
}

#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(lines_come_one_by_one),
		IN_DIR(a_long_line_is_cut_and_the_log_is_not),
		IN_DIR(what_it_left_behind_is_gone),
		IN_DIR(a_signal_ends_it),
		IN_DIR(a_second_one_ends_what_ignores_the_first),
		IN_DIR(a_log_that_cannot_be_written_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
