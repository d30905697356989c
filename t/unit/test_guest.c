// SPDX-License-Identifier: GPL-2.0-only
/* The pieces of the agent that run anywhere; the rest is tested in real guests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "guest/util.c"
#include "guest/procs.c"
#include "guest/cores.c"

static char dir[] = "/tmp/ktest-guest-XXXXXX";

/* The agent's port is not there: what is said goes nowhere. */
void port_log(const char *fmt, ...)
{
	(void)fmt;
}

static int enter_dir(void **state)
{
	(void)state;
	return !mkdtemp(dir) || chdir(dir);
}

static int leave_dir(void **state)
{
	char cmd[64];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static void the_last_part_takes_the_rest(void **state)
{
	char text[] = "/etc/x\ta\tb\t";
	char *part[2];

	(void)state;
	assert_int_equal(split_tabs(text, part, 2), 2);
	assert_string_equal(part[0], "/etc/x");
	assert_string_equal(part[1], "a\tb\t");
}

static void missing_parts_are_told_and_empty_ones_count(void **state)
{
	char few[] = "one";
	char empty[] = "\t\t";
	char *part[5];

	(void)state;
	assert_int_equal(split_tabs(few, part, 5), 1);
	assert_int_equal(split_tabs(empty, part, 5), 3);
	assert_string_equal(part[0], "");
	assert_string_equal(part[2], "");
}

static void numbers_have_nothing_around_them(void **state)
{
	uint64_t v = 0;

	(void)state;
	assert_int_equal(parse_number("1777", 8, &v), 0);
	assert_int_equal(v, 01777);
	assert_int_equal(parse_number("18446744073709551615", 10, &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(parse_number("18446744073709551616", 10, &v), -EINVAL);
	assert_int_equal(parse_number("", 10, &v), -EINVAL);
	assert_int_equal(parse_number("-1", 10, &v), -EINVAL);
	assert_int_equal(parse_number("+1", 10, &v), -EINVAL);
	assert_int_equal(parse_number(" 1", 10, &v), -EINVAL);
	assert_int_equal(parse_number("1 ", 10, &v), -EINVAL);
	assert_int_equal(parse_number("8", 8, &v), -EINVAL);
}

static void directories_are_made_with_their_parents(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(mkdir_p("a/b/c", 01777), 0);
	assert_int_equal(stat("a/b/c", &st), 0);
	assert_int_equal(st.st_mode & 07777, 01777);
	assert_int_equal(stat("a/b", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
}

static void a_directory_that_exists_keeps_its_mode(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(mkdir_p("keep", 0700), 0);
	assert_int_equal(mkdir_p("keep", 0755), 0);
	assert_int_equal(stat("keep", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void a_file_in_the_way_of_a_directory_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(write_text("file", O_CREAT, "x"), 0);
	assert_int_equal(mkdir_p("file", 0755), -EEXIST);
	assert_int_equal(mkdir_p("file/below", 0755), -EEXIST);
}

static void text_is_read_without_the_end_of_its_line(void **state)
{
	char buf[8];

	(void)state;
	assert_int_equal(write_text("t", O_CREAT | O_TRUNC, "abc \n"), 0);
	assert_int_equal(read_text("t", buf, sizeof(buf)), 3);
	assert_string_equal(buf, "abc");
	assert_int_equal(write_text("t", O_CREAT | O_TRUNC, "0123456789"), 0);
	assert_int_equal(read_text("t", buf, sizeof(buf)), 7);
	assert_int_equal(read_text("none", buf, sizeof(buf)), -ENOENT);
	assert_string_equal(buf, "");
}

/* A child that waits, under a name that looks like the fields behind it. */
static pid_t start_child(const char *name)
{
	int ready[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, name);
		setsid();
		close(ready[0]);
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 0);
	close(ready[0]);
	return pid;
}

static void a_process_cannot_lie_by_its_name(void **state)
{
	pid_t pid = start_child(") Z 2 2 2 2 2");
	struct proc p;

	(void)state;
	assert_int_equal(proc_read(pid, &p), 0);
	assert_int_equal(p.pid, pid);
	assert_int_equal(p.ppid, getpid());
	assert_int_equal(p.sid, pid);
	assert_true(p.alive);
	assert_false(p.kernel);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(proc_read(pid, &p) < 0);
}

static void a_zombie_is_not_alive(void **state)
{
	pid_t pid = start_child("short");
	siginfo_t info;
	struct proc p;

	(void)state;
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(proc_read(pid, &p), 0);
	assert_false(p.alive);
	waitpid(pid, NULL, 0);
}

static void *wait_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

/* Its first thread ends and another one stays: the state in stat is Z. */
static void a_process_whose_first_thread_ended_is_alive(void **state)
{
	struct proc p;
	char text[512];
	pid_t pid = fork();
	int zombie = 0;

	(void)state;
	if (pid == 0) {
		pthread_t t;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pthread_create(&t, NULL, wait_for_ever, NULL);
		pthread_exit(NULL);
	}
	snprintf(text, sizeof(text), "/proc/%d/stat", pid);
	for (int i = 0; !zombie && i < 5000; i++) {
		char line[512];

		read_text(text, line, sizeof(line));
		zombie = strstr(line, ") Z ") != NULL;
		usleep(1000);
	}
	assert_true(zombie);
	assert_int_equal(proc_read(pid, &p), 0);
	assert_true(p.alive);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int open_sparse(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "middle", 6, 8 << 20), 6);
	assert_int_equal(ftruncate(fd, 16 << 20), 0);
	return fd;
}

static void a_core_is_copied_with_its_holes(void **state)
{
	struct stat st;
	char buf[6];
	int to;

	(void)state;
	mkdir_p("from", 0755);
	mkdir_p("to", 0755);
	close(open_sparse("from/core"));
	int from_dir = open("from", O_RDONLY | O_DIRECTORY);
	int to_dir = open("to", O_RDONLY | O_DIRECTORY);

	assert_int_equal(copy_file(from_dir, to_dir, "core"), 0);
	to = openat(to_dir, "core", O_RDONLY);
	assert_int_equal(fstat(to, &st), 0);
	assert_int_equal(st.st_size, 16 << 20);
	assert_true(st.st_blocks * 512 < 1 << 20);
	assert_int_equal(pread(to, buf, 6, 8 << 20), 6);
	assert_memory_equal(buf, "middle", 6);
	close(to);
	/* Nothing is overwritten, and no link is followed. */
	assert_int_equal(copy_file(from_dir, to_dir, "core"), -EEXIST);
	assert_int_equal(symlinkat("/etc/passwd", from_dir, "link"), 0);
	assert_int_equal(copy_file(from_dir, to_dir, "link"), -ELOOP);
	close(from_dir);
	close(to_dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_part_takes_the_rest),
		cmocka_unit_test(missing_parts_are_told_and_empty_ones_count),
		cmocka_unit_test(numbers_have_nothing_around_them),
		cmocka_unit_test(directories_are_made_with_their_parents),
		cmocka_unit_test(a_directory_that_exists_keeps_its_mode),
		cmocka_unit_test(a_file_in_the_way_of_a_directory_is_an_error),
		cmocka_unit_test(text_is_read_without_the_end_of_its_line),
		cmocka_unit_test(a_process_cannot_lie_by_its_name),
		cmocka_unit_test(a_zombie_is_not_alive),
		cmocka_unit_test(a_process_whose_first_thread_ended_is_alive),
		cmocka_unit_test(a_core_is_copied_with_its_holes),
	};

	return cmocka_run_group_tests(tests, enter_dir, leave_dir);
}
