// SPDX-License-Identifier: GPL-2.0-only
/* Switches of VDE: joined, started, ended. */
#include "t/unit/keeper.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "base/file.h"
#include "run/vdeswitch.h"

static char *path_before;

static void network_init(struct network *n)
{
	*n = (struct network)NETWORK_INIT;
	n->vde = xasprintf("%s/switch", unit_dir);
}

static void network_done(struct network *n)
{
	vdeswitch_end(n);
	free(n->vde);
	free(n->lock);
}

/* A program of that name that is found first. */
static void program(const char *name, const char *script)
{
	_cleanup_free_ char *path = xasprintf("bin/%s", name);
	_cleanup_free_ char *first = xasprintf("%s/bin:%s", unit_dir, path_before);

	assert_int_equal(mkdir_p("bin", 0755, NULL), 0);
	unit_write(path, script);
	assert_int_equal(chmod(path, 0755), 0);
	setenv("PATH", first, 1);
}

static int forget_programs(void **state)
{
	(void)state;
	setenv("PATH", path_before, 1);
	return 0;
}

static void test_started_joined_and_ended(void **state)
{
	struct network first, second, third;
	pid_t pid;

	(void)state;
	network_init(&first);
	network_init(&second);
	network_init(&third);
	assert_int_equal(vdeswitch_start(&first, unit_keeper(), NULL), 0);
	assert_true(first.pids[0] > 0);
	assert_int_equal(first.host, VM_NET_HOST);
	assert_int_equal(vdeswitch_start(&second, unit_keeper(), NULL), 0);
	assert_int_equal(second.pids[0], 0);
	assert_int_equal(second.host, VM_NET_HOST + 1);
	network_done(&second);
	/* What the second had is free again. */
	assert_int_equal(vdeswitch_start(&third, unit_keeper(), NULL), 0);
	assert_int_equal(third.host, VM_NET_HOST + 1);
	network_done(&third);
	pid = first.pids[0];
	network_done(&first);
	assert_true(unit_gone(pid));
	assert_false(unit_exists("switch"));
}

/* The file of a socket that nobody has. */
static void dead_socket(const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(sa.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	close(fd);
}

/* The user's directory: what is not the switch's stays. */
static void test_only_its_own_sockets_are_removed(void **state)
{
	struct network n;

	(void)state;
	network_init(&n);
	assert_int_equal(vdeswitch_start(&n, unit_keeper(), NULL), 0);
	dead_socket("switch/003.4711");
	dead_socket("switch/mine");
	unit_write("switch/004.1", "mine");
	network_done(&n);
	assert_false(unit_exists("switch/003.4711"));
	assert_false(unit_exists("switch/ctl"));
	assert_int_equal(unlink("switch/mine"), 0);
	assert_int_equal(unlink("switch/004.1"), 0);
	assert_int_equal(rmdir("switch"), 0);
}

static void test_the_socket_of_one_that_was_killed(void **state)
{
	struct network n;

	(void)state;
	assert_int_equal(mkdir("switch", 0700), 0);
	dead_socket("switch/ctl");
	network_init(&n);
	assert_int_equal(vdeswitch_start(&n, unit_keeper(), NULL), 0);
	assert_true(n.pids[0] > 0);
	network_done(&n);
	assert_int_equal(rmdir("switch"), 0);
}

/* vde_switch sets modes and removes what it finds. */
static void test_a_directory_of_the_users_is_as_before(void **state)
{
	struct network n;
	struct stat st;

	(void)state;
	assert_int_equal(mkdir("switch", 0755), 0);
	network_init(&n);
	assert_int_equal(vdeswitch_start(&n, unit_keeper(), NULL), 0);
	assert_int_equal(stat("switch", &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0755);
	network_done(&n);
	assert_int_equal(stat("switch", &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0755);
	assert_int_equal(rmdir("switch"), 0);
}

static void test_a_directory_with_other_files_is_refused(void **state)
{
	struct err err = {0};
	struct network n;
	struct stat st;

	(void)state;
	assert_int_equal(mkdir("switch", 0755), 0);
	unit_write("switch/mine", "");
	network_init(&n);
	assert_int_equal(vdeswitch_start(&n, unit_keeper(), &err), -ENOTEMPTY);
	assert_non_null(strstr(err.msg, "such as mine; name a directory that is new or empty"));
	network_done(&n);
	assert_int_equal(stat("switch", &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0755);
	assert_int_equal(unlink("switch/mine"), 0);
	assert_int_equal(rmdir("switch"), 0);
}

/* Of two that come together one starts it, the other joins. */
static void test_two_at_the_same_time(void **state)
{
	struct network n;
	int status;

	(void)state;
	for (int i = 0; i < 30; i++) {
		pid_t pid = fork();

		network_init(&n);
		if (pid == 0) {
			bool well = vdeswitch_start(&n, unit_keeper(), NULL) == 0;

			network_done(&n);
			_exit(!well);
		}
		assert_int_equal(vdeswitch_start(&n, unit_keeper(), NULL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		network_done(&n);
		assert_false(unit_exists("switch"));
	}
}

static void test_one_that_ends_at_once(void **state)
{
	struct err err = {0};
	struct network n;

	(void)state;
	program("vde_switch", "#!/bin/sh\nexit 3\n");
	network_init(&n);
	assert_int_equal(vdeswitch_start(&n, unit_keeper(), &err), -EIO);
	assert_string_equal(err.msg, "vde_switch: exit status 3");
	assert_int_equal(n.pids[0], 0);
	network_done(&n);
	assert_false(unit_exists("switch"));
}

static void test_no_address_is_left(void **state)
{
	struct network all[256], n;
	struct err err = {0};
	int taken = 0, r;

	(void)state;
	do {
		network_init(&all[taken]);
		r = vdeswitch_start(&all[taken++], unit_keeper(), &err);
	} while (r == 0);
	assert_int_equal(r, -EBUSY);
	assert_string_equal(err.msg, "no address is free on it");
	assert_int_equal(all[taken - 2].host, 249);
	/* One that leaves makes room. */
	network_done(&all[--taken]);
	network_done(&all[--taken]);
	network_init(&n);
	assert_int_equal(vdeswitch_start(&n, unit_keeper(), NULL), 0);
	assert_int_equal(n.host, 249);
	network_done(&n);
	while (taken)
		network_done(&all[--taken]);
	assert_false(unit_exists("switch"));
}

static void test_a_directory_that_is_a_file(void **state)
{
	struct err err = {0};
	struct network n;

	(void)state;
	unit_write("switch", "");
	network_init(&n);
	assert_true(vdeswitch_start(&n, unit_keeper(), &err) < 0);
	assert_non_null(strstr(err.msg, "/switch"));
	network_done(&n);
	assert_int_equal(unlink("switch"), 0);
}

static void test_missing_programs(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(vdeswitch_check(&err), 0);
	setenv("PATH", "/nowhere", 1);
	assert_int_equal(vdeswitch_check(&err), -ENOENT);
	assert_string_equal(err.msg, "-n vde: vde_switch is missing (Debian: vde2)");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_started_joined_and_ended),
		cmocka_unit_test(test_only_its_own_sockets_are_removed),
		cmocka_unit_test(test_a_directory_of_the_users_is_as_before),
		cmocka_unit_test(test_a_directory_with_other_files_is_refused),
		cmocka_unit_test(test_two_at_the_same_time),
		cmocka_unit_test(test_the_socket_of_one_that_was_killed),
		cmocka_unit_test_teardown(test_one_that_ends_at_once, forget_programs),
		cmocka_unit_test(test_no_address_is_left),
		cmocka_unit_test(test_a_directory_that_is_a_file),
		cmocka_unit_test_teardown(test_missing_programs, forget_programs),
	};

	unit_be_keeper(argc, argv);
	alarm(100);
	path_before = getenv("PATH");
	path_before = xstrdup(path_before ? path_before : "/usr/bin:/bin");
	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
