// SPDX-License-Identifier: GPL-2.0-only
/* Whatever the program leaves behind ends with it, and with us. */
#include "t/unit/keeper.h"

#include "base/file.h"
#include "base/proc.h"

/*
 * A tree of processes that will not go by themselves: the shell, a child, one in a session of its
 * own, a daemon whose parent is gone, all of them deaf to SIGTERM and SIGHUP. Their ids go to the
 * file "pids".
 */
#define TREE                                                                            \
	"trap '' TERM HUP INT; rm -f pids; sleep 300 & echo $! >>pids;"                 \
	"setsid sh -c 'echo $$ >>pids; sleep 300 & echo $! >>pids; wait' & "            \
	"(setsid sh -c '(setsid sh -c \"echo \\$\\$ >>pids; exec sleep 300\" &)' &) ; " \
	"echo $$ >>pids; while [ $(wc -l <pids) -lt 5 ]; do sleep 0.01; done; : >ready; "

static pid_t keep(const char *script)
{
	_cleanup_strv_ struct strv argv = {0};
	struct proc_spec spec = PROC_SPEC(&argv);
	pid_t pid;

	unlink("ready");
	strv_addv(&argv, unit_keeper(), "/bin/sh", "-c", script, NULL);
	spec.fd_out = STDERR_FILENO;
	spec.fd_err = STDERR_FILENO;
	assert_int_equal(proc_spawn(&spec, &pid, NULL), 0);
	return pid;
}

static void await_ready(void)
{
	for (int i = 0; i < 10000 && !unit_exists("ready"); i++)
		usleep(1000);
	assert_true(unit_exists("ready"));
}

/* Each of the processes in "pids" is gone. */
static void all_gone(void)
{
	const char *p = unit_read("pids");
	char *end;
	int n = 0;

	for (long pid; (pid = strtol(p, &end, 10)) > 0; p = end, n++)
		if (!unit_gone((pid_t)pid))
			fail_msg("process %ld of %s is still there", pid, unit_read("pids"));
	assert_int_equal(n, 5);
}

static void test_end_of_the_program_ends_what_it_left(void **state)
{
	(void)state;
	assert_int_equal(unit_wait(keep(TREE "exit 7")), 7);
	all_gone();
}

static void test_status_of_a_killed_program(void **state)
{
	(void)state;
	assert_int_equal(unit_wait(keep("kill -SEGV $$")), 1000 + SIGSEGV);
}

/* Our own SIGKILL: the kernel tells the keeper, and it ends all. */
static void test_death_of_its_parent_ends_all(void **state)
{
	pid_t runner = fork();

	(void)state;
	if (runner == 0) {
		keep(TREE "wait; sleep 300");
		pause();
	}
	await_ready();
	kill(runner, SIGKILL);
	assert_int_equal(unit_wait(runner), 1000 + SIGKILL);
	all_gone();
}

static void test_sigterm_ends_all(void **state)
{
	pid_t keeper = keep(TREE "wait; sleep 300");

	(void)state;
	await_ready();
	kill(keeper, SIGTERM);
	assert_int_equal(unit_wait(keeper), 1000 + SIGKILL);
	all_gone();
}

/* Whether each of the processes in "pids" is stopped, or none is. */
static bool all_are(bool stopped)
{
	const char *p = unit_read("pids");
	char *end;

	for (long pid; (pid = strtol(p, &end, 10)) > 0; p = end) {
		_cleanup_free_ char *path = xasprintf("/proc/%ld/stat", pid), *text = NULL;
		size_t len;

		assert_int_equal(file_read(path, 4096, &text, &len, NULL), 0);
		if ((strrchr(text, ')')[2] == 'T') != stopped)
			return false;
	}
	return true;
}

static void await_all(bool stopped)
{
	for (int i = 0; i < 10000 && !all_are(stopped); i++)
		usleep(1000);
	assert_true(all_are(stopped));
}

static void test_sigtstp_stops_all_until_sigcont(void **state)
{
	pid_t keeper = keep(TREE "wait; sleep 300");

	(void)state;
	await_ready();
	kill(keeper, SIGTSTP);
	await_all(true);
	kill(keeper, SIGCONT);
	await_all(false);
	kill(keeper, SIGTSTP);
	await_all(true);
	/* What stands still is ended as well. */
	kill(keeper, SIGTERM);
	assert_int_equal(unit_wait(keeper), 1000 + SIGKILL);
	all_gone();
}

/* One after the other they fork on, as fast as they can. */
static void test_processes_that_fork_on_are_caught(void **state)
{
	pid_t keeper;

	(void)state;
	unlink("stop");
	keeper = keep("cat >next <<'E'\n"
		      "echo $$ >last\n[ -e stop ] || setsid sh next &\nE\n"
		      "sh next; while ! [ -s last ]; do sleep 0.01; done; : >ready; sleep 300");
	await_ready();
	kill(keeper, SIGTERM);
	unit_wait(keeper);
	unlink("last");
	usleep(50000);
	/* Nobody writes it any more. */
	assert_false(unit_exists("last"));
	unit_write("stop", "");
}

static void test_channels_reach_the_program_and_nothing_else(void **state)
{
	_cleanup_strv_ struct strv argv = {0};
	struct proc_spec spec = PROC_SPEC(&argv);
	int channel = open("/etc/passwd", O_RDONLY | O_CLOEXEC), fd = -1;
	_cleanup_free_ char *want = NULL;
	pid_t pid;

	(void)state;
	fd = fcntl(channel, F_DUPFD_CLOEXEC, 50);
	strv_addv(&argv, unit_keeper(), "/bin/sh", "-c",
		  "for n in 0 1 2 3 4 5 6 7 8 9 $(seq 11 99); do "
		  "[ -e /proc/$$/fd/$n ] && echo $n $(readlink /proc/$$/fd/$n); done >fds; exit 0",
		  NULL);
	spec.fds[spec.nfds++] = fd;
	assert_int_equal(proc_spawn(&spec, &pid, NULL), 0);
	assert_int_equal(unit_wait(pid), 0);
	want = xasprintf("0 /dev/null\n1 %s/fds\n2 /dev/null\n50 /etc/passwd\n", unit_dir);
	assert_string_equal(unit_read("fds"), want);
	close(fd);
	close(channel);
}

static void test_program_that_cannot_be_started(void **state)
{
	_cleanup_strv_ struct strv argv = {0};
	_cleanup_strbuf_ struct strbuf out = {0};
	struct err err = {0};

	(void)state;
	strv_addv(&argv, unit_keeper(), "/no/such/qemu", NULL);
	assert_true(proc_run(&argv, 10000, &out, &err) < 0);
	assert_string_equal(err.msg, "keeper: exit status 125: /no/such/qemu: no such program");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_end_of_the_program_ends_what_it_left),
		cmocka_unit_test(test_status_of_a_killed_program),
		cmocka_unit_test(test_death_of_its_parent_ends_all),
		cmocka_unit_test(test_sigterm_ends_all),
		cmocka_unit_test(test_sigtstp_stops_all_until_sigcont),
		cmocka_unit_test(test_processes_that_fork_on_are_caught),
		cmocka_unit_test(test_channels_reach_the_program_and_nothing_else),
		cmocka_unit_test(test_program_that_cannot_be_started),
	};

	unit_be_keeper(argc, argv);
	alarm(100);
	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
