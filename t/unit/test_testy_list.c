// SPDX-License-Identifier: GPL-2.0-only
/* Lists of testy: their lines, their patterns, their tests. */
#include "t/unit/unit.h"

#include "base/file.h"
#include "testy/list.h"

static int parse(const char *text, size_t len, struct testy_list *l, struct err *err)
{
	*err = (struct err){0};
	return testy_list_parse("some/list", text, len, l, err);
}

static void test_lines(void **state)
{
	static const char text[] = "# a comment\n"
				   "0 fs/ext4 a.ktest\n"
				   "\n"
				   " \t \n"
				   "  -3\tfs//./xfs/\t ../b.ktest  # why\r\n"
				   "12 . c#d # e\n"
				   "   # 1 2 3 4\n"
				   "5 no/newline/. end";
	struct testy_list l;
	struct err err;
	_cleanup_free_ char *joined = NULL;

	(void)state;
	assert_int_equal(parse(text, sizeof(text) - 1, &l, &err), 0);
	assert_int_equal(l.n, 4);
	assert_int_equal(l.lines[0].lineno, 2);
	assert_int_equal(l.lines[0].priority, 0);
	assert_string_equal(l.lines[0].test, "a.ktest");
	assert_int_equal(l.lines[1].lineno, 5);
	assert_int_equal(l.lines[1].priority, -3);
	joined = strv_join(&l.lines[1].pattern, "/");
	assert_string_equal(joined, "fs/xfs");
	assert_string_equal(l.lines[1].test, "../b.ktest");
	assert_int_equal(l.lines[2].pattern.n, 0);
	assert_string_equal(l.lines[2].test, "c#d");
	assert_int_equal(l.lines[3].lineno, 8);
	assert_int_equal(l.lines[3].pattern.n, 2);
	testy_list_done(&l);
}

static void test_empty(void **state)
{
	struct testy_list l;
	struct err err;

	(void)state;
	assert_int_equal(parse("", 0, &l, &err), 0);
	assert_int_equal(l.n, 0);
	testy_list_done(&l);
}

static void test_malformed(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"0 fs\n", "some/list:1: 2 fields instead of PRIORITY PATTERN TEST: \"0 fs\""},
		{"# c\n\n0 fs t x\n", "some/list:3: 4 fields instead of"},
		{"one\n", "some/list:1: 1 field instead of"},
		{"0 fs t#x y # z\n", "some/list:1: 4 fields instead of"},
		{"x fs t\n", "some/list:1: the PRIORITY is not a number: \"x fs t\""},
		{"1.5 fs t\n", "some/list:1: the PRIORITY is not a number"},
		{"0x1 fs t\n", "some/list:1: the PRIORITY is not a number"},
		{"99999999999 fs t\n", "some/list:1: the PRIORITY is not a number"},
		{"0 ../fs t\n", "some/list:1: a PATTERN does not leave the list's directory"},
		{"0 fs/.. t\n", "some/list:1: a PATTERN does not leave the list's directory"},
		{"0 \033[31mfs\n",
		 "some/list:1: 2 fields instead of PRIORITY PATTERN TEST: \"0 \\x1b"},
	};
	struct testy_list l;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_true(parse(rows[i].text, strlen(rows[i].text), &l, &err) < 0);
		assert_int_equal(err.usage, 1);
		assert_true(str_starts(err.msg, rows[i].message));
		testy_list_done(&l);
	}
	assert_true(parse("0 a\0b t\n", 8, &l, &err) < 0);
	assert_string_equal(err.msg, "some/list:1: a NUL byte; a list is text");
	testy_list_done(&l);
}

static void test_bounds(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct testy_list l;
	struct err err;

	(void)state;
	for (int i = 0; i < TESTY_LINES_MAX; i++)
		strbuf_puts(&text, "0 a t\n");
	assert_int_equal(parse(text.s, text.len, &l, &err), 0);
	assert_int_equal(l.n, TESTY_LINES_MAX);
	testy_list_done(&l);
	strbuf_puts(&text, "\n");
	assert_true(parse(text.s, text.len, &l, &err) < 0);
	assert_string_equal(err.msg, "some/list:20001: more than 20000 lines");
	testy_list_done(&l);
}

static bool matches(const char *pattern, const char *path)
{
	_cleanup_free_ char *text = xasprintf("0 %s t\n", pattern);
	struct testy_list l;
	struct err err;
	bool yes;

	assert_int_equal(parse(text, strlen(text), &l, &err), 0);
	assert_int_equal(l.n, 1);
	yes = testy_pattern_matches(&l.lines[0].pattern, path);
	testy_list_done(&l);
	return yes;
}

static void test_patterns(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool yes;
	} rows[] = {
		/* equal */
		{"fs/ext4", "fs/ext4", true},
		{"fs/ext4/", "fs/ext4", true},
		{"fs/ext4/.", "fs/ext4", true},
		{"./fs/ext4", "fs/ext4", true},
		{"fs/ext4", "fs/ext", false},
		{"fs/ext", "fs/ext4", false},
		{"fs/ext4", "ext4", false},
		/* the path lies below */
		{"fs/ext4", "fs/ext4/inode.c", true},
		{"fs/ext4/.", "fs/ext4/a/b/c.c", true},
		{"fs/ext4", "fs/ext4.c", false},
		/* the pattern lies below */
		{"fs/ext4/inode.c", "fs/ext4", true},
		{"fs/ext4/inode.c", "fs", true},
		{"fs/ext4/inode.c", "f", false},
		{"fs/ext4", "", true},
		/* the whole directory */
		{".", "fs/ext4/inode.c", true},
		{"./", "x", true},
		{".", "", true},
		/* globs match one name each */
		{"fs/*", "fs/ext4/inode.c", true},
		{"*.c", "inode.c", true},
		{"*.c", "fs/inode.c", false},
		{"fs/*.c", "fs/ext4/inode.c", false},
		{"fs/*/inode.c", "fs/ext4/inode.c", true},
		{"fs/*/inode.c", "fs/ext4", true},
		{"fs/*/inode.c", "fs/ext4/super.c", false},
		{"*/ext4", "fs/ext4/inode.c", true},
		{"fs/ext[234]", "fs/ext3/x", true},
		{"fs/ext[234]", "fs/ext5/x", false},
		{"fs/ext?", "fs/ext4", true},
		{"fs/ext?", "fs/ext", false},
		{"fs/\\*", "fs/*", true},
		{"fs/\\*", "fs/ext4", false},
		{"*", ".github/x", true},
		{"fs/[", "fs/[", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (matches(rows[i].pattern, rows[i].path) != rows[i].yes)
			fail_msg("'%s' and '%s': not %d", rows[i].pattern, rows[i].path,
				 rows[i].yes);
}

/* ---- as files */

static void write_test(const char *path, mode_t mode)
{
	unit_write(path, "#!/bin/sh\n");
	assert_int_equal(chmod(path, mode), 0);
}

static int read_list(const char *text, struct testy_list *l, struct err *err)
{
	_cleanup_free_ char *cwd = getcwd(NULL, 0);
	_cleanup_free_ char *path = xasprintf("%s/tests.testy", cwd);

	*err = (struct err){0};
	unit_write("tests.testy", text);
	return testy_list_read(path, l, err);
}

static void test_tests(void **state)
{
	_cleanup_free_ char *cwd = getcwd(NULL, 0);
	_cleanup_free_ char *below = xasprintf("%s/sub/x.sh", cwd);
	_cleanup_free_ char *link = xasprintf("%s/link.sh", cwd);
	struct testy_list l;
	struct err err;

	(void)state;
	assert_int_equal(mkdir("sub", 0755), 0);
	assert_int_equal(symlink("sub", "way"), 0);
	assert_int_equal(symlink("sub/x.sh", "link.sh"), 0);
	write_test("sub/x.sh", 0755);
	write_test("sub/y.ktest", 0644);
	assert_int_equal(read_list("0 . sub/x.sh\n0 . sub/../way/./x.sh\n0 . link.sh\n"
				   "0 . sub/y.ktest\n",
				   &l, &err),
			 0);
	assert_string_equal(l.lines[0].test, below);
	assert_string_equal(l.lines[1].test, below);
	/* A name may say what a test does: it is kept. */
	assert_string_equal(l.lines[2].test, link);
	testy_list_done(&l);
}

static void test_missing_tests(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"0 . gone.ktest\n", "gone.ktest: No such file or directory"},
		{"# x\n0 . dir.ktest\n", "dir.ktest: a directory, not a test"},
		{"0 . plain\n", "plain: neither a .ktest file nor executable"},
		{"0 . /dev/null\n", "the test /dev/null: not a regular file"},
		/* not one that counts, and still a mistake */
		{"1000 nothing/there gone.sh\n", "gone.sh: No such file or directory"},
	};
	struct testy_list l;
	struct err err;

	(void)state;
	assert_int_equal(mkdir("dir.ktest", 0755), 0);
	write_test("plain", 0644);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_true(read_list(rows[i].text, &l, &err) < 0);
		assert_int_equal(err.usage, 1);
		assert_non_null(strstr(err.msg, rows[i].message));
		assert_non_null(strstr(err.msg, i == 1 ? "/tests.testy:2: " : "/tests.testy:1: "));
		testy_list_done(&l);
	}
}

static void test_no_file(void **state)
{
	struct testy_list l;
	struct err err = {0};

	(void)state;
	assert_int_equal(mkfifo("fifo", 0644), 0);
	assert_true(testy_list_read("fifo", &l, &err) < 0);
	assert_string_equal(err.msg, "fifo: not a regular file");
	assert_int_equal(err.usage, 1);
	testy_list_done(&l);
	err = (struct err){0};
	assert_true(testy_list_read("nowhere", &l, &err) < 0);
	assert_int_equal(err.usage, 1);
	testy_list_done(&l);
	assert_int_equal(truncate("plain", TESTY_LIST_MAX + 1), 0);
	assert_true(testy_list_read("plain", &l, &err) < 0);
	assert_non_null(strstr(err.msg, "larger than"));
	testy_list_done(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),	      cmocka_unit_test(test_empty),
		cmocka_unit_test(test_malformed),     cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_patterns),      cmocka_unit_test(test_tests),
		cmocka_unit_test(test_missing_tests), cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
