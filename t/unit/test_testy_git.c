// SPDX-License-Identifier: GPL-2.0-only
/* Changed paths from git: trees made for the purpose, by git itself. */
#include "t/unit/unit.h"

#include "testy/git.h"

static char *top;

static int group_setup(void **state)
{
	if (unit_enter(state))
		return 1;
	top = getcwd(NULL, 0);
	/* Nothing of the user's own configuration. */
	setenv("HOME", top, 1);
	setenv("XDG_CONFIG_HOME", top, 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	setenv("GIT_CEILING_DIRECTORIES", top, 1);
	unsetenv("GIT_DIR");
	return 0;
}

static int group_teardown(void **state)
{
	free(top);
	return unit_leave(state);
}

static void shell(const char *script)
{
	_cleanup_free_ char *all = xasprintf("set -e; cd '%s/w'; %s", top, script);

	assert_int_equal(system(all), 0);
}

#define COMMIT "git add -A && git -c user.name=a -c user.email=a@example commit -q -m x"

/* A tree w with one commit of fs/a.c, fs/b.c and block/c.c. */
static int fresh(void **state)
{
	(void)state;
	assert_int_equal(chdir(top), 0);
	assert_int_equal(system("rm -rf w && mkdir w"), 0);
	shell("git init -q . && mkdir fs block && for f in fs/a.c fs/b.c block/c.c; do "
	      "seq 100 >$f; echo $f >>$f; done && echo '*.o' >.gitignore && " COMMIT
	      " && git branch start");
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "block/c.c fs/a.c", sorted, each once; the paths must be absolute. */
static void check(const struct strv *paths, const char *want)
{
	_cleanup_strbuf_ struct strbuf got = {0};
	size_t n = strlen(top);

	if (paths->n)
		qsort(paths->v, paths->n, sizeof(*paths->v), by_name);
	for (size_t i = 0; i < paths->n; i++) {
		if (i && !strcmp(paths->v[i], paths->v[i - 1]))
			continue;
		assert_memory_equal(paths->v[i], top, n);
		assert_memory_equal(paths->v[i] + n, "/w/", 3);
		strbuf_addf(&got, "%s%s", got.len ? " " : "", paths->v[i] + n + 3);
	}
	assert_string_equal(got.s ? got.s : "", want);
}

static void uncommitted(const char *dir, const char *want)
{
	_cleanup_strv_ struct strv paths = {0};
	struct err err = {0};

	if (testy_git_uncommitted(dir, &paths, &err) < 0)
		fail_msg("%s", err.msg);
	check(&paths, want);
}

static void since(const char *rev, const char *want)
{
	_cleanup_strv_ struct strv paths = {0};
	struct err err = {0};

	if (testy_git_since("w", rev, &paths, &err) < 0)
		fail_msg("%s", err.msg);
	check(&paths, want);
}

static void range(const char *revs, const char *want)
{
	_cleanup_strv_ struct strv paths = {0};
	struct err err = {0};

	if (testy_git_range("w", revs, &paths, &err) < 0)
		fail_msg("%s", err.msg);
	check(&paths, want);
}

static void test_uncommitted(void **state)
{
	(void)state;
	uncommitted("w", "");
	shell("echo x >>fs/a.c");
	uncommitted("w", "fs/a.c");
	shell("git add fs/a.c");
	uncommitted("w", "fs/a.c");
	/* staged, and taken back in the work tree only */
	shell("git show HEAD:fs/a.c >fs/a.c");
	uncommitted("w", "fs/a.c");
	shell("git reset -q --hard; mkdir -p new/dir; echo x >new/dir/file; echo x >new/x.o");
	uncommitted("w", "new/dir/file");
	uncommitted("w/fs", "new/dir/file");
	shell("mkdir -p fs/testy-out ktest-out; echo x >fs/testy-out/log; echo x >ktest-out/log");
	uncommitted("w", "new/dir/file");
}

static void test_renamed_and_deleted(void **state)
{
	(void)state;
	shell("git mv fs/a.c block/a.c; rm fs/b.c");
	uncommitted("w", "block/a.c fs/a.c fs/b.c");
	shell(COMMIT);
	uncommitted("w", "");
	since("start", "block/a.c fs/a.c fs/b.c");
	range("start..HEAD", "block/a.c fs/a.c fs/b.c");
}

static void test_odd_names(void **state)
{
	(void)state;
	shell("echo x >'fs/a b'; echo x >'fs/\"q\"'; printf x >\"$(printf 'fs/\\303\\274\\t')\"");
	uncommitted("w", "fs/\"q\" fs/a b fs/\303\274\t");
}

static void test_no_commit_yet(void **state)
{
	(void)state;
	shell("rm -rf .git; git init -q .; git add fs");
	uncommitted("w", ".gitignore block/c.c fs/a.c fs/b.c");
}

static void test_tree_inside(void **state)
{
	(void)state;
	shell("mkdir inside; cd inside; git init -q .; echo x >y; " COMMIT);
	uncommitted("w", "inside");
}

static void test_since(void **state)
{
	(void)state;
	shell("echo x >>fs/a.c; " COMMIT "; echo x >>fs/b.c");
	since("start", "fs/a.c fs/b.c");
	since("HEAD", "fs/b.c");
	since("HEAD~1", "fs/a.c fs/b.c");
	/* What others did there meanwhile is no change of ours. */
	shell("git stash -q; git checkout -q start; echo x >>block/c.c; " COMMIT
	      "; git checkout -q -");
	since("start", "fs/a.c");
	shell("git checkout -q --orphan alone; git rm -rqf .; echo x >z; " COMMIT);
	since("start", ".gitignore block/c.c fs/a.c fs/b.c z");
}

static void test_range(void **state)
{
	(void)state;
	shell("echo x >>fs/a.c; " COMMIT "; echo x >>fs/b.c; " COMMIT "; echo x >new");
	range("start..HEAD", "fs/a.c fs/b.c");
	range("start..", "fs/a.c fs/b.c");
	range("HEAD~1..HEAD", "fs/b.c");
	range("HEAD..HEAD", "");
	shell("rm new; git checkout -q start; echo x >>block/c.c; " COMMIT "; git checkout -q -");
	range("start..HEAD", "block/c.c fs/a.c fs/b.c");
	range("start...HEAD", "fs/a.c fs/b.c");
}

/* What a user has configured for diffs to look at changes nothing. */
static void test_configuration(void **state)
{
	(void)state;
	shell("git config diff.external false; git config diff.relative true; "
	      "git config diff.noprefix true; git config diff.renames copies; "
	      "git config color.ui always; git config core.quotePath true");
	shell("git mv fs/a.c fs/z.c; echo x >>block/c.c");
	uncommitted("w/fs", "block/c.c fs/a.c fs/z.c");
}

static void test_errors(void **state)
{
	_cleanup_strv_ struct strv paths = {0};
	struct err err = {0};

	(void)state;
	assert_true(testy_git_since("w", "nowhere", &paths, &err) < 0);
	assert_string_equal(err.msg, "--since nowhere: git knows no such revision");
	assert_int_equal(err.usage, 1);
	err = (struct err){0};
	assert_true(testy_git_since("w", "--output=x", &paths, &err) < 0);
	assert_int_equal(err.usage, 1);
	err = (struct err){0};
	assert_true(testy_git_range("w", "a..b", &paths, &err) < 0);
	assert_true(str_starts(err.msg, "the changes of a..b: git: "));
	assert_int_equal(err.usage, 1);
	err = (struct err){0};
	assert_true(testy_git_range("w", "--output=x..y", &paths, &err) < 0);
	assert_int_equal(err.usage, 1);
	assert_false(unit_exists("w/x..y"));
	shell("rm -rf .git");
	err = (struct err){0};
	assert_true(testy_git_uncommitted("w", &paths, &err) < 0);
	assert_true(str_starts(err.msg, "no git tree in w; name the changed files: "));
	assert_int_equal(err.usage, 1);
	assert_int_equal(paths.n, 0);
	shell("git init -q --bare .");
	err = (struct err){0};
	assert_true(testy_git_uncommitted("w", &paths, &err) < 0);
	assert_int_equal(err.usage, 1);
}

static void test_is_range(void **state)
{
	static const struct {
		const char *arg;
		bool yes;
	} rows[] = {
		{"A..B", true},	    {"HEAD~3..", true}, {"..B", true},	 {"v6.1...v6.2", true},
		{"o/m..o/b", true}, {"fs/ext4", false}, {"../x", false}, {"x/../y", false},
		{"..", false},	    {"a.b.c", false},	{"x/..", false}, {"../A..B", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (testy_git_is_range(rows[i].arg) != rows[i].yes)
			fail_msg("%s: not %d", rows[i].arg, rows[i].yes);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, fresh)
	const struct CMUnitTest tests[] = {
		T(test_uncommitted),   T(test_renamed_and_deleted), T(test_odd_names),
		T(test_no_commit_yet), T(test_tree_inside),	    T(test_since),
		T(test_range),	       T(test_configuration),	    T(test_errors),
		T(test_is_range),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
