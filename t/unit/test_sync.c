// SPDX-License-Identifier: GPL-2.0-only
#include "t/unit/kernel_fixture.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kbuild/sync.h"

static struct stat stat_of(const char *name)
{
	struct stat st;

	assert_int_equal(lstat(in_dir(name), &st), 0);
	return st;
}

static char *text_of(const char *name)
{
	char *text = NULL;
	size_t len;

	assert_int_equal(file_read(in_dir(name), 1 << 20, &text, &len, NULL), 0);
	strv_add(&given, text);
	free(text);
	return given.v[given.n - 1];
}

static int sync_one(const char *src, const char *dst, int flags)
{
	struct err err = {0};

	return sync_file(in_dir(src), in_dir(dst), flags, &err);
}

static void the_same_file_is_left_alone(void **state)
{
	struct stat was, now;

	(void)state;
	put_text("a", "text\n");
	assert_int_equal(sync_one("a", "b", 0), 0);
	was = stat_of("b");
	assert_string_equal(text_of("b"), "text\n");
	assert_int_equal(was.st_mtim.tv_nsec, stat_of("a").st_mtim.tv_nsec);
	assert_int_equal(sync_one("a", "b", 0), 0);
	now = stat_of("b");
	assert_int_equal(now.st_ino, was.st_ino);
	/* Of the same size. */
	put_text("a", "test\n");
	assert_int_equal(sync_one("a", "b", 0), 0);
	assert_string_equal(text_of("b"), "test\n");
	assert_int_equal(chmod(in_dir("a"), 0755), 0);
	assert_int_equal(sync_one("a", "b", 0), 0);
	assert_int_equal(stat_of("b").st_mode & 07777, 0755);
}

static void who_has_the_old_one_keeps_it(void **state)
{
	(void)state;
	put_text("a", "old\n");
	put_text("c", "new\n");
	assert_int_equal(sync_one("a", "b", SYNC_LINK), 0);
	assert_int_equal(link(in_dir("b"), in_dir("kept")), 0);
	assert_int_equal(sync_one("c", "b", SYNC_LINK), 0);
	assert_string_equal(text_of("a"), "old\n");
	assert_string_equal(text_of("kept"), "old\n");
	assert_string_equal(text_of("b"), "new\n");
}

/* More than is compared at once, and different in the last byte only. */
static void large_files_are_compared_to_the_end(void **state)
{
	size_t len = (1 << 20) + 17, n;
	char *data = xcalloc(len, 1), *got;

	(void)state;
	put_file("a", data, len);
	assert_int_equal(sync_one("a", "b", 0), 0);
	data[len - 1] = 'x';
	put_file("a", data, len);
	assert_int_equal(sync_one("a", "b", 0), 0);
	assert_int_equal(file_read(in_dir("b"), len, &got, &n, NULL), 0);
	assert_int_equal(n, len);
	assert_int_equal(got[len - 1], 'x');
	free(got);
	free(data);
}

static bool no_objects(const char *name, bool is_dir)
{
	return is_dir || !str_ends(name, ".o");
}

static void directories_become_the_same(void **state)
{
	(void)state;
	put_text("src/x/one", "1");
	put_text("src/x/two.o", "2");
	put_text("src/y", "3");
	assert_int_equal(symlink("y", in_dir("src/link")), 0);
	assert_int_equal(symlink("nowhere", in_dir("src/dangling")), 0);
	put_text("dst/x/old", "");
	put_text("dst/y/was/a/directory", "");
	put_text("dst/x/two.o", "");
	assert_int_equal(sync_dir(in_dir("src"), in_dir("dst"), 0, no_objects, NULL), 0);
	assert_string_equal(text_of("dst/x/one"), "1");
	assert_string_equal(text_of("dst/y"), "3");
	assert_string_equal(text_of("dst/link"), "3");
	assert_true(S_ISREG(stat_of("dst/link").st_mode));
	assert_false(path_exists(in_dir("dst/x/old")));
	assert_false(path_exists(in_dir("dst/x/two.o")));
	assert_int_equal(access(in_dir("dst/dangling"), F_OK), -1);
}

static void merging_removes_nothing(void **state)
{
	(void)state;
	put_text("src/x/one", "1");
	put_text("dst/x/old", "0");
	assert_int_equal(sync_dir(in_dir("src"), in_dir("dst"), SYNC_MERGE, NULL, NULL), 0);
	assert_int_equal(sync_dir(in_dir("none"), in_dir("dst"), SYNC_MERGE, NULL, NULL), 0);
	assert_string_equal(text_of("dst/x/one"), "1");
	assert_string_equal(text_of("dst/x/old"), "0");
}

static void without_a_source_the_copy_goes(void **state)
{
	(void)state;
	put_text("dst/x/old", "");
	assert_int_equal(sync_dir(in_dir("none"), in_dir("dst"), 0, NULL, NULL), 0);
	assert_false(path_exists(in_dir("dst")));
	assert_int_equal(sync_one("none", "b", 0), -ENOENT);
	assert_int_equal(mkdir(in_dir("d"), 0755), 0);
	assert_int_equal(sync_one("d", "b", 0), -EINVAL);
}

#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(the_same_file_is_left_alone),
		IN_DIR(who_has_the_old_one_keeps_it),
		IN_DIR(large_files_are_compared_to_the_end),
		IN_DIR(directories_become_the_same),
		IN_DIR(merging_removes_nothing),
		IN_DIR(without_a_source_the_copy_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
