// SPDX-License-Identifier: GPL-2.0-only
#include "t/unit/kernel_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "kbuild/content.h"

/* How many files the last one has read, by what it says. */
static size_t files_read, files_seen;

static void sink(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	(void)level;
	sscanf(line, "%zu of %zu files", &files_read, &files_seen);
}

static struct sum content(void)
{
	_cleanup_tree_ struct tree t = {0};
	struct sum sum;
	struct err err = {0};

	log_set_sink(sink, NULL);
	assert_int_equal(tree_scan(in_dir("t"), NULL, &t, &err), 0);
	assert_int_equal(content_sum(in_dir("t"), &t, in_dir("manifest"), &sum, &err), 0);
	log_set_sink(NULL, NULL);
	return sum;
}

static int put_tree(void **state)
{
	int r = make_dir(state);

	put_text("t/Makefile", "VERSION = 6\n");
	put_text("t/fs/inode.c", "int a;\n");
	put_text("t/fs/super.c", "int b;\n");
	put_text("t/empty", "");
	return r;
}

static void only_what_changed_is_read(void **state)
{
	struct sum first = content();

	(void)state;
	assert_int_equal(files_read, 4);
	assert_true(sum_eq(first, content()));
	assert_int_equal(files_read, 0);
	put_text("t/fs/inode.c", "int c;\n");
	put_text("t/fs/new.c", "");
	assert_false(sum_eq(first, content()));
	assert_int_equal(files_read, 2);
	assert_int_equal(unlink(in_dir("t/fs/new.c")), 0);
	put_text("t/fs/inode.c", "int a;\n");
	assert_true(sum_eq(first, content()));
	assert_int_equal(files_read, 1);
}

static void names_and_modes_count(void **state)
{
	struct sum first = content();

	(void)state;
	assert_int_equal(chmod(in_dir("t/Makefile"), 0600), 0);
	assert_true(sum_eq(first, content()));
	assert_int_equal(chmod(in_dir("t/Makefile"), 0755), 0);
	assert_false(sum_eq(first, content()));
	assert_int_equal(chmod(in_dir("t/Makefile"), 0644), 0);
	assert_true(sum_eq(first, content()));
	assert_int_equal(rename(in_dir("t/fs/super.c"), in_dir("t/fs/super.d")), 0);
	assert_false(sum_eq(first, content()));
}

static void links_count_by_where_they_lead(void **state)
{
	struct sum one, two;

	(void)state;
	assert_int_equal(symlink("fs", in_dir("t/link")), 0);
	one = content();
	assert_int_equal(unlink(in_dir("t/link")), 0);
	assert_int_equal(symlink("sf", in_dir("t/link")), 0);
	two = content();
	assert_false(sum_eq(one, two));
}

static void a_damaged_manifest_is_made_again(void **state)
{
	struct sum first = content();
	char *text;
	size_t len;

	(void)state;
	assert_int_equal(file_read(in_dir("manifest"), 1 << 20, &text, &len, NULL), 0);
	for (size_t i = 0; i < len; i += 7) {
		text[i] ^= 0x55;
		put_file("manifest", text, len);
		text[i] ^= 0x55;
		assert_true(sum_eq(first, content()));
		assert_int_equal(files_read, 4);
	}
	for (size_t i = 0; i < len; i += 11) {
		put_file("manifest", text, i);
		assert_true(sum_eq(first, content()));
		assert_int_equal(files_read, 4);
	}
	free(text);
	assert_true(sum_eq(first, content()));
	assert_int_equal(files_read, 0);
}

static void sums_are_written_and_read(void **state)
{
	struct sum a = sum_of("abc", 3), b = {0};
	char hex[SUM_HEX_MAX];

	(void)state;
	/* Of XXH3's specification: the empty input. */
	sum_hex(sum_of("", 0), hex);
	assert_string_equal(hex, "99aa06d3014798d86001c324468d497f");
	sum_hex(a, hex);
	assert_int_equal(sum_parse(hex, &b), 0);
	assert_true(sum_eq(a, b));
	assert_int_equal(sum_parse("99aa06d3014798d86001c324468d497", &b), -EINVAL);
	assert_int_equal(sum_parse("X9aa06d3014798d86001c324468d497f", &b), -EINVAL);
	assert_true(sum_eq(a, b));
}

/* With a carry from one half to the other. */
static void adding_does_not_depend_on_the_order(void **state)
{
	struct sum a = {.lo = UINT64_MAX, .hi = 1}, b = {.lo = 2, .hi = 7}, one = a, two = b;

	(void)state;
	sum_add(&one, b);
	sum_add(&two, a);
	assert_true(sum_eq(one, two));
	assert_int_equal(one.lo, 1);
	assert_int_equal(one.hi, 9);
}

#define IN_TREE(f) cmocka_unit_test_setup_teardown(f, put_tree, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_TREE(only_what_changed_is_read),
		IN_TREE(names_and_modes_count),
		IN_TREE(links_count_by_where_they_lead),
		IN_TREE(a_damaged_manifest_is_made_again),
		cmocka_unit_test(sums_are_written_and_read),
		cmocka_unit_test(adding_does_not_depend_on_the_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
