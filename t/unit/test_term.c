// SPDX-License-Identifier: GPL-2.0-only
/* A terminal that is raw for a while, on a pty. */
#include "t/unit/unit.h"

#include <pty.h>
#include <sys/ioctl.h>

#include "base/term.h"

static int master, slave;
static struct termios before;

static int begin(void **state)
{
	const struct winsize size = {.ws_row = 33, .ws_col = 99};

	(void)state;
	return openpty(&master, &slave, NULL, NULL, &size) < 0 || tcgetattr(slave, &before) < 0;
}

static int end(void **state)
{
	(void)state;
	close(master);
	close(slave);
	return 0;
}

static bool as_before(void)
{
	struct termios now;

	assert_int_equal(tcgetattr(slave, &now), 0);
	return now.c_iflag == before.c_iflag && now.c_oflag == before.c_oflag &&
	       now.c_lflag == before.c_lflag && now.c_cflag == before.c_cflag;
}

static void it_is_raw_and_then_as_it_was(void **state)
{
	struct termios now;
	struct term t;

	(void)state;
	assert_int_equal(term_raw(slave, &t, NULL), 0);
	assert_int_equal(tcgetattr(slave, &now), 0);
	assert_false(now.c_lflag & (ICANON | ECHO | ISIG));
	assert_false(as_before());
	/* Ours alone does not block. */
	assert_true(fcntl(t.fd, F_GETFL) & O_NONBLOCK);
	assert_false(fcntl(slave, F_GETFL) & O_NONBLOCK);
	term_restore(&t);
	assert_true(as_before());
	term_restore(&t);
}

/* A child makes it raw and is killed. */
static void killed_it_is_as_it_was(void **state)
{
	int ready[2];
	struct term t;
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (term_raw(slave, &t, NULL) < 0 || write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_false(as_before());
	kill(pid, SIGKILL);
	assert_int_equal(unit_wait(pid), 1000 + SIGKILL);
	for (int i = 0; i < 5000 && !as_before(); i++)
		usleep(1000);
	assert_true(as_before());
	close(ready[0]);
	close(ready[1]);
}

static void what_is_no_terminal_is_an_error(void **state)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct err err = {0};
	struct term t;

	(void)state;
	assert_int_equal(term_raw(fd, &t, &err), -ENOTTY);
	term_restore(&t);
	close(fd);
}

static void its_size(void **state)
{
	int rows, cols, fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)state;
	term_size(slave, &rows, &cols);
	assert_int_equal(rows, 33);
	assert_int_equal(cols, 99);
	term_size(fd, &rows, &cols);
	assert_int_equal(rows, 24);
	assert_int_equal(cols, 80);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_is_raw_and_then_as_it_was, begin, end),
		cmocka_unit_test_setup_teardown(killed_it_is_as_it_was, begin, end),
		cmocka_unit_test_setup_teardown(what_is_no_terminal_is_an_error, begin, end),
		cmocka_unit_test_setup_teardown(its_size, begin, end),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
