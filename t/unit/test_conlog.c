// SPDX-License-Identifier: GPL-2.0-only
/* The console on its way to the logs: lines, stamps, limits, errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/loop.h"
#include "base/str.h"
#include "reach/liveesc.h"
#include "run/conlog.h"

#define START (100 * NSEC_PER_SEC)

struct fixture {
	struct conlog *c;
	int subtest, run;
	struct strbuf live, lines; /* what live() and line() got, lines with '|' behind each */
	int switch_to;		   /* line() moves to this log at "GO", drops "DROP" */
};

static void on_live(void *arg, const char *text, size_t len)
{
	struct fixture *f = arg;

	strbuf_add(&f->live, text, len);
}

static enum conlog_action on_line(void *arg, const char *line, size_t len)
{
	struct fixture *f = arg;

	strbuf_add(&f->lines, line, len);
	strbuf_putc(&f->lines, '|');
	if (len == 2 && !memcmp(line, "GO", 2)) {
		assert_int_equal(conlog_subtest(f->c, f->switch_to, NULL), 0);
		f->subtest = f->switch_to;
	}
	if (len != 4 || memcmp(line, "DROP", 4) != 0)
		return CONLOG_KEEP;
	conlog_note(f->c, NULL, "instead %d", 1);
	return CONLOG_DROP;
}

static int memory_file(void)
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void setup(struct fixture *f, uint64_t limit, bool escape)
{
	struct conlog_options o = {.start_ns = START,
				   .log_limit = limit,
				   .tmp_dir = "/tmp",
				   .line = on_line,
				   .live = on_live,
				   .arg = f,
				   .live_escape = escape};

	*f = (struct fixture){.subtest = memory_file(), .run = memory_file(), .switch_to = -1};
	loop_fake_clock(START + 12 * NSEC_PER_SEC + 999);
	o.run_fd = f->run;
	f->c = conlog_new(&o);
	assert_int_equal(conlog_subtest(f->c, f->subtest, NULL), 0);
}

static void teardown(struct fixture *f)
{
	conlog_free(f->c);
	close(f->subtest);
	close(f->run);
	strbuf_done(&f->live);
	strbuf_done(&f->lines);
	loop_fake_clock(-1);
}

static void feed(struct fixture *f, const char *text)
{
	assert_int_equal(conlog_feed(f->c, text, strlen(text), NULL), 0);
}

static char *content(int fd, size_t *len)
{
	char *text;

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(file_read_fd(fd, "log", 64 << 20, &text, len, NULL), 0);
	return text;
}

static void assert_log(int fd, const char *expected)
{
	size_t len;
	_cleanup_free_ char *text = content(fd, &len);

	assert_string_equal(len ? text : "", expected);
	assert_int_equal(len, strlen(expected));
}

static void test_stamps_both_logs(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 0, false);
	feed(&f, "one\ntwo\r\nth\ree\n\n");
	loop_fake_clock(START + 123456 * NSEC_PER_SEC);
	feed(&f, "late\n");
	assert_log(f.subtest, "00012 one\n00012 two\n00012 th\ree\n00012 \n123456 late\n");
	assert_log(f.run, "00012 one\n00012 two\n00012 th\ree\n00012 \n123456 late\n");
	assert_string_equal(f.live.s, "00012 one\n00012 two\n00012 th\ree\n00012 \n123456 late\n");
	assert_string_equal(f.lines.s, "one|two|th\ree||late|");
	assert_int_equal(conlog_bytes(f.c), 21);
	teardown(&f);
}

/* However the bytes are cut, the lines are the same; none is written before it is whole. */
static void test_pieces(void **state)
{
	static const char text[] = "alpha\r\nbeta\n\ngamma\r\n";
	struct fixture f;

	(void)state;
	for (size_t cut = 1; cut < sizeof(text); cut++) {
		setup(&f, 0, false);
		for (size_t i = 0; i < sizeof(text) - 1; i += cut) {
			size_t n = sizeof(text) - 1 - i < cut ? sizeof(text) - 1 - i : cut;

			assert_int_equal(conlog_feed(f.c, text + i, n, NULL), 0);
		}
		assert_log(f.subtest, "00012 alpha\n00012 beta\n00012 \n00012 gamma\n");
		assert_string_equal(f.lines.s, "alpha|beta||gamma|");
		teardown(&f);
	}
	setup(&f, 0, false);
	feed(&f, "login: ");
	assert_log(f.run, "");
	assert_int_equal(conlog_flush(f.c, NULL), 0);
	assert_log(f.run, "00012 login: \n");
	assert_int_equal(conlog_flush(f.c, NULL), 0);
	assert_log(f.run, "00012 login: \n");
	teardown(&f);
}

static void test_all_bytes_are_kept(void **state)
{
	static const char text[] = "a\0b\xff\x1b[31m\x01\n";
	static const char kept[] = "00012 a\0b\xff\x1b[31m\x01\n";
	_cleanup_free_ char *log = NULL;
	struct fixture f;
	size_t len;

	(void)state;
	setup(&f, 0, true);
	assert_int_equal(conlog_feed(f.c, text, sizeof(text) - 1, NULL), 0);
	log = content(f.subtest, &len);
	assert_int_equal(len, sizeof(kept) - 1);
	assert_memory_equal(log, kept, len);
	assert_string_equal(f.live.s, "00012 a^@b\\xff^[[31m^A\n");
	teardown(&f);
}

static void test_escape(void **state)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{"plain\ttext\n", "plain\ttext\n"},
		{"\r\x7f\x1b]0;title\x07", "^M^?^[]0;title^G"},
		{"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xa7",
		 "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xa7"},
		{"\x9b"
		 "31m \xc2\x9b",
		 "\\x9b31m \\xc2\\x9b"},
		{"\xc0\x9b \xe0\x80\x9b \xed\xa0\x80 \xf5\x80", "\\xc0\\x9b \\xe0\\x80\\x9b "
								"\\xed\\xa0\\x80 \\xf5\\x80"},
		{"\xe2\x82", "\\xe2\\x82"},
	};
	char out[256];
	size_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		n = live_escape(t[i].in, strlen(t[i].in), out);
		out[n] = 0;
		assert_string_equal(out, t[i].out);
	}
}

static void test_long_lines_are_broken(void **state)
{
	size_t size = 2 * CONLOG_LINE_MAX + 20, len, lines = 0;
	_cleanup_free_ char *big = xmalloc(size), *log = NULL;
	struct fixture f;

	(void)state;
	setup(&f, 0, false);
	memset(big, 'x', size);
	/* What is behind the break begins no line for those who look for verdicts. */
	memcpy(big + CONLOG_LINE_MAX, "TEST SUCCESS", 12);
	big[size - 1] = '\n';
	assert_int_equal(conlog_feed(f.c, big, 1000, NULL), 0);
	assert_int_equal(conlog_feed(f.c, big + 1000, size - 1000, NULL), 0);
	feed(&f, "next\n");
	log = content(f.subtest, &len);
	for (size_t i = 0; i < len; i++)
		lines += log[i] == '\n';
	assert_int_equal(lines, 4);
	assert_int_equal(len, size - 1 + 3 * 7 + 11);
	assert_int_equal(f.lines.len, CONLOG_LINE_MAX + 1 + 5);
	assert_string_equal(f.lines.s + CONLOG_LINE_MAX, "|next|");
	teardown(&f);
}

/* Each subtest gets its lines, the run's log all; an unfinished line stays where it began. */
static void test_subtests(void **state)
{
	int first, second = memory_file();
	struct fixture f;

	(void)state;
	setup(&f, 0, false);
	first = f.subtest;
	feed(&f, "a\npartial");
	assert_int_equal(conlog_subtest(f.c, -1, NULL), 0);
	feed(&f, "between\n");
	assert_int_equal(conlog_subtest(f.c, second, NULL), 0);
	conlog_note(f.c, NULL, "========= TEST   %s", "b");
	feed(&f, "b\n");
	assert_log(first, "00012 a\n00012 partial\n");
	assert_log(second, "00012 ========= TEST   b\n00012 b\n");
	assert_log(f.run, "00012 a\n00012 partial\n00012 between\n"
			  "00012 ========= TEST   b\n00012 b\n");
	/* ktest's own lines are no console. */
	assert_string_equal(f.lines.s, "a|partial|between|b|");
	teardown(&f);
	close(second);
}

/* A foreign library's lines: the one that begins a subtest is its first, one that ends it is
 * replaced by ours. */
static void test_line_callback_directs(void **state)
{
	struct fixture f;
	int first;

	(void)state;
	setup(&f, 0, false);
	first = f.subtest;
	f.switch_to = memory_file();
	feed(&f, "one\nGO\ntwo\nDROP\nthree\n");
	assert_log(first, "00012 one\n");
	assert_log(f.subtest, "00012 GO\n00012 two\n00012 instead 1\n00012 three\n");
	assert_log(f.run, "00012 one\n00012 GO\n00012 two\n00012 instead 1\n00012 three\n");
	teardown(&f);
	close(first);
}

static void feed_numbers(struct fixture *f, int n)
{
	char line[32];

	for (int i = 0; i < n; i++) {
		snprintf(line, sizeof(line), "line %06d\n", i);
		feed(f, line);
	}
}

/* 18 bytes a line: of 1,000 lines the first 111 and the last 110 fit in 2,000 bytes a half. */
static void test_limit(void **state)
{
	_cleanup_free_ char *log = NULL, *run = NULL;
	_cleanup_strbuf_ struct strbuf expected = {0};
	struct fixture f;
	size_t len;

	(void)state;
	setup(&f, 4000, false);
	feed_numbers(&f, 1000);
	conlog_note(f.c, NULL, "========= PASSED x in 1s");
	assert_int_equal(conlog_subtest(f.c, -1, NULL), 0);
	for (int i = 0; i < 111; i++)
		strbuf_addf(&expected, "00012 line %06d\n", i);
	/* 31 bytes of verdict and 109 lines stay of the tail's 2,000, less the line it cuts. */
	strbuf_addf(&expected, "00012 [ktest: %d bytes left out]\n", (1000 - 111 - 109) * 18);
	for (int i = 1000 - 109; i < 1000; i++)
		strbuf_addf(&expected, "00012 line %06d\n", i);
	strbuf_puts(&expected, "00012 ========= PASSED x in 1s\n");
	log = content(f.subtest, &len);
	assert_string_equal(log, expected.s);
	run = content(f.run, &len);
	assert_string_equal(run, expected.s);
	teardown(&f);
}

/* Up to the limit nothing is left out, and the next subtest has a limit of its own. */
static void test_limit_not_reached(void **state)
{
	int second = memory_file();
	struct fixture f;
	size_t len;

	(void)state;
	setup(&f, 1800, false);
	feed_numbers(&f, 100);
	assert_int_equal(conlog_subtest(f.c, second, NULL), 0);
	free(content(f.subtest, &len));
	assert_int_equal(len, 1800);
	feed_numbers(&f, 100);
	conlog_free(f.c);
	f.c = NULL;
	free(content(second, &len));
	assert_int_equal(len, 1800);
	free(content(f.run, &len));
	assert_int_equal(len, 3600);
	teardown(&f);
	close(second);
}

/* One feed larger than head and tail together. */
static void test_limit_of_one_large_feed(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	_cleanup_free_ char *log = NULL;
	struct fixture f;
	size_t len;

	(void)state;
	setup(&f, 100000, false);
	for (int i = 0; i < 100000; i++)
		strbuf_addf(&b, "%d\n", i);
	assert_int_equal(conlog_feed(f.c, b.s, b.len, NULL), 0);
	assert_int_equal(conlog_subtest(f.c, -1, NULL), 0);
	log = content(f.subtest, &len);
	assert_in_range(len, 99900, 100100);
	assert_true(str_starts(log, "00012 0\n00012 1\n"));
	assert_true(str_ends(log, "\n00012 99999\n"));
	assert_non_null(strstr(log, " bytes left out]\n"));
	teardown(&f);
}

static void test_write_error_is_said_once(void **state)
{
	_cleanup_close_ int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct err err = {0};
	struct fixture f;

	(void)state;
	assert_true(full >= 0);
	setup(&f, 0, false);
	assert_int_equal(conlog_subtest(f.c, full, NULL), 0);
	assert_int_equal(conlog_feed(f.c, "a\n", 2, &err), -ENOSPC);
	assert_string_equal(err.msg, "log of the subtest: No space left on device");
	assert_int_equal(conlog_feed(f.c, "b\n", 2, &err), 0);
	assert_int_equal(conlog_flush(f.c, &err), 0);
	assert_log(f.run, "00012 a\n00012 b\n");
	teardown(&f);
}

static void test_tail_directory_missing(void **state)
{
	struct conlog_options o = {
		.start_ns = START, .log_limit = 20, .run_fd = -1, .tmp_dir = "/nonexistent"};
	struct conlog *c = conlog_new(&o);
	struct err err = {0};

	(void)state;
	assert_int_equal(conlog_feed(c, "a line over the limit\n", 22, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "/nonexistent"));
	conlog_free(c);
}

static void test_last_lines(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 0, false);
	assert_null(conlog_last_line(f.c, 0));
	feed(&f, "one\n  \n\r\ntwo\r\nthr");
	assert_string_equal(conlog_last_line(f.c, 0), "two");
	assert_string_equal(conlog_last_line(f.c, 1), "one");
	assert_null(conlog_last_line(f.c, 2));
	feed(&f, "ee\nfour\n");
	assert_string_equal(conlog_last_line(f.c, 0), "four");
	assert_string_equal(conlog_last_line(f.c, 1), "three");
	assert_string_equal(conlog_last_line(f.c, 2), "two");
	conlog_note(f.c, NULL, "a note");
	assert_string_equal(conlog_last_line(f.c, 0), "four");
	feed_numbers(&f, 1003);
	assert_string_equal(conlog_last_line(f.c, 0), "line 001002");
	assert_string_equal(conlog_last_line(f.c, CONLOG_LAST_LINES - 1), "line 000983");
	assert_null(conlog_last_line(f.c, CONLOG_LAST_LINES));
	teardown(&f);
}

/* More lines at once than are kept. */
static void test_last_lines_of_a_large_feed(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	struct fixture f;

	(void)state;
	setup(&f, 0, false);
	for (int i = 0; i < 1000; i++)
		strbuf_addf(&b, "%d\n", i);
	assert_int_equal(conlog_feed(f.c, b.s, b.len, NULL), 0);
	for (int i = 0; i < CONLOG_LAST_LINES; i++)
		assert_int_equal(atoi(conlog_last_line(f.c, (unsigned int)i)), 999 - i);
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stamps_both_logs),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_all_bytes_are_kept),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_long_lines_are_broken),
		cmocka_unit_test(test_subtests),
		cmocka_unit_test(test_line_callback_directs),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_limit_not_reached),
		cmocka_unit_test(test_limit_of_one_large_feed),
		cmocka_unit_test(test_write_error_is_said_once),
		cmocka_unit_test(test_tail_directory_missing),
		cmocka_unit_test(test_last_lines),
		cmocka_unit_test(test_last_lines_of_a_large_feed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
