// SPDX-License-Identifier: GPL-2.0-only
/* Logs of jobs side by side: whose words come where, and when. */
#include "t/unit/unit.h"

#include "base/str.h"
#include "run/blocks.h"

static struct strbuf screen;
static struct blocks *bs;
static struct block *a, *b, *c;
static int log_fd;

static void on_show(void *arg, const char *text, size_t len)
{
	(void)arg;
	strbuf_add(&screen, text, len);
}

static void screen_is(const char *want)
{
	assert_string_equal(screen.s ? screen.s : "", want);
	strbuf_done(&screen);
	screen = (struct strbuf){0};
}

static void log_is(const char *want)
{
	assert_string_equal(unit_read("log"), want);
}

static void open_all(bool several, bool sole)
{
	assert_int_equal(blocks_new(".", several, on_show, NULL, &bs, NULL), 0);
	assert_int_equal(block_new(bs, log_fd, sole, &a, NULL), 0);
	assert_int_equal(block_new(bs, log_fd, sole, &b, NULL), 0);
	assert_int_equal(block_new(bs, log_fd, sole, &c, NULL), 0);
}

static int setup(void **state)
{
	(void)state;
	unlink("log");
	log_fd = open("log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	screen = (struct strbuf){0};
	return log_fd < 0;
}

static int teardown(void **state)
{
	(void)state;
	blocks_free(bs);
	strbuf_done(&screen);
	close(log_fd);
	return 0;
}

/* As conlog does it. */
static void say(struct block *x, const char *text)
{
	assert_int_equal(write(block_fd(x), text, strlen(text)), strlen(text));
	block_said(x, text, strlen(text));
}

static void end(struct block *x)
{
	assert_int_equal(block_end(x, NULL), 0);
}

static void test_alone(void **state)
{
	(void)state;
	open_all(false, true);
	assert_int_equal(block_fd(a), log_fd);
	say(a, "a1\n");
	log_is("a1\n");
	screen_is("a1\n");
	end(a);
	say(a, "a2\n");
	log_is("a1\na2\n");
	screen_is("a2\n");
}

/* One after the other: the guest that is saved for the others says its words first. */
static void test_one_after_the_other(void **state)
{
	(void)state;
	open_all(false, true);
	say(a, "a1\n");
	end(a);
	say(b, "b1\n");
	screen_is("a1\nb1\n");
}

static void test_blocks_stay_whole(void **state)
{
	(void)state;
	open_all(true, false);
	say(a, "a1\n");
	say(b, "b1\n");
	say(a, "a2\n");
	say(b, "b2\n");
	log_is("");
	screen_is("a1\na2\n");
	end(b);
	log_is("b1\nb2\n");
	screen_is("");
	say(b, "b3\n");
	end(b);
	say(a, "a3\n");
	end(a);
	log_is("b1\nb2\nb3\na1\na2\na3\n");
	screen_is("a3\nb1\nb2\nb3\n");
}

/* To whoever began first; what that said meanwhile comes at once. */
static void test_focus_goes_on(void **state)
{
	(void)state;
	open_all(true, false);
	say(a, "a1\n");
	say(b, "b1\n");
	say(c, "c1\n");
	end(b);
	say(b, "b2\n");
	screen_is("a1\n");
	end(a);
	screen_is("b1\nc1\n");
	say(a, "a2\n");
	say(c, "c2\n");
	screen_is("c2\n");
	block_free(c);
	screen_is("b2\n");
	log_is("b1\na1\nc1\nc2\n");
}

static void test_nobody_in_focus(void **state)
{
	(void)state;
	open_all(true, false);
	say(a, "a1\n");
	end(a);
	screen_is("a1\n");
	/* What says nothing is not waited for. */
	end(b);
	say(c, "c1\n");
	screen_is("c1\n");
}

/* The only one that writes to its log need not hold it back. */
static void test_sole(void **state)
{
	(void)state;
	open_all(true, true);
	say(a, "a1\n");
	assert_int_equal(block_sync(a, NULL), 0);
	log_is("a1\n");
	say(a, "a2\n");
	end(a);
	end(a);
	log_is("a1\na2\n");
}

static void test_not_sole(void **state)
{
	(void)state;
	open_all(true, false);
	say(a, "a1\n");
	assert_int_equal(block_sync(a, NULL), 0);
	log_is("");
}

/* The log has the bytes, the terminal what it can have of them. */
static void test_escaped(void **state)
{
	(void)state;
	open_all(true, false);
	say(a, "a\n");
	say(b, "\033[2J\n");
	end(b);
	end(a);
	screen_is("a\n^[[2J\n");
	log_is("\033[2J\na\n");
}

static void test_long(void **state)
{
	static char line[1001];
	struct strbuf want = {0};

	(void)state;
	open_all(true, false);
	say(a, "a\n");
	memset(line, 'x', 999);
	line[999] = '\n';
	for (int i = 0; i < 300; i++) {
		say(b, line);
		strbuf_puts(&want, line);
	}
	end(b);
	screen_is("a\n");
	end(a);
	screen_is(want.s);
	strbuf_done(&want);
}

/* What is left is shown in any case. */
static void test_cut_off(void **state)
{
	(void)state;
	open_all(true, false);
	say(a, "a1\n");
	say(b, "b1\n");
	blocks_free(bs);
	bs = NULL;
	screen_is("a1\nb1\n");
	assert_int_equal(strlen(unit_read("log")), 6);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_alone),
		TEST(test_one_after_the_other),
		TEST(test_blocks_stay_whole),
		TEST(test_focus_goes_on),
		TEST(test_nobody_in_focus),
		TEST(test_sole),
		TEST(test_not_sole),
		TEST(test_escaped),
		TEST(test_long),
		TEST(test_cut_off),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
