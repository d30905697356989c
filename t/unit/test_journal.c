// SPDX-License-Identifier: GPL-2.0-only
/* The journal: what is written is read back, whatever cut the writing off. */
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
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/str.h"
#include "result/journal.h"

static char dir[] = "/tmp/ktest-journal.XXXXXX";
static char path[64];

static int group_setup(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "%s/journal.jsonl", mkdtemp(dir) ? dir : "");
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	return rm_rf(dir, NULL);
}

static int open_at(const char *file, bool append, struct journal **j, struct err *err)
{
	int fd = open(file, O_RDWR | O_APPEND | (append ? 0 : O_CREAT | O_TRUNC), 0644);

	assert_true(fd >= 0);
	return journal_open(fd, file, append, j, err);
}

static struct journal *open_journal(bool append)
{
	struct journal *j = NULL;
	struct err err = {0};

	assert_int_equal(open_at(path, append, &j, &err), 0);
	return j;
}

static void begin(struct journal *j)
{
	assert_int_equal(journal_event(j, "run", json_pack("{s:i}", "version", 1), NULL), 0);
}

static void write_text(const char *text)
{
	assert_int_equal(file_write(path, text, strlen(text), 0644, NULL), 0);
}

static void read_text(struct strbuf *b)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	assert_int_equal(file_read(path, 100 << 20, &text, &len, NULL), 0);
	strbuf_add(b, text, len);
}

/* The kinds of the events as one line. */
static int collect(void *arg, const json_t *event)
{
	strbuf_addf(arg, "%s%s:%d", ((struct strbuf *)arg)->len ? " " : "",
		    json_get_str(event, "ev"), (int)json_get_int(event, "seq", -1));
	return 0;
}

#define RUN "{\"t_ns\":1,\"seq\":0,\"ev\":\"run\",\"version\":1}\n"
#define A   "{\"t_ns\":2,\"seq\":1,\"ev\":\"a\"}\n"

static void test_written_as_promised(void **state)
{
	struct journal *j = open_journal(false);
	_cleanup_strbuf_ struct strbuf b = {0};

	(void)state;
	begin(j);
	assert_int_equal(journal_event(j, "end",
				       json_pack("{s:s, s:i, s:n}", "z", "last?", "a", 1, "m"),
				       NULL),
			 0);
	journal_close(j);
	read_text(&b);
	assert_non_null(strstr(b.s, ",\"seq\":0,\"ev\":\"run\",\"version\":1}\n{\"t_ns\":"));
	assert_non_null(
		strstr(b.s, ",\"seq\":1,\"ev\":\"end\",\"z\":\"last?\",\"a\":1,\"m\":null}\n"));
}

/* No field can pass itself off for what the journal adds. */
static void test_head_is_ours(void **state)
{
	struct journal *j = open_journal(false);
	_cleanup_strbuf_ struct strbuf b = {0};

	(void)state;
	begin(j);
	assert_int_equal(
		journal_event(j, "note", json_pack("{s:s, s:i}", "ev", "finish", "seq", 99), NULL),
		0);
	journal_close(j);
	assert_int_equal(journal_read(path, collect, &b, NULL), 0);
	assert_string_equal(b.s, "run:0 note:1");
}

static void test_hostile_text(void **state)
{
	struct journal *j = open_journal(false);
	_cleanup_strbuf_ struct strbuf b = {0}, text = {0};

	(void)state;
	begin(j);
	assert_int_equal(journal_event(j, "note",
				       json_pack("{s:o}", "text",
						 json_string_lossy("a\n{\"ev\":\"x\"}\n\xff\x1b")),
				       NULL),
			 0);
	journal_close(j);
	assert_int_equal(journal_read(path, collect, &b, NULL), 0);
	assert_string_equal(b.s, "run:0 note:1");
	read_text(&text);
	for (size_t i = 0; i < text.len; i++)
		assert_true(text.s[i] == '\n' || (unsigned char)text.s[i] >= 0x20);
}

static void test_failed_pack(void **state)
{
	struct journal *j = open_journal(false);
	struct err err = {0};

	(void)state;
	begin(j);
	/* What json_pack gives for bytes that are no UTF-8. */
	assert_int_equal(journal_event(j, "note", json_pack("{s:s}", "text", "\xff"), &err),
			 -EINVAL);
	assert_non_null(strstr(err.msg, "'note'"));
	assert_int_equal(journal_event(j, "note", json_object(), &err), 0);
	journal_close(j);
}

static void test_too_long(void **state)
{
	struct journal *j = open_journal(false);
	char *text = xmalloc(JOURNAL_LINE_MAX + 1);
	_cleanup_strbuf_ struct strbuf b = {0};
	struct err err = {0};

	(void)state;
	memset(text, 'x', JOURNAL_LINE_MAX);
	text[JOURNAL_LINE_MAX] = '\0';
	begin(j);
	assert_int_equal(journal_event(j, "note", json_pack("{s:s}", "text", text), &err),
			 -EMSGSIZE);
	text[JOURNAL_LINE_MAX - 100] = '\0';
	assert_int_equal(journal_event(j, "note", json_pack("{s:s}", "text", text), &err), 0);
	journal_close(j);
	assert_int_equal(journal_read(path, collect, &b, NULL), 0);
	assert_string_equal(b.s, "run:0 note:1");
	free(text);
}

/* The first error stays: nothing is written behind a hole. */
static void test_write_error_is_kept(void **state)
{
	struct journal *j = NULL;
	struct err err = {0}, again = {0};

	(void)state;
	assert_int_equal(open_at("/dev/full", false, &j, &err), 0);
	assert_int_equal(journal_event(j, "run", json_object(), &err), -ENOSPC);
	assert_non_null(strstr(err.msg, "/dev/full"));
	assert_int_equal(journal_event(j, "run", json_object(), &again), -ENOSPC);
	assert_string_equal(err.msg, again.msg);
	journal_close(j);
}

static void test_append(void **state)
{
	static const char *const tails[] = {
		"",
		"{\"t_ns\":3,\"se",
		"{}",
		"{\"t_ns\":3,\"seq\":2,\"ev\":\"whole, but no newline\"}",
		"not JSON, newline and all\n",
		"{\"no\":\"event\"}\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
		_cleanup_free_ char *text = xasprintf(RUN A "%s", tails[i]);
		_cleanup_strbuf_ struct strbuf b = {0};
		struct journal *j;

		write_text(text);
		j = open_journal(true);
		assert_int_equal(journal_event(j, "resume", json_object(), NULL), 0);
		journal_close(j);
		assert_int_equal(journal_read(path, collect, &b, NULL), 0);
		assert_string_equal(b.s, "run:0 a:1 resume:2");
	}
}

static void test_append_to_what_is_none(void **state)
{
	struct journal *j = NULL;
	struct err err = {0};

	(void)state;
	write_text("my diary\n");
	assert_int_equal(open_at(path, true, &j, &err), -EINVAL);
	assert_non_null(strstr(err.msg, path));
	{
		_cleanup_strbuf_ struct strbuf b = {0};

		read_text(&b);
		assert_string_equal(b.s, "my diary\n");
	}
}

/* Read in the middle of a run, it still ends where it did. */
static void test_read_while_it_is_written(void **state)
{
	_cleanup_strbuf_ struct strbuf first = {0}, all = {0};
	struct journal *j;

	(void)state;
	unlink(path);
	j = open_journal(false);
	begin(j);
	assert_int_equal(journal_read_fd(journal_rewind(j), path, collect, &first, NULL), 0);
	assert_string_equal(first.s, "run:0");
	assert_int_equal(journal_event(j, "a", json_object(), NULL), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(journal_read_fd(journal_rewind(j), path, collect, &all, NULL), 0);
	assert_string_equal(all.s, "run:0 a:1");
	journal_close(j);
}

static const struct {
	const char *text, *seen, *error; /* error NULL: none */
} texts[] = {
	{RUN A, "run:0 a:1", NULL},
	{RUN A "{\"t_ns\":3,\"se", "run:0 a:1", NULL},
	{RUN A "{\"t_ns\":3,\"seq\":2,\"ev\":\"b\"}", "run:0 a:1", NULL},
	{RUN A "junk\n", "run:0 a:1", NULL},
	{RUN "junk\n" A, "run:0", ":2: "},
	{RUN "junk\n{\"torn", "run:0", ":2: "},
	{RUN "{\"ev\":3}\n" A, "run:0", ":2: not an event"},
	{RUN "[1]\n" A, "run:0", ":2: not an event"},
	{RUN "\n" A, "run:0", ":2: "},
	{RUN "{\"ev\":\"a\",\"ev\":\"b\"}\n" A, "run:0", ":2: duplicate"},
	{"", "", "does not begin with a run"},
	{"{\"t_ns\":1,\"seq\":0,\"ev\":\"ru", "", "does not begin with a run"},
	{A RUN, "", ":1: not a journal"},
	{"{\"ev\":\"run\",\"version\":2}\n" A, "", ":1: written in version 2"},
	{"{\"ev\":\"run\"}\n" A, "", ":1: written in version 0"},
};

static void test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_strbuf_ struct strbuf b = {0};
		struct err err = {0};
		int r;

		write_text(texts[i].text);
		r = journal_read(path, collect, &b, &err);
		assert_string_equal(b.s ? b.s : "", texts[i].seen);
		if (!texts[i].error) {
			assert_int_equal(r, 0);
			continue;
		}
		assert_true(r < 0);
		assert_non_null(strstr(err.msg, texts[i].error));
		assert_memory_equal(err.msg, path, strlen(path));
	}
}

static int stop_at_a(void *arg, const json_t *event)
{
	(*(int *)arg)++;
	return str_eq(json_get_str(event, "ev"), "a") ? 42 : 0;
}

static void test_stop(void **state)
{
	int seen = 0;

	(void)state;
	write_text(RUN A A A);
	assert_int_equal(journal_read(path, stop_at_a, &seen, NULL), 42);
	assert_int_equal(seen, 2);
}

static void test_long_line(void **state)
{
	int fd = memfd_create("journal", MFD_CLOEXEC);
	_cleanup_strbuf_ struct strbuf b = {0}, seen = {0};
	struct err err = {0};

	(void)state;
	strbuf_puts(&b, RUN);
	for (int i = 0; i <= JOURNAL_LINE_MAX; i++)
		strbuf_putc(&b, 'x');
	assert_int_equal(fd_write_all(fd, b.s, b.len), 0);
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(journal_read_fd(fd, "memory", collect, &seen, &err), -EMSGSIZE);
	assert_non_null(strstr(err.msg, "memory:2: "));
	close(fd);
}

static void test_missing(void **state)
{
	struct err err = {0};

	(void)state;
	unlink(path);
	assert_int_equal(journal_read(path, collect, NULL, &err), -ENOENT);
	assert_non_null(strstr(err.msg, path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written_as_promised),
		cmocka_unit_test(test_head_is_ours),
		cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_failed_pack),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_write_error_is_kept),
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_append_to_what_is_none),
		cmocka_unit_test(test_read_while_it_is_written),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_missing),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
