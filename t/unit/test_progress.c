// SPDX-License-Identifier: GPL-2.0-only
/* The line at the bottom of the terminal: what it says, and that it never mixes with other output.
 */
#include "t/unit/unit.h"

#include <poll.h>
#include <sys/ioctl.h>

#include "base/loop.h"
#include "report/progress.h"

#define ERASE  "\r\033[K"
#define SECOND NSEC_PER_SEC

static const struct run_progress running = {
	.file = "disks",
	.subtest = "unplug",
	.phase = "run",
	.done = 3,
	.total = 10,
	.failed = 1,
	.elapsed_ns = 83 * SECOND,
};

static void format_is(const struct run_progress *p, size_t width, const char *want)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	progress_format(p, width, &b);
	assert_string_equal(b.s, want);
}

static void test_format(void **state)
{
	struct run_progress p = running;

	(void)state;
	format_is(&p, 80, "1:23  3 of 10 done, 1 failed  disks unplug");
	p.failed = 0;
	p.elapsed_ns = 3661 * SECOND;
	format_is(&p, 80, "1:01:01  3 of 10 done  disks unplug");
	p.subtest = NULL;
	p.phase = "boot";
	format_is(&p, 80, "1:01:01  3 of 10 done  disks (boot)");
	p.total = 0;
	p.file = NULL;
	p.elapsed_ns = -1;
	format_is(&p, 80, "0:00  3 done (boot)");
}

static void test_format_is_safe(void **state)
{
	struct run_progress p = running;

	(void)state;
	p.subtest = "a\nb\x1b[2J";
	format_is(&p, 80, "1:23  3 of 10 done, 1 failed  disks a\\nb\\x1b[2J");
	format_is(&p, 20, "1:23  3 of 10 don...");
}

/* ---- on a terminal, as far as it is a stream of bytes */

static char *screen;
static size_t screen_len, seen;
static FILE *f;
static struct progress *p;

static int setup(void **state)
{
	(void)state;
	seen = 0;
	f = open_memstream(&screen, &screen_len);
	fflush(f);
	p = progress_new(f, 40);
	loop_fake_clock(1000 * SECOND);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	progress_free(p);
	fclose(f);
	free(screen);
	loop_fake_clock(-1);
	return 0;
}

/* What came since the last call. */
static void screen_is(const char *want)
{
	fflush(f);
	assert_string_equal(screen + seen, want);
	seen = screen_len;
}

#define LINE "1:23  3 of 10 done, 1 failed  disks ..."

static void test_drawn_and_erased(void **state)
{
	(void)state;
	progress_show(p, &running);
	screen_is(ERASE LINE);
	progress_show(p, &running);
	screen_is(ERASE LINE);
	progress_erase(p);
	screen_is(ERASE);
	progress_erase(p);
	screen_is("");
}

static void test_text_takes_its_place(void **state)
{
	(void)state;
	progress_show(p, &running);
	screen_is(ERASE LINE);
	loop_fake_clock(1001 * SECOND);
	progress_write(p, "hello\n", 6);
	screen_is(ERASE "hello\n" ERASE LINE);
}

/* A line of text that has not ended is not drawn into. */
static void test_half_a_line(void **state)
{
	(void)state;
	progress_show(p, &running);
	loop_fake_clock(1001 * SECOND);
	progress_write(p, "hel", 3);
	screen_is(ERASE LINE ERASE "hel");
	progress_show(p, &running);
	screen_is("");
	progress_write(p, "lo\n", 3);
	screen_is("lo\n" ERASE LINE);
}

static void test_a_flood_is_not_slowed_down(void **state)
{
	(void)state;
	progress_show(p, &running);
	progress_write(p, "1\n", 2);
	loop_fake_clock(1000 * SECOND + 50 * NSEC_PER_MSEC);
	progress_write(p, "2\n", 2);
	screen_is(ERASE LINE ERASE "1\n2\n");
	loop_fake_clock(1000 * SECOND + 100 * NSEC_PER_MSEC);
	progress_write(p, "3\n", 2);
	screen_is("3\n" ERASE LINE);
}

static void test_before_there_is_one(void **state)
{
	(void)state;
	progress_write(p, "hello\n", 6);
	progress_write(p, "", 0);
	progress_erase(p);
	screen_is("hello\n");
}

/* ---- several at a time */

static const struct run_guest guests[] = {
	{"disks", "unplug", "run", "a\033[2Jb", 5 * SECOND},
	{"net", NULL, "boot", NULL, 83 * SECOND},
	{"net", "a name that is very long indeed", "init", "last words", 0},
};

static const struct run_progress several = {
	.several = true,
	.guests = guests,
	.nguests = 3,
	.done = 3,
	.total = 10,
	.failed = 1,
	.elapsed_ns = 83 * SECOND,
	.left_ns = 185 * SECOND,
};

static void view_is(const struct run_progress *now, size_t width, size_t height, const char *want)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	progress_view(now, width, height, &b);
	assert_string_equal(b.s, want);
}

static void test_view(void **state)
{
	struct run_progress now = several;

	(void)state;
	view_is(&now, 60, 20,
		"   0:05  disks unplug          a\\x1b[2Jb\n"
		"   1:23  net                   (boot)\n"
		"   0:00  net a name that i...  (init) last words\n"
		"   1:23  [####..........]  3 of 10 done, 1 failed, 3:05 left");
}

static void test_view_is_bounded(void **state)
{
	struct run_progress now = several;

	(void)state;
	view_is(&now, 34, 3,
		"   0:05  disks un...  a\\x1b[2Jb\n"
		"         and 2 more\n"
		"   1:23  3 of 10 done, 1 failed...");
	now.left_ns = -1;
	now.failed = 0;
	view_is(&now, 40, 1, "   1:23  [####...........]  3 of 10 done");
	now.nguests = 0;
	now.total = 0;
	view_is(&now, 40, 5, "   1:23  3 done");
}

/* A terminal of our own, of so many rows and columns. */
static int terminal(int rows, int columns, FILE **out)
{
	struct winsize ws = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

	assert_true(master >= 0);
	assert_int_equal(grantpt(master) | unlockpt(master), 0);
	assert_int_equal(ioctl(master, TIOCSWINSZ, &ws), 0);
	*out = fopen(ptsname(master), "w");
	assert_non_null(*out);
	return master;
}

static void resize(int master, int rows, int columns)
{
	struct winsize ws = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};

	assert_int_equal(ioctl(master, TIOCSWINSZ, &ws), 0);
}

/* What is written to a terminal comes out of its other end in pieces. */
static void master_is(int master, const char *want)
{
	struct pollfd more = {.fd = master, .events = POLLIN};
	char got[4096];
	size_t len = 0;
	ssize_t n;

	while (len < strlen(want) && poll(&more, 1, 5000) == 1) {
		n = read(master, got + len, sizeof(got) - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	got[len] = '\0';
	assert_string_equal(got, want);
}

#define TWO "   0:05  disks unplug  a\\x1b[2Jb\r\n   1:23  3 of 10 done, 1 failed"

static void test_lines_and_resizing(void **state)
{
	struct run_progress now = several;
	struct progress *view;
	FILE *tty;
	int master = terminal(10, 40, &tty);

	(void)state;
	now.nguests = 1;
	now.left_ns = -1;
	view = progress_new(tty, 80);
	progress_show(view, &now);
	master_is(master, ERASE TWO);
	progress_show(view, &now);
	master_is(master, "\r\033[1A\033[J" TWO);
	/* Both lines stand on two rows each now. */
	resize(master, 10, 25);
	progress_show(view, &now);
	master_is(master, "\r\033[3A\033[J"
			  "   0:05  disks...  a...\r\n   1:23  3 of 10 done...");
	/* A line less. */
	now.nguests = 0;
	progress_show(view, &now);
	master_is(master, "\r\033[1A\033[J   1:23  3 of 10 done...");
	progress_free(view);
	master_is(master, ERASE);
	fclose(tty);
	close(master);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_format_is_safe),
		cmocka_unit_test_setup_teardown(test_drawn_and_erased, setup, teardown),
		cmocka_unit_test_setup_teardown(test_text_takes_its_place, setup, teardown),
		cmocka_unit_test_setup_teardown(test_half_a_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_flood_is_not_slowed_down, setup, teardown),
		cmocka_unit_test_setup_teardown(test_before_there_is_one, setup, teardown),
		cmocka_unit_test(test_view),
		cmocka_unit_test(test_view_is_bounded),
		cmocka_unit_test(test_lines_and_resizing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
