// SPDX-License-Identifier: GPL-2.0-only
/* Images of what a guest reads, looked into with e2fsprogs. */
#include "t/unit/unit.h"

#include "base/file.h"
#include "base/json.h"
#include "run/pack.h"
#include "run/same.h"
#include "t/unit/unseen.h"

static char *tree, *dir;

static void shell(const char *cmd)
{
	if (system(cmd))
		fail_msg("failed: %s", cmd);
}

static int enter(void **state)
{
	if (unit_enter(state))
		return -1;
	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	setenv("HOME", unit_dir, 1);
	tree = xasprintf("%s/tree", unit_dir);
	dir = xasprintf("%s/packs", unit_dir);
	return 0;
}

static int leave(void **state)
{
	free(tree);
	free(dir);
	return unit_leave(state);
}

static int empty(void **state)
{
	(void)state;
	return system("rm -rf tree packs out more ref new.ko");
}

static void plain_tree(void)
{
	shell("mkdir -p tree/a/b && echo one >tree/a/one && echo two >tree/a/b/two && "
	      "chmod 755 tree/a/one && ln -s ../a/one tree/link && ln -s /etc/passwd tree/out && "
	      "mkfifo tree/fifo && mkdir tree/empty");
}

#define GIT "git -C tree -c user.name=a -c user.email=a@b -c init.defaultBranch=main "

static void git_tree(void)
{
	plain_tree();
	shell(GIT "init -q && echo '*.o' >tree/.gitignore && echo x >tree/x.o && " GIT
		  "add . && " GIT "commit -qm 1");
}

static int try_pack(const char *skip, char **path, struct err *err)
{
	struct view v = {0};
	int r;

	view_add(&v, VIEW_DIR, "/host", NULL);
	view_add(&v, VIEW_BIND, "/host/tree", tree);
	view_add(&v, VIEW_SYMLINK, "/host/short", "/host/tree/a");
	r = pack_view(&v, skip, dir, path, err);
	view_done(&v);
	return r;
}

static char *pack(void)
{
	struct err err = {0};
	char *path;

	if (try_pack(NULL, &path, &err) < 0)
		fail_msg("%s", err.msg);
	return path;
}

/* The image is whole, and its content is in out/. */
static void unpack(const char *image)
{
	_cleanup_free_ char *cmd = xasprintf(
		"e2fsck -fn %s >fsck 2>&1 && rm -rf out && mkdir out && "
		"debugfs -R 'rdump /host out' %s 2>debugfs && ! grep -v '^debugfs ' debugfs",
		image, image);

	shell(cmd);
}

static bool packed(const char *name)
{
	_cleanup_free_ char *path = xasprintf("out/host/tree/%s", name);

	return unit_exists(path);
}

/* How many files lie there: nothing half made. */
static int files_left(void)
{
	int n = -1;
	FILE *f = popen("find packs -mindepth 1 -maxdepth 1 2>/dev/null | wc -l", "re");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &n), 1);
	pclose(f);
	return n;
}

/* ---- what is in it */

static void test_without_git_it_is_all(void **state)
{
	_cleanup_free_ char *image = NULL;
	char target[64] = "";
	struct stat st;

	(void)state;
	plain_tree();
	image = pack();
	assert_int_equal(files_left(), 1);
	unpack(image);
	assert_string_equal(unit_read("out/host/tree/a/b/two"), "two\n");
	assert_int_equal(stat("out/host/tree/a/one", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_true(readlink("out/host/tree/link", target, sizeof(target) - 1) > 0);
	assert_string_equal(target, "../a/one");
	memset(target, 0, sizeof(target));
	assert_true(readlink("out/host/tree/out", target, sizeof(target) - 1) > 0);
	assert_string_equal(target, "/etc/passwd");
	memset(target, 0, sizeof(target));
	assert_true(readlink("out/host/short", target, sizeof(target) - 1) > 0);
	assert_string_equal(target, "/host/tree/a");
	assert_false(packed("fifo"));
}

static void test_of_a_repository_it_is_what_git_lists(void **state)
{
	_cleanup_free_ char *image = NULL;

	(void)state;
	git_tree();
	shell("echo new >tree/untracked && echo y >tree/a/y.o && rm tree/a/b/two && "
	      "echo changed >tree/a/one");
	image = pack();
	unpack(image);
	assert_true(packed("untracked"));
	assert_true(packed(".gitignore"));
	assert_true(packed("link"));
	assert_string_equal(unit_read("out/host/tree/a/one"), "changed\n");
	assert_false(packed("x.o"));
	assert_false(packed("a/y.o"));
	assert_false(packed("a/b/two"));
	assert_false(packed(".git"));
}

/* Unknown to the outer one, and as a submodule of it: all that lies there. */
static void test_repositories_in_a_repository(void **state)
{
	_cleanup_free_ char *image = NULL;

	(void)state;
	git_tree();
	shell("mv tree more && mkdir tree && " GIT "init -q && cp -a more tree/nested");
	shell(GIT "-c protocol.file.allow=always submodule -q add ../more sub");
	shell("echo z >tree/sub/z.o && echo z >tree/sub/z");
	image = pack();
	unpack(image);
	assert_true(packed("nested/a/b/two"));
	assert_true(packed("sub/a/b/two"));
	assert_true(packed("sub/z"));
	assert_true(packed("nested/x.o"));
	assert_true(packed("sub/z.o"));
	assert_false(packed("sub/.git"));
	assert_false(packed("nested/.git"));
}

/* The program that is found as git for the rest of a test. */
static void other_git(const char *script)
{
	_cleanup_free_ char *path = xasprintf("%s/bin:%s", unit_dir, getenv("PATH"));

	shell("rm -rf bin && mkdir bin");
	unit_write("bin/git", script);
	shell("chmod 755 bin/git");
	setenv("PATH", path, 1);
}

/* Where a guest wrote one it would have git run commands here. */
static void test_git_is_asked_in_the_outermost_alone(void **state)
{
	_cleanup_free_ char *image = NULL, *path = xstrdup(getenv("PATH"));

	(void)state;
	git_tree();
	shell("git init -q tree/evil && echo f >tree/evil/f");
	unlink("asked");
	other_git("#!/bin/sh\necho >>asked\nPATH=${PATH#*:} exec git \"$@\"\n");
	image = pack();
	setenv("PATH", path, 1);
	unpack(image);
	assert_true(packed("evil/f"));
	assert_false(packed("evil/.git"));
	assert_string_equal(unit_read("asked"), "\n\n"); /* before and after it is made */
}

/* An index is what its writer made of it. */
static void test_names_that_lead_elsewhere(void **state)
{
	static const char *const names[] = {"../secret", "a/../../secret", "/etc/passwd", "a//one",
					    "./a/one"};
	_cleanup_free_ char *path = xstrdup(getenv("PATH"));

	(void)state;
	git_tree();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *script =
			xasprintf("#!/bin/sh\nprintf 'a/one\\0%s\\0'\n", names[i]);
		struct err err = {0};
		char *image = NULL;

		other_git(script);
		assert_true(try_pack(NULL, &image, &err) < 0);
		setenv("PATH", path, 1);
		assert_non_null(strstr(err.msg, names[i]));
		assert_null(image);
	}
}

/* Of this run, of another one, of one before: guests wrote it. */
static void test_output_is_left_out(void **state)
{
	_cleanup_free_ char *image = NULL;

	(void)state;
	git_tree();
	shell("for d in tree/old tree/a/older tree/plain; do mkdir -p $d/out/t; echo x "
	      ">$d/out/t/f; done");
	shell("touch tree/old/journal.jsonl tree/old/.lock tree/a/older/journal.jsonl "
	      "tree/a/older/.lock");
	image = pack();
	unpack(image);
	assert_false(packed("old/out/t/f"));
	assert_false(packed("a/older/out/t/f"));
	assert_true(packed("plain/out/t/f"));
	assert_true(packed("a/one"));
}

static void test_names_of_any_bytes(void **state)
{
	_cleanup_free_ char *image = NULL;

	(void)state;
	git_tree();
	unit_write("tree/a\nb", "1");
	unit_write("tree/\"quoted\" \\ name", "2");
	unit_write("tree/\xc3\xa9\xff", "3");
	unit_write("tree/-rf", "4");
	image = pack();
	unpack(image);
	assert_true(packed("a\nb"));
	assert_true(packed("\"quoted\" \\ name"));
	assert_true(packed("\xc3\xa9\xff"));
	assert_true(packed("-rf"));
}

static void test_what_is_to_be_skipped_is(void **state)
{
	_cleanup_free_ char *image = NULL;
	_cleanup_free_ char *skip = xasprintf("%s/a/b", tree);
	struct err err = {0};

	(void)state;
	plain_tree();
	shell("mkdir tree/a/bc && echo x >tree/a/bc/x");
	assert_int_equal(try_pack(skip, &image, &err), 0);
	unpack(image);
	assert_false(packed("a/b/two"));
	assert_true(packed("a/bc/x"));
	assert_true(packed("a/one"));
}

/* A link to a directory is a link, wherever it leads. */
static void test_links_are_not_followed(void **state)
{
	_cleanup_free_ char *image = NULL;
	struct stat st;

	(void)state;
	plain_tree();
	shell("ln -s / tree/root && ln -s . tree/self && ln -s nowhere tree/dangling");
	image = pack();
	unpack(image);
	assert_int_equal(lstat("out/host/tree/root", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(lstat("out/host/tree/dangling", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

static void test_an_empty_tree(void **state)
{
	_cleanup_free_ char *image = NULL;

	(void)state;
	shell("mkdir tree");
	image = pack();
	unpack(image);
	assert_true(unit_exists("out/host/tree"));
}

/* ---- its name */

static ino_t inode(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

static void test_the_same_state_is_packed_once(void **state)
{
	_cleanup_free_ char *a = NULL, *b = NULL;
	ino_t before;

	(void)state;
	git_tree();
	settle();
	a = pack();
	before = inode(a);
	shell("touch tree/other.o");
	b = pack();
	assert_string_equal(a, b);
	assert_true(before == inode(b));
	assert_int_equal(files_left(), 1);
}

static void test_another_state_is_another_image(void **state)
{
	static const char *const changes[] = {
		"echo longer text >tree/a/one",
		"printf 'eno\\n' >tree/a/one && touch -d '2001-01-01' tree/a/one",
		"chmod 644 tree/a/one",
		"rm tree/a/b/two",
		"echo x >tree/a/new",
		"mv tree/a/new tree/a/newer",
		"ln -sf ../a/b/two tree/link",
		"cp -p tree/a/one tree/t && mv tree/t tree/a/one",
		"touch -r tree/a/one ref && printf 'noe\n' >tree/a/one && touch -r ref tree/a/one",
	};
	char *last, *next;

	(void)state;
	git_tree();
	settle();
	last = pack();
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		shell(changes[i]);
		settle();
		next = pack();
		if (!strcmp(last, next))
			fail_msg("the same image after: %s", changes[i]);
		free(last);
		last = next;
	}
	free(last);
}

static void test_the_view_is_part_of_it(void **state)
{
	_cleanup_free_ char *a = NULL, *b = NULL;
	struct view v = {0};

	(void)state;
	plain_tree();
	a = pack();
	view_add(&v, VIEW_DIR, "/host", NULL);
	view_add(&v, VIEW_BIND, "/host/tree", tree);
	view_add(&v, VIEW_SYMLINK, "/host/short", "/host/tree/b");
	assert_int_equal(pack_view(&v, NULL, dir, &b, NULL), 0);
	assert_string_not_equal(a, b);
	view_done(&v);
}

/* ---- limits */

static void refused(void)
{
	_cleanup_free_ char *path = NULL;
	struct err err = {0};

	assert_int_equal(try_pack(NULL, &path, &err), -EFBIG);
	assert_non_null(strstr(err.msg, tree));
	assert_int_equal(files_left(), 0);
}

static void test_what_is_too_large_is_not_packed(void **state)
{
	(void)state;
	plain_tree();
	shell("truncate -s 65M tree/zz-huge");
	refused();
	shell("git -C tree init -q");
	refused();
	shell("echo zz-huge >tree/.gitignore");
	free(pack());
}

static void test_too_many_files_are_not_packed(void **state)
{
	char name[64];

	(void)state;
	shell("mkdir -p tree/many");
	for (int i = 0; i <= PACK_FILES_MAX; i++) {
		snprintf(name, sizeof(name), "tree/many/%d", i);
		assert_int_equal(symlink("x", name), 0);
	}
	refused();
}

static void test_what_git_cannot_list_is_told(void **state)
{
	_cleanup_free_ char *path = NULL;
	struct err err = {0};

	(void)state;
	plain_tree();
	shell("mkdir tree/.git");
	assert_int_equal(try_pack(NULL, &path, &err), -EIO);
	assert_non_null(strstr(err.msg, tree));
	assert_int_equal(files_left(), 0);
}

/* ---- as a copy */

static char *copy(void)
{
	struct view v = {0};
	struct err err = {0};
	char *path = NULL;

	view_add(&v, VIEW_BIND, "/copy", tree);
	view_add(&v, VIEW_DIR, "/copy/ktest-out", NULL);
	if (pack_copy(&v, NULL, dir, &path, &err) < 0)
		fail_msg("%s", err.msg);
	view_done(&v);
	return path;
}

static void test_a_copy_has_no_limits_and_no_repository(void **state)
{
	_cleanup_free_ char *first = NULL, *again = NULL, *other = NULL, *in = NULL, *cmd = NULL;

	(void)state;
	git_tree();
	shell("truncate -s 80M tree/large && echo secret >tree/.git/secret");
	settle();
	first = copy();
	cmd = xasprintf("cd %s/copy && test -x a/one && test \"$(cat a/b/two)\" = two && "
			"test \"$(readlink link)\" = ../a/one && test -L out && "
			"test \"$(stat -c %%s large)\" = 83886080 && test -d ktest-out && "
			"! test -e x.o && ! test -e .git && ! test -e fifo",
			first);
	shell(cmd);
	/* The copy stays as it is, whatever becomes of the tree. */
	again = copy();
	assert_string_equal(first, again);
	rewrite_unseen("tree/a/b/two", "new\n", 4);
	other = copy();
	assert_string_not_equal(first, other);
	in = xasprintf("%s/copy/a/b/two", first);
	assert_string_equal(unit_read(in), "two\n");
}

/* ---- modules */

static void test_modules(void **state)
{
	_cleanup_free_ char *modules = xasprintf("%s/more", unit_dir);
	struct kernel k = {.modules = modules};
	_cleanup_free_ char *vmlinuz = xasprintf("%s/more/modules.dep", unit_dir);
	_cleanup_json_ json_t *packed = NULL, *walked = NULL;
	char *path, *again;
	struct hash same;

	(void)state;
	shell("mkdir -p more/kernel/fs && echo m >more/kernel/fs/x.ko && echo d >more/modules.dep");
	settle();
	assert_int_equal(pack_modules(&k, dir, &path, &same, NULL), 0);
	assert_int_equal(pack_modules(&k, dir, &again, &same, NULL), 0);
	assert_string_equal(path, again);
	k.vmlinuz = vmlinuz;
	packed = same_kernel(&k, &same);
	walked = same_kernel(&k, NULL);
	assert_true(json_is_string(json_object_get(packed, "modules_hash")));
	assert_true(json_equal(packed, walked));
	shell("mkdir out && e2fsck -fn packs/*/image >fsck 2>&1 && "
	      "debugfs -R 'rdump /kernel out' packs/*/image 2>debugfs");
	assert_string_equal(unit_read("out/kernel/fs/x.ko"), "m\n");
	assert_int_equal(files_left(), 1);
	free(path);
	free(again);
	k.modules = NULL;
	assert_int_equal(pack_modules(&k, dir, &path, &same, NULL), 0);
	assert_null(path);
}

/* As the developer of a module does all day: no depmod, nothing else of the tree is newer. */
static void test_a_module_that_was_replaced(void **state)
{
	static const char *const changes[] = {
		"cp new.ko more/kernel/fs/x.ko",
		"cd more/kernel/fs && cp -p x.ko r && echo o >x.ko && touch -r r x.ko && rm r",
		"cp more/kernel/fs/x.ko more/kernel/fs/y.ko",
		"ln -s x.ko more/kernel/fs/z.ko",
		"rm more/kernel/fs/z.ko",
	};
	_cleanup_free_ char *modules = xasprintf("%s/more", unit_dir);
	struct kernel k = {.modules = modules};
	char *last, *next;
	struct hash same;

	(void)state;
	shell("mkdir -p more/kernel/fs && echo m >more/kernel/fs/x.ko && echo d >more/modules.dep "
	      "&& echo n >new.ko");
	settle();
	assert_int_equal(pack_modules(&k, dir, &last, &same, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		shell(changes[i]);
		settle();
		assert_int_equal(pack_modules(&k, dir, &next, &same, NULL), 0);
		if (!strcmp(last, next))
			fail_msg("the same image after: %s", changes[i]);
		free(last);
		last = next;
	}
	free(last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_without_git_it_is_all, empty),
		cmocka_unit_test_teardown(test_of_a_repository_it_is_what_git_lists, empty),
		cmocka_unit_test_teardown(test_repositories_in_a_repository, empty),
		cmocka_unit_test_teardown(test_git_is_asked_in_the_outermost_alone, empty),
		cmocka_unit_test_teardown(test_output_is_left_out, empty),
		cmocka_unit_test_teardown(test_names_that_lead_elsewhere, empty),
		cmocka_unit_test_teardown(test_names_of_any_bytes, empty),
		cmocka_unit_test_teardown(test_what_is_to_be_skipped_is, empty),
		cmocka_unit_test_teardown(test_links_are_not_followed, empty),
		cmocka_unit_test_teardown(test_an_empty_tree, empty),
		cmocka_unit_test_teardown(test_the_same_state_is_packed_once, empty),
		cmocka_unit_test_teardown(test_another_state_is_another_image, empty),
		cmocka_unit_test_teardown(test_the_view_is_part_of_it, empty),
		cmocka_unit_test_teardown(test_what_is_too_large_is_not_packed, empty),
		cmocka_unit_test_teardown(test_too_many_files_are_not_packed, empty),
		cmocka_unit_test_teardown(test_a_copy_has_no_limits_and_no_repository, empty),
		cmocka_unit_test_teardown(test_what_git_cannot_list_is_told, empty),
		cmocka_unit_test_teardown(test_modules, empty),
		cmocka_unit_test_teardown(test_a_module_that_was_replaced, empty),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
