// SPDX-License-Identifier: GPL-2.0-only
/* What a child gets, how it ends, and that nothing of it stays. */
#include "t/unit/unit.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/file.h"
#include "base/loop.h"
#include "base/proc.h"

/* sh -c SCRIPT */
static void shell(struct strv *argv, const char *script)
{
	strv_addv(argv, "/bin/sh", "-c", script, NULL);
}

static void capture(const char *script, int64_t deadline_ms, size_t max, struct proc_result *res)
{
	_cleanup_strv_ struct strv argv = {0};
	struct proc_spec spec = PROC_SPEC(&argv);

	shell(&argv, script);
	assert_int_equal(proc_capture(&spec, deadline_ms, max, res, NULL), 0);
}

static bool alive(pid_t pid)
{
	return kill(pid, 0) == 0;
}

#define _cleanup_result_ __attribute__((cleanup(proc_result_done)))

/* ---- start */

/* One binary can be several programs, by the name that it is given. */
static void test_file_other_than_the_name(void **state)
{
	_cleanup_strv_ struct strv argv = {0};
	struct proc_spec spec = PROC_SPEC(&argv);
	_cleanup_result_ struct proc_result res = {0};
	struct err err = {0};
	pid_t pid;

	(void)state;
	strv_addv(&argv, "another-name", "-c", "tr '\\0' ' ' </proc/$$/cmdline | cut -d' ' -f1",
		  NULL);
	spec.file = "/bin/sh";
	assert_int_equal(proc_capture(&spec, 10000, 1000, &res, NULL), 0);
	assert_string_equal(res.out.s, "another-name\n");
	spec.file = "/nowhere/sh";
	assert_int_equal(proc_spawn(&spec, &pid, &err), -ENOENT);
	assert_string_equal(err.msg, "/nowhere/sh: no such program");
}

static void test_exec_that_fails_is_an_error_not_a_status(void **state)
{
	_cleanup_strv_ struct strv none = {0}, text = {0};
	struct proc_spec spec = PROC_SPEC(&none);
	struct err err = {0};
	pid_t pid = -1;

	(void)state;
	strv_add(&none, "no-such-program-anywhere");
	assert_int_equal(proc_spawn(&spec, &pid, &err), -ENOENT);
	assert_string_equal(err.msg, "no-such-program-anywhere: no such program");
	unit_write("text", "no interpreter, no ELF\n");
	chmod("text", 0755);
	strv_add(&text, "./text");
	spec.argv = &text;
	assert_int_equal(proc_spawn(&spec, &pid, &err), -ENOEXEC);
	assert_string_equal(err.msg, "cannot start ./text: Exec format error");
	unit_write("text", "#!/no/such/interpreter\n");
	assert_int_equal(proc_spawn(&spec, &pid, &err), -ENOENT);
	assert_int_equal(pid, -1);
	/* nothing is left to wait for */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void test_directory_that_is_missing_is_an_error(void **state)
{
	_cleanup_strv_ struct strv argv = {0};
	struct proc_spec spec = PROC_SPEC(&argv);
	struct err err = {0};
	pid_t pid;

	(void)state;
	strv_add(&argv, "/usr/bin/true");
	spec.cwd = "no/such/dir";
	assert_int_equal(proc_spawn(&spec, &pid, &err), -ENOENT);
	assert_string_equal(err.msg, "cannot start /usr/bin/true: No such file or directory");
}

static void test_what_it_is_given(void **state)
{
	_cleanup_result_ struct proc_result res;
	_cleanup_strv_ struct strv argv = {0};
	_cleanup_free_ char *want = NULL;
	char only[] = "ONLY=this one", *const env[] = {only, NULL};
	struct proc_spec spec = PROC_SPEC(&argv);

	(void)state;
	shell(&argv, "echo \"$ONLY-$HOME-$PWD\"; nice; ulimit -v; ulimit -f; wc -c");
	spec.env = env;
	spec.cwd = "/usr";
	spec.nice = 3;
	spec.limit_as = 1ULL << 30;
	spec.limit_fsize = 1 << 20;
	assert_int_equal(proc_capture(&spec, 10000, 4096, &res, NULL), 0);
	want = xasprintf("this one--/usr\n%d\n1048576\n2048\n0\n",
			 getpriority(PRIO_PROCESS, 0) + 3);
	assert_string_equal(res.out.s, want);
}

/* In a child: nice() returns -1 there for a priority that is just -1. */
static void test_priority_of_minus_one_is_no_failure(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		_cleanup_strv_ struct strv argv = {0};
		struct proc_spec spec = PROC_SPEC(&argv);
		pid_t child;

		if (setpriority(PRIO_PROCESS, 0, -2) < 0)
			_exit(errno == EACCES || errno == EPERM ? 0 : 3); /* not root */
		strv_add(&argv, "true");
		spec.nice = 1;
		if (proc_spawn(&spec, &child, NULL) < 0)
			_exit(1);
		_exit(unit_wait(child) ? 2 : 0);
	}
	assert_int_equal(unit_wait(pid), 0);
}

/*
 * The descriptors of the child are 0, 1, 2, those it was given, and the one that ls itself
 * opens; one that we ourselves inherited without close-on-exec is nobody's business either.
 */
static void test_only_the_given_descriptors_are_passed(void **state)
{
	_cleanup_result_ struct proc_result res;
	_cleanup_strv_ struct strv argv = {0};
	_cleanup_free_ char *want = NULL;
	struct proc_spec spec = PROC_SPEC(&argv);
	int given, kept, stray, high;

	(void)state;
	stray = open("/dev/zero", O_RDONLY);
	kept = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	given = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	high = fcntl(given, F_DUPFD, 200); /* not close-on-exec */
	strv_addv(&argv, "bash", "-c",
		  "for f in /proc/self/fd/*; do printf '%s ' \"${f##*/} $(readlink $f)\"; done",
		  NULL);
	spec.fds[spec.nfds++] = given;
	assert_int_equal(proc_capture(&spec, 10000, 4096, &res, NULL), 0);
	/* bash expands the pattern with its directory open, 3: it is not there to be read then */
	want = xasprintf("%d /etc/passwd ", given);
	assert_true(str_starts(res.out.s, "0 /dev/null 1 pipe:["));
	assert_non_null(strstr(res.out.s, want));
	assert_null(strstr(res.out.s, "/dev/zero"));
	assert_null(strstr(res.out.s, "200 "));
	assert_null(strstr(strstr(res.out.s, "/dev/null") + 1, "/dev/null"));
	close(stray);
	close(kept);
	close(given);
	close(high);
}

static void test_standard_streams_are_those_named(void **state)
{
	_cleanup_strv_ struct strv argv = {0};
	struct proc_spec spec = PROC_SPEC(&argv);
	pid_t pid;

	(void)state;
	unit_write("in", "from the file");
	shell(&argv, "cat; echo ' err' >&2");
	spec.fd_in = open("in", O_RDONLY | O_CLOEXEC);
	spec.fd_out = open("both", O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND, 0600);
	spec.fd_err = spec.fd_out;
	assert_int_equal(proc_spawn(&spec, &pid, NULL), 0);
	assert_int_equal(unit_wait(pid), 0);
	assert_string_equal(unit_read("both"), "from the file err\n");
	close(spec.fd_in);
	close(spec.fd_out);
}

/* ktest may be started with its own standard streams closed. */
static void test_it_works_with_our_own_streams_closed(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct proc_result res;

		close(0);
		close(1);
		close(2);
		capture("cat; echo out; echo err >&2", 10000, 4096, &res);
		_exit(!strcmp(res.out.s, "out\n") && !strcmp(res.err.s, "err\n") ? 0 : 1);
	}
	assert_int_equal(unit_wait(pid), 0);
}

/* The loop blocks signals, ktest ignores some: none of that is the child's. */
static void test_signals_are_as_a_program_expects_them(void **state)
{
	_cleanup_result_ struct proc_result res;
	sigset_t set, old;

	(void)state;
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, &old);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	capture("while read -r l; do case $l in Sig[BI]*) echo \"$l\";; esac; done "
		"</proc/$$/status",
		10000, 4096, &res);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	sigprocmask(SIG_SETMASK, &old, NULL);
	assert_string_equal(res.out.s, "SigBlk:\t0000000000000000\n"
				       "SigIgn:\t0000000000000000\n");
}

/* ---- end */

static void test_both_streams_and_the_status_are_kept(void **state)
{
	_cleanup_result_ struct proc_result res, killed;

	(void)state;
	capture("echo out; echo err >&2; printf 'a\\0b'; exit 3", 10000, 4096, &res);
	assert_int_equal(res.out.len, 7);
	assert_memory_equal(res.out.s, "out\na\0b", 8);
	assert_string_equal(res.err.s, "err\n");
	assert_true(WIFEXITED(res.status) && WEXITSTATUS(res.status) == 3);
	assert_false(res.timed_out || res.flooded);
	capture("kill -SEGV $$", 10000, 4096, &killed);
	assert_true(WIFSIGNALED(killed.status) && WTERMSIG(killed.status) == SIGSEGV);
	assert_string_equal(killed.out.s, "");
}

static void test_deadline_ends_the_whole_group(void **state)
{
	_cleanup_result_ struct proc_result res;
	int64_t before = loop_now_ns();
	pid_t pid;

	(void)state;
	capture("sleep 300 & echo $!; trap '' TERM; wait", 200, 4096, &res);
	assert_true(res.timed_out);
	assert_false(res.flooded);
	assert_true(loop_now_ns() - before >= 200 * NSEC_PER_MSEC);
	assert_true(loop_now_ns() - before < 10 * NSEC_PER_SEC);
	pid = atoi(res.out.s);
	assert_true(pid > 1);
	assert_true(unit_gone(pid));
}

/* A program that ends and leaves something behind that holds its pipes open. */
static void test_end_of_the_program_is_the_end(void **state)
{
	_cleanup_result_ struct proc_result res;
	int64_t before = loop_now_ns();
	pid_t pid;

	(void)state;
	capture("sleep 300 & echo $!", 60000, 4096, &res);
	assert_false(res.timed_out);
	assert_true(loop_now_ns() - before < 30 * NSEC_PER_SEC);
	pid = atoi(res.out.s);
	assert_true(pid > 1);
	assert_true(unit_gone(pid));
}

static void test_closed_streams_are_not_the_end(void **state)
{
	_cleanup_result_ struct proc_result res;

	(void)state;
	capture("exec >&- 2>&-; sleep 0.2; exit 5", 10000, 4096, &res);
	assert_int_equal(WEXITSTATUS(res.status), 5);
}

static void test_flood_is_cut_at_the_limit(void **state)
{
	_cleanup_result_ struct proc_result out, err;

	(void)state;
	capture("yes", 60000, 10000, &out);
	assert_true(out.flooded);
	assert_false(out.timed_out);
	assert_int_equal(out.out.len, 10000);
	assert_memory_equal(out.out.s, "y\ny\n", 4);
	capture("echo small; exec yes >&2", 60000, 10000, &err);
	assert_true(err.flooded);
	assert_int_equal(err.err.len, 10000);
	assert_string_equal(err.out.s, "small\n");
}

/* The last byte counts, also when the program has ended before it is read. */
static void test_limit_is_exact(void **state)
{
	_cleanup_result_ struct proc_result fits, over;

	(void)state;
	capture("head -c 10000 /dev/zero", 60000, 10000, &fits);
	assert_false(fits.flooded);
	assert_int_equal(fits.out.len, 10000);
	capture("head -c 10001 /dev/zero", 60000, 10000, &over);
	assert_true(over.flooded);
	assert_int_equal(over.out.len, 10000);
}

/* A flood from what left the group cannot be killed by us; it must not hold us up either. */
static void test_flood_of_an_escaped_process_does_not_hold_us_up(void **state)
{
	_cleanup_result_ struct proc_result res;
	pid_t pid;

	(void)state;
	alarm(20);
	capture("setsid sh -c 'echo $$ >pid; exec yes' & while ! [ -s pid ]; do sleep 0.01; done",
		0, 64 << 20, &res);
	alarm(60);
	pid = atoi(unit_read("pid"));
	assert_true(pid > 1);
	kill(pid, SIGKILL);
	assert_true(unit_gone(pid));
}

static void test_time_spent_is_counted(void **state)
{
	_cleanup_result_ struct proc_result busy, idle;

	(void)state;
	capture("sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'; :", 60000, 10, &busy);
	capture("sleep 0.3", 60000, 10, &idle);
	assert_true(busy.cpu_ns > 20 * NSEC_PER_MSEC);
	assert_true(idle.cpu_ns < busy.cpu_ns);
}

/* A run that is killed with SIGKILL takes what it started with it. */
static void test_child_dies_with_its_parent(void **state)
{
	int fd[2];
	pid_t runner, child = -1;

	(void)state;
	assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
	runner = fork();
	if (runner == 0) {
		_cleanup_strv_ struct strv argv = {0};
		struct proc_spec spec = PROC_SPEC(&argv);

		strv_addv(&argv, "sleep", "300", NULL);
		spec.own_session = true;
		if (proc_spawn(&spec, &child, NULL) < 0 ||
		    write(fd[1], &child, sizeof(child)) != sizeof(child))
			_exit(1);
		pause();
	}
	assert_int_equal(read(fd[0], &child, sizeof(child)), sizeof(child));
	assert_true(child > 1 && alive(child));
	kill(runner, SIGKILL);
	assert_int_equal(unit_wait(runner), 1000 + SIGKILL);
	assert_true(unit_gone(child));
	close(fd[0]);
	close(fd[1]);
}

static void test_own_session_has_no_terminal_and_its_own_group(void **state)
{
	_cleanup_strv_ struct strv argv = {0};
	struct proc_spec spec = PROC_SPEC(&argv);
	pid_t pid;

	(void)state;
	strv_addv(&argv, "sleep", "300", NULL);
	assert_int_equal(proc_spawn(&spec, &pid, NULL), 0);
	assert_int_equal(getpgid(pid), getpgid(0));
	kill(pid, SIGKILL);
	unit_wait(pid);
	spec.own_session = true;
	assert_int_equal(proc_spawn(&spec, &pid, NULL), 0);
	assert_int_equal(getsid(pid), pid);
	assert_int_equal(getpgid(pid), pid);
	kill(pid, SIGKILL);
	unit_wait(pid);
}

/* ---- proc_run: one line says it all */

static int run(const char *script, int64_t deadline_ms, struct strbuf *out, struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};

	shell(&argv, script);
	return proc_run(&argv, deadline_ms, out, err);
}

static void test_failure_is_told_by_the_last_line(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(run("echo first; echo ok", 10000, &out, &err), 0);
	assert_string_equal(out.s, "first\nok\n");
	assert_true(run("echo no >&2; echo 'disk full' >&2; echo >&2; exit 4", 10000, &out, &err) <
		    0);
	assert_string_equal(err.msg, "sh: exit status 4: disk full");
	assert_true(run("exit 4", 10000, &out, &err) < 0);
	assert_string_equal(err.msg, "sh: exit status 4");
	assert_true(run("kill -KILL $$", 10000, &out, &err) < 0);
	assert_string_equal(err.msg, "sh: killed by SIGKILL");
	assert_int_equal(run("sleep 100", 1000, &out, &err), -ETIMEDOUT);
	assert_string_equal(err.msg, "sh: no end after 1 s");
	assert_string_equal(out.s, "first\nok\n");
}

/* 64 MiB are taken; what is cut off must not be used as if it were all. */
static void test_output_that_was_cut_is_a_failure(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(run("head -c 67108865 /dev/zero", 60000, &out, &err), -EFBIG);
	assert_string_equal(err.msg, "sh: more than 64 MiB of output");
	assert_int_equal(out.len, 0);
}

static void test_words_for_a_status(void **state)
{
	char buf[64];

	(void)state;
	assert_string_equal(proc_status_str(3 << 8, buf, sizeof(buf)), "exit status 3");
	assert_string_equal(proc_status_str(SIGSEGV | 0x80, buf, sizeof(buf)), "killed by SIGSEGV");
	assert_string_equal(proc_status_str(40, buf, sizeof(buf)), "killed by signal 40");
	assert_string_equal(signal_name(-1), "signal -1");
	assert_string_equal(signal_name(SIGTERM), "SIGTERM");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_other_than_the_name),
		cmocka_unit_test(test_exec_that_fails_is_an_error_not_a_status),
		cmocka_unit_test(test_directory_that_is_missing_is_an_error),
		cmocka_unit_test(test_what_it_is_given),
		cmocka_unit_test(test_priority_of_minus_one_is_no_failure),
		cmocka_unit_test(test_only_the_given_descriptors_are_passed),
		cmocka_unit_test(test_standard_streams_are_those_named),
		cmocka_unit_test(test_it_works_with_our_own_streams_closed),
		cmocka_unit_test(test_signals_are_as_a_program_expects_them),
		cmocka_unit_test(test_both_streams_and_the_status_are_kept),
		cmocka_unit_test(test_deadline_ends_the_whole_group),
		cmocka_unit_test(test_end_of_the_program_is_the_end),
		cmocka_unit_test(test_closed_streams_are_not_the_end),
		cmocka_unit_test(test_flood_is_cut_at_the_limit),
		cmocka_unit_test(test_limit_is_exact),
		cmocka_unit_test(test_flood_of_an_escaped_process_does_not_hold_us_up),
		cmocka_unit_test(test_time_spent_is_counted),
		cmocka_unit_test(test_child_dies_with_its_parent),
		cmocka_unit_test(test_own_session_has_no_terminal_and_its_own_group),
		cmocka_unit_test(test_failure_is_told_by_the_last_line),
		cmocka_unit_test(test_output_that_was_cut_is_a_failure),
		cmocka_unit_test(test_words_for_a_status),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
