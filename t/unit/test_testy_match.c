// SPDX-License-Identifier: GPL-2.0-only
/*
 * From changed paths to tests: which lists are looked at, what is chosen, why. KTEST_SRC is the
 * tree, else the current directory.
 */
#include "t/unit/unit.h"

#include "base/file.h"
#include "testy/match.h"
#include "testy/path.h"

static char *src; /* ktest's own tree */
static char *top; /* where the tests work */

static int group_setup(void **state)
{
	const char *dir = getenv("KTEST_SRC");

	src = path_real(dir ? dir : ".", NULL);
	if (!src || unit_enter(state))
		return 1;
	top = getcwd(NULL, 0);
	return 0;
}

static int group_teardown(void **state)
{
	free(src);
	free(top);
	return unit_leave(state);
}

/* A fresh directory "w" with a git tree "w/t", and tests of these names beside it. */
static int fresh(void **state)
{
	static const char *const tests[] = {"w/a.ktest", "w/b.ktest", "w/c.sh", "w/d.sh"};

	(void)state;
	assert_int_equal(chdir(top), 0);
	assert_int_equal(system("rm -rf w && mkdir -p w/t/.git w/t/fs/ext4 w/t/block w/lists"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
		unit_write(tests[i], "#!/bin/sh\n");
		assert_int_equal(chmod(tests[i], 0755), 0);
	}
	return 0;
}

static void put(const char *path, const char *text)
{
	_cleanup_free_ char *dir = xstrndup(path, (size_t)(path_base(path) - path));

	assert_int_equal(mkdir_p(dir, 0755, NULL), 0);
	unit_write(path, text);
}

/* The tests for space-separated paths: "a.ktest c.sh", and m, or the error. */
static const char *choose_with(struct testy_match *m, const char *paths, const char *lists,
			       int64_t priority)
{
	static char names[2048];
	_cleanup_strv_ struct strv sv = {0}, dirs = {0};
	_cleanup_free_ char *copy = xstrdup(paths);
	char *save = NULL;
	struct err err = {0};
	size_t n = 0;

	for (char *p = strtok_r(copy, " ", &save); p; p = strtok_r(NULL, " ", &save)) {
		_cleanup_free_ char *path = testy_path(NULL, p, true);

		strv_add(&sv, path);
	}
	if (lists)
		strv_add(&dirs, lists);
	*names = '\0';
	if (testy_match(&sv, &dirs, priority, m, &err) < 0) {
		assert_int_equal(err.usage, 1);
		snprintf(names, sizeof(names), "%s", err.msg);
		return names;
	}
	for (size_t i = 0; i < m->n; i++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i ? " " : "",
				      path_base(m->tests[i].path));
	return names;
}

static const char *choose(const char *paths, int64_t priority)
{
	struct testy_match m;
	const char *names = choose_with(&m, paths, "w/lists", priority);

	testy_match_done(&m);
	return names;
}

#define FS_LIST "0 ext4 ../../a.ktest\n2 ext4/inode.c ../../b.ktest\n"

static void test_each_parent(void **state)
{
	(void)state;
	put("w/lists/x.testy", "");
	put("w/t/fs/tests.testy", FS_LIST);
	put("w/t/tests.testy", "0 block ../c.sh\n1 . ../d.sh\n");
	put("w/tests.testy", "0 t/fs/* d.sh\n");
	assert_string_equal(choose("w/t/fs/ext4/inode.c", 0), "a.ktest d.sh");
	assert_string_equal(choose("w/t/fs/ext4/inode.c", 1), "a.ktest d.sh");
	assert_string_equal(choose("w/t/fs/ext4/inode.c", 2), "a.ktest d.sh b.ktest");
	assert_string_equal(choose("w/t/fs/ext4/inode.c", -1), "");
	assert_string_equal(choose("w/t/block/bio.c", 0), "c.sh");
	assert_string_equal(choose("w/t/block/bio.c w/t/fs/xfs/x.c", 0), "c.sh d.sh");
	assert_string_equal(choose("w/elsewhere", 0), "");
	assert_string_equal(choose("w", 0), "a.ktest c.sh d.sh");
}

/* A directory stands for what is below it; a list in it counts whatever its patterns. */
static void test_directory(void **state)
{
	(void)state;
	put("w/lists/x.testy", "");
	put("w/t/fs/tests.testy", "0 nothing/of/this/name ../../a.ktest\n3 x ../../b.ktest\n");
	put("w/t/fs/ext4/deep/er/tests.testy", "0 *.c ../../../../../c.sh\n");
	put("w/t/tests.testy", "0 fs/ext4/inode.c ../d.sh\n");
	assert_string_equal(choose("w/t/fs", 0), "a.ktest c.sh d.sh");
	assert_string_equal(choose("w/t/fs", 3), "a.ktest c.sh d.sh b.ktest");
	assert_string_equal(choose("w/t/fs/", 0), "a.ktest c.sh d.sh");
	assert_string_equal(choose("w/t/fs/ext4", 0), "c.sh d.sh");
	assert_string_equal(choose("w/t/fs/ext4/deep/er", 0), "c.sh");
	assert_string_equal(choose("w/t/fs/ext4/deep/er/x.h", 0), "");
	assert_string_equal(choose("w/t/fs/ext4/deep/er/x.c", 0), "c.sh");
	/* Itself a list that changes: its directory's lines are for other files. */
	assert_string_equal(choose("w/t/fs/tests.testy", 0), "");
}

static void test_links_are_not_followed(void **state)
{
	(void)state;
	put("w/lists/x.testy", "");
	put("w/other/tests.testy", "0 . ../c.sh\n");
	assert_int_equal(symlink("../../other", "w/t/fs/link"), 0);
	assert_int_equal(symlink(".", "w/t/fs/loop"), 0);
	put("w/t/fs/.git/tests.testy", "this is not looked at\n");
	assert_string_equal(choose("w/t/fs", 0), "");
	/* One that is named is meant. */
	assert_string_equal(choose("w/t/fs/link", 0), "c.sh");
	assert_string_equal(choose("w/t/fs/link/x", 0), "c.sh");
	assert_string_equal(choose("w/t/fs/link/../x", 0), "");
}

static void test_gone(void **state)
{
	(void)state;
	put("w/lists/x.testy", "0 fs/gone ../d.sh\n");
	put("w/t/fs/tests.testy", FS_LIST);
	put("w/t/tests.testy", "0 fs/gone ../c.sh\n");
	assert_string_equal(choose("w/t/fs/ext4/inode.c", 2), "a.ktest b.ktest");
	assert_string_equal(choose("w/t/fs/gone/deep/x.c", 2), "c.sh d.sh");
	assert_string_equal(choose("w/t/fs/gone/deep/../../ext4/./x.c", 2), "a.ktest");
}

static void test_shared_lists(void **state)
{
	(void)state;
	put("w/lists/one.testy", "0 fs/ext4 ../a.ktest\n");
	put("w/lists/two.testy", "0 . ../c.sh\n");
	put("w/lists/note.txt", "no list\n");
	put("w/lists/.hidden.testy", "no list\n");
	assert_string_equal(choose("w/t/fs/ext4/inode.c", 0), "a.ktest c.sh");
	assert_string_equal(choose("w/t", 0), "a.ktest c.sh");
	/* in no tree */
	assert_string_equal(choose("w/fs/ext4/inode.c", 0), "");
	/* A kernel tree counts without git, and within a git tree. */
	assert_int_equal(system("cd w/t && mkdir -p linux/arch linux/init linux/scripts && "
				"touch linux/Kbuild linux/Kconfig linux/Makefile"),
			 0);
	assert_string_equal(choose("w/t/linux/fs/ext4/inode.c", 0), "a.ktest c.sh");
	assert_string_equal(choose("w/t/linux/block/x.c", 0), "c.sh");
	assert_string_equal(choose("w/t/notlinux/fs/ext4/x.c", 0), "c.sh");
}

static void test_kernel_trees(void **state)
{
	struct testy_match m;
	_cleanup_free_ char *linux_tree = xasprintf("%s/w/t/linux", top);

	(void)state;
	assert_int_equal(system("cd w/t && mkdir -p linux/arch linux/init linux/scripts && "
				"touch linux/Kbuild linux/Kconfig linux/Makefile"),
			 0);
	choose_with(&m, "w/t/linux/a w/t/linux/b/c w/t/x", NULL, 0);
	assert_int_equal(m.kernel_trees.n, 1);
	assert_string_equal(m.kernel_trees.v[0], linux_tree);
	testy_match_done(&m);
	choose_with(&m, "w/t/x", NULL, 0);
	assert_int_equal(m.kernel_trees.n, 0);
	testy_match_done(&m);
}

static void test_errors(void **state)
{
	_cleanup_free_ char *bad = xasprintf("%s/w/t/fs/tests.testy:2: 1 field instead", top);
	_cleanup_free_ char *gone = xasprintf("%s/w/lists/x.testy:1: the test ", top);

	(void)state;
	assert_string_equal(choose("w/t/x", 0), "no list (a file *.testy) in w/lists");
	put("w/lists/x.testy", "0 . ../a.ktest\n");
	put("w/t/fs/tests.testy", "\nwrong\n");
	assert_true(str_starts(choose("w/t/fs/x.c", 0), bad));
	assert_true(str_starts(choose("w/t/fs", 0), bad));
	assert_true(str_starts(choose("w/t", 0), bad));
	assert_string_equal(choose("w/t/block/x.c", 0), "a.ktest");
	put("w/lists/x.testy", "0 . ../gone.ktest\n");
	assert_true(str_starts(choose("w/t/block/x.c", 0), gone));
	assert_int_equal(system("rm -r w/lists"), 0);
	assert_string_equal(choose("w/t/x", 0), "the lists in w/lists: No such file or directory");
}

/* Of the reasons, with where the tests work taken out. */
static void check_reasons(const struct testy_test *t, bool all, const char *want)
{
	_cleanup_strbuf_ struct strbuf b = {0}, short_ones = {0};
	size_t n = strlen(top);

	testy_reasons(t, all, &b);
	for (const char *s = b.s; *s; s++) {
		if (!strncmp(s, top, n))
			s += n;
		strbuf_putc(&short_ones, *s);
	}
	assert_string_equal(short_ones.s, want);
}

static void test_reasons(void **state)
{
	struct testy_match m;

	(void)state;
	put("w/lists/x.testy", "# shared\n5 fs ../a.ktest\n");
	put("w/t/fs/tests.testy", FS_LIST);
	choose_with(&m, "w/t/fs/ext4/x.c w/t/fs/ext4/inode.c w/t/fs/ext4/x.c", "w/lists", 9);
	assert_int_equal(m.n, 2);
	assert_int_equal(m.tests[0].priority, 0);
	check_reasons(&m.tests[0], false, "/w/t/fs/tests.testy:1 for fs/ext4/inode.c and 1 more");
	check_reasons(&m.tests[0], true,
		      "/w/t/fs/tests.testy:1 for fs/ext4/inode.c and 1 more; "
		      "/w/lists/x.testy:2 for fs/ext4/inode.c and 1 more");
	check_reasons(&m.tests[1], true, "/w/t/fs/tests.testy:2 for fs/ext4/inode.c");
	testy_match_done(&m);
}

/* One test by several names of its directory is one. */
static void test_once(void **state)
{
	(void)state;
	put("w/lists/x.testy", "0 fs ../a.ktest\n0 fs ../t/../a.ktest\n");
	put("w/t/tests.testy", "1 . ../a.ktest\n0 . ../b.ktest\n");
	assert_string_equal(choose("w/t/fs/x.c", 5), "a.ktest b.ktest");
}

static void test_paths(void **state)
{
	static const struct {
		const char *dir, *path, *want;
		bool follow;
	} rows[] = {
		{NULL, "w/t", "/w/t"},
		{NULL, "w/t/.", "/w/t"},
		{NULL, "w//t///", "/w/t"},
		{NULL, "./w/./t/../t/fs", "/w/t/fs"},
		{NULL, ".", ""},
		{NULL, "w/..", ""},
		{NULL, "w/gone/../x", "/w/x"},
		{NULL, "w/gone/../../x", "/x"},
		{"w/t", "fs/x", "/w/t/fs/x"},
		{"w/t", "../c.sh", "/w/c.sh"},
		{NULL, "w/way/x", "/w/t/x"},
		{NULL, "w/way/../x", "/w/x"},
		{NULL, "w/way", "/w/way"},
		{NULL, "w/way/", "/w/way"},
		{NULL, "w/way", "/w/t", true},
		{NULL, "w/broken", "/w/broken", true},
	};

	(void)state;
	assert_int_equal(symlink("t", "w/way"), 0);
	assert_int_equal(symlink("nowhere", "w/broken"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *dir =
			rows[i].dir ? xasprintf("%s/%s", top, rows[i].dir) : NULL;
		_cleanup_free_ char *got = testy_path(dir, rows[i].path, rows[i].follow);
		_cleanup_free_ char *want = xasprintf("%s%s", top, rows[i].want);

		assert_string_equal(got, want);
	}
}

static void test_root_paths(void **state)
{
	static const char *const rows[][2] = {{"/", "/"},
					      {"/..", "/"},
					      {"//", "/"},
					      {"/nowhere-at-all/../..", "/"},
					      {"/nowhere-at-all/x/..", "/nowhere-at-all"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *got = testy_path(NULL, rows[i][0], true);

		assert_string_equal(got, rows[i][1]);
	}
	assert_string_equal(testy_path_below("/", "/a/b"), "a/b");
	assert_string_equal(testy_path_below("/a", "/a/b"), "b");
	assert_string_equal(testy_path_below("/a", "/a"), "");
	assert_null(testy_path_below("/a", "/ab"));
	assert_null(testy_path_below("/a/b", "/a"));
}

static void test_path_files(void **state)
{
	_cleanup_strv_ struct strv paths = {0};
	struct err err = {0};
	int fd;

	(void)state;
	unit_write("w/in", "fs/a\n\n block/with blank\n#no comment\nlast");
	assert_int_equal(testy_paths_read("w/in", &paths, &err), 0);
	assert_int_equal(paths.n, 4);
	assert_string_equal(paths.v[1], " block/with blank");
	assert_string_equal(paths.v[3], "last");
	assert_true(testy_paths_read("w/none", &paths, &err) < 0);
	assert_string_equal(err.msg, "-i w/none: No such file or directory");
	assert_int_equal(err.usage, 1);
	fd = open("w/in", O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_int_equal(write(fd, "a\0b\n", 4), 4);
	close(fd);
	assert_true(testy_paths_read("w/in", &paths, &err) < 0);
	assert_non_null(strstr(err.msg, "a NUL byte"));
}

/* The lists that come with ktest: each test that they name is there, which reading them asks for.
 */
static void test_shipped(void **state)
{
	_cleanup_free_ char *lists = xasprintf("%s/lists", src);
	struct testy_match m;
	static const struct {
		const char *path, *test;
	} rows[] = {
		{"w/t/fs/ext4/inode.c", "ext4.ktest"},
		{"w/t/fs/xfs/xfs_file.c", "xfs.ktest"},
		{"w/t/fs/btrfs/inode.c", "btrfs.ktest"},
		{"w/t/fs/bcachefs/fs.c", "bcachefs.ktest"},
		{"w/t/block/bio.c", "disks.ktest dm.ktest"},
		{"w/t/drivers/md/raid1.c", "md.ktest"},
		{"w/t/drivers/md/dm.c", "dm.ktest"},
		{"w/t/drivers/nvdimm/pmem.c", "disks.ktest"},
		{"w/t/mm/slab.c", "demo.ktest"},
		{"w/t/net/9p/client.c", "success.ktest"},
		{"w/t/fs/9p/vfs_inode.c", "success.ktest"},
		{"w/t/drivers/nvme/host/core.c", "disks.ktest"},
		{"w/t/fs/overlayfs/dir.c", "success.ktest"},
		{"w/t/kernel/fork.c", "demo.ktest"},
		{"w/t/kernel/reboot.c", "demo.ktest reboot.ktest"},
		{"w/t/fs/namei.c", "demo.ktest ext4.ktest"},
		{"w/t/arch/x86/kernel/reboot.c", "reboot.ktest success.ktest"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *names = choose_with(&m, rows[i].path, lists, 0);

		if (strcmp(names, rows[i].test) != 0)
			fail_msg("%s: %s", rows[i].path, names);
		testy_match_done(&m);
	}
	assert_string_equal(choose_with(&m, "w/t/Documentation/index.rst", lists, 0), "");
	testy_match_done(&m);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, fresh)
	const struct CMUnitTest tests[] = {
		T(test_each_parent), T(test_directory),	   T(test_links_are_not_followed),
		T(test_gone),	     T(test_shared_lists), T(test_kernel_trees),
		T(test_errors),	     T(test_reasons),	   T(test_once),
		T(test_paths),	     T(test_root_paths),   T(test_path_files),
		T(test_shipped),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
