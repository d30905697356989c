// SPDX-License-Identifier: GPL-2.0-only
#include "t/unit/kernel_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kbuild/tree.h"

static struct sum id_of_tree(const struct strv *skip)
{
	_cleanup_tree_ struct tree t = {0};
	struct err err = {0};

	assert_int_equal(tree_scan(in_dir("t"), skip, &t, &err), 0);
	assert_true(t.settled);
	return t.id;
}

static int put_tree(void **state)
{
	int r = make_dir(state);

	put_text("t/Makefile", "VERSION = 6\n");
	put_text("t/fs/ext4/inode.c", "int a;\n");
	put_text("t/fs/ext4/super.c", "int b;\n");
	put_text("t/include/linux/fs.h", "\n");
	assert_int_equal(symlink("../fs", in_dir("t/include/fs")), 0);
	return r;
}

static void assert_changes(void (*change)(void))
{
	struct sum before = id_of_tree(NULL), after;

	assert_true(sum_eq(before, id_of_tree(NULL)));
	change();
	after = id_of_tree(NULL);
	assert_false(sum_eq(before, after));
}

static void edit(void)
{
	put_text("t/fs/ext4/inode.c", "int longer;\n");
}

/* Of the same length, and with the time set back: only the inode's own time tells. */
static void edit_in_secret(void)
{
	const char *path = in_dir("t/fs/ext4/inode.c");
	struct timespec times[2];
	struct stat st;
	int fd;

	assert_int_equal(stat(path, &st), 0);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(fd, "int c;\n", 7), 7);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

static void add(void)
{
	put_text("t/fs/ext4/new.c", "");
}

static void add_dir(void)
{
	assert_int_equal(mkdir(in_dir("t/fs/xfs"), 0755), 0);
}

static void delete (void)
{
	assert_int_equal(unlink(in_dir("t/fs/ext4/super.c")), 0);
}

static void swap_names(void)
{
	assert_int_equal(rename(in_dir("t/fs/ext4/super.c"), in_dir("t/x")), 0);
	assert_int_equal(rename(in_dir("t/fs/ext4/inode.c"), in_dir("t/fs/ext4/super.c")), 0);
	assert_int_equal(rename(in_dir("t/x"), in_dir("t/fs/ext4/inode.c")), 0);
}

static void make_executable(void)
{
	assert_int_equal(chmod(in_dir("t/Makefile"), 0755), 0);
}

static void turn_link(void)
{
	assert_int_equal(unlink(in_dir("t/include/fs")), 0);
	assert_int_equal(symlink("../ff", in_dir("t/include/fs")), 0);
}

static void every_change_is_seen(void **state)
{
	void (*const changes[])(void) = {edit,	 edit_in_secret,  add,	    add_dir, swap_names,
					 delete, make_executable, turn_link};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		assert_changes(changes[i]);
}

static void what_no_make_reads_is_none(void **state)
{
	static const char *const litter[] = {"t/.git/HEAD",   "t/fs/ext4/.inode.c.swp",
					     "t/fs/inode.c~", "t/tags",
					     "t/cscope.out",  "t/fs/.#lock",
					     "t/.cache/x",    "t/scripts/__pycache__/x"};
	struct sum before, after;

	(void)state;
	put_text("t/scripts/x.py", "");
	before = id_of_tree(NULL);
	for (size_t i = 0; i < ARRAY_SIZE(litter); i++)
		put_text(litter[i], "x");
	after = id_of_tree(NULL);
	assert_true(sum_eq(before, after));
}

static void skipped_directories_do_not_count(void **state)
{
	_cleanup_strv_ struct strv skip = {0};
	struct sum before = id_of_tree(NULL);

	(void)state;
	strv_add(&skip, in_dir("t/ktest-out"));
	put_text("t/ktest-out/kernel_build.x86_64/fs/ext4/inode.o", "x");
	assert_true(sum_eq(before, id_of_tree(&skip)));
	put_text("t/fs/ktest-out/x", "");
	assert_false(sum_eq(before, id_of_tree(&skip)));
}

/* More directories than threads, deeper than any; all of it is found, and in order. */
static void large_trees_are_found_whole(void **state)
{
	_cleanup_tree_ struct tree t = {0};
	const char *path = "t/d";
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 300; i++) {
		_cleanup_free_ char *name = xasprintf("t/%d/%d/%d", i % 7, i, i);

		put_text(name, "");
	}
	for (int i = 0; i < 100; i++)
		path = keep(xasprintf("%s/d", path));
	put_text(path, "");
	assert_int_equal(tree_scan(in_dir("t"), NULL, &t, NULL), 0);
	tree_sort(&t);
	for (size_t i = 1; i < t.n; i++) {
		assert_true(strcmp(t.v[i - 1].path, t.v[i].path) < 0);
		n += S_ISREG(t.v[i].mode);
	}
	assert_int_equal(n, 300 + 1 + 4);
}

static void a_directory_that_cannot_be_read_is_named(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(chmod(in_dir("t/fs/ext4"), 0), 0);
	pid = fork();
	if (pid == 0) {
		_cleanup_tree_ struct tree t = {0};
		struct err err = {0};

		if (geteuid() == 0 &&
		    (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534)))
			_exit(2);
		if (tree_scan(in_dir("t"), NULL, &t, &err) != -EACCES)
			_exit(3);
		_exit(strstr(err.msg, "t/fs/ext4: ") ? 0 : 4);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(chmod(in_dir("t/fs/ext4"), 0755), 0);
	assert_int_equal(tree_scan(in_dir("none"), NULL, &(struct tree){0}, NULL), -ENOENT);
}

#define IN_TREE(f) cmocka_unit_test_setup_teardown(f, put_tree, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_TREE(every_change_is_seen),
		IN_TREE(what_no_make_reads_is_none),
		IN_TREE(skipped_directories_do_not_count),
		IN_TREE(large_trees_are_found_whole),
		IN_TREE(a_directory_that_cannot_be_read_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
