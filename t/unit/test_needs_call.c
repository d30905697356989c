// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test files that are asked for their needs: they are run as promised, cannot do harm, and each way
 * to fail is one line that names the file and the cause. KTEST_SRC is the tree, else the current
 * directory.
 */
#include "t/unit/unit.h"

#include <sys/syscall.h>

#include "base/file.h"
#include "base/log.h"
#include "run/needs.h"

static char *tree;

static int group_setup(void **state)
{
	const char *src = getenv("KTEST_SRC");

	tree = path_real(src ? src : ".", NULL);
	return !tree || unit_enter(state) || setenv("XDG_CACHE_HOME", unit_dir, 1);
}

static int group_teardown(void **state)
{
	free(tree);
	return unit_leave(state);
}

/* t.ktest in the current directory, executable. */
static void test_file(const char *script)
{
	_cleanup_free_ char *text = xasprintf("#!/bin/bash\n%s\n", script);

	unit_write("t.ktest", text);
	assert_int_equal(chmod("t.ktest", 0755), 0);
}

static int ask_with(const struct needs_limits *limits, struct needs *n, struct err *err)
{
	return needs_read("t.ktest", tree, 3, limits, n, err);
}

static int ask(const char *script, struct needs *n, struct err *err)
{
	test_file(script);
	return ask_with(NULL, n, err);
}

/* The error without the file's name in front, which must be there. */
static const char *refused(const char *script)
{
	static struct err err;
	struct needs n;

	err = (struct err){0};
	assert_true(ask(script, &n, &err) < 0);
	needs_done(&n);
	assert_memory_equal(err.msg, "t.ktest: ", 9);
	for (const char *c = err.msg; *c; c++)
		assert_true((unsigned char)*c >= ' ');
	assert_false(err.usage);
	return err.msg + 9;
}

/*
 * `sleep 4711.PID` is this test's own stray: it must be gone, if not at once: a pid namespace takes
 * a moment to go.
 */
#define SLEEP "sleep 4711.%d"

static void no_stray(void)
{
	_cleanup_free_ char *cmd = xasprintf("for i in $(seq 100); do "
					     "grep -qs '4711[.]%d' /proc/[0-9]*/cmdline || exit 0; "
					     "sleep 0.02; done; exit 1",
					     (int)getpid());

	assert_int_equal(system(cmd), 0);
}

#define DEPS(what) "if [[ $1 == deps ]]; then " what "; else echo one; fi"

static void test_asked(void **state)
{
	struct needs n;
	struct err err = {0};
	_cleanup_free_ char *cwd = getcwd(NULL, 0);
	_cleanup_free_ char *path = xasprintf("%s/t.ktest", cwd);

	(void)state;
	assert_int_equal(
		ask("case $1 in deps) echo ktest_cpus=2;; list-tests) echo a b;; esac", &n, &err),
		0);
	assert_string_equal(n.path, path);
	assert_string_equal(n.base, "t");
	assert_string_equal(n.tree, cwd);
	assert_int_equal(n.cpus, 2);
	assert_int_equal(n.subtests.n, 2);
	assert_string_equal(n.subtests.v[1], "b");
	needs_done(&n);
}

static void test_our_own_tests(void **state)
{
	_cleanup_free_ char *path = xasprintf("%s/tests/demo.ktest", tree);
	struct needs n;
	struct err err = {0};

	(void)state;
	assert_int_equal(needs_read(path, tree, 0, NULL, &n, &err), 0);
	assert_true(n.own_library);
	assert_false(n.own_run_tests);
	assert_string_equal(n.base, "demo");
	assert_true(n.subtests.n > 1);
	needs_done(&n);
}

/* A tree with a library of its own finds the functions it expects of a runner. */
static void test_foreign_library(void **state)
{
	_cleanup_free_ char *path = xasprintf("%s/t/data/own-library/tests/pass.ktest", tree);
	struct needs n;
	struct err err = {0};

	(void)state;
	assert_int_equal(needs_read(path, tree, 0, NULL, &n, &err), 0);
	assert_false(n.own_library);
	assert_true(n.subtests.n > 0);
	needs_done(&n);
}

static void test_environment(void **state)
{
	struct needs_limits limits = {.arch = "i386", .deps_dir = "/deps/here"};
	struct needs n;
	struct err err = {0};

	(void)state;
	setenv("SECRET_TOKEN", "hunter2", 1);
	test_file(DEPS("printf 'ktest_kernel_append=(%q %q %q %q %q)\\n' "
		       "\"$ktest_priority\" \"$ktest_arch\" \"$ktest_deps_dir\" \"$ktest_dir\" "
		       "\"${SECRET_TOKEN-none}\""));
	assert_int_equal(ask_with(&limits, &n, &err), 0);
	unsetenv("SECRET_TOKEN");
	assert_int_equal(n.kernel_append.n, 5);
	assert_string_equal(n.kernel_append.v[0], "3");
	assert_string_equal(n.kernel_append.v[1], "i386");
	assert_string_equal(n.kernel_append.v[2], "/deps/here");
	assert_string_equal(n.kernel_append.v[3], tree);
	assert_string_equal(n.kernel_append.v[4], "none");
	needs_done(&n);
}

/* What it writes is refused to it or thrown away; what it starts ends with it. */
static void test_does_no_harm(void **state)
{
	_cleanup_free_ char *script = NULL;
	struct needs n;
	struct err err = {0};

	(void)state;
	script = xasprintf("touch written /var/tmp/ktest-needs-written /tmp/ktest-needs-written\n"
			   "! { : >/proc/sys/vm/laptop_mode; } 2>/dev/null || exit 9\n"
			   "setsid " SLEEP " >/dev/null 2>&1 &\n" DEPS(":"),
			   (int)getpid());
	assert_int_equal(ask(script, &n, &err), 0);
	needs_done(&n);
	assert_false(unit_exists("written"));
	assert_false(unit_exists("/var/tmp/ktest-needs-written"));
	assert_false(unit_exists("/tmp/ktest-needs-written"));
	no_stray();
}

/* Though its /tmp is an empty one, a tree below /tmp is there. */
static void test_below_tmp(void **state)
{
	char dir[] = "/tmp/ktest-needs.XXXXXX";
	_cleanup_free_ char *path = NULL, *lib = NULL;
	struct needs n;
	struct err err = {0};

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = xasprintf("%s/x.ktest", dir);
	lib = xasprintf("%s/test-libs.sh", dir);
	unit_write(path, "#!/bin/bash\n. ./test-libs.sh\n");
	unit_write(lib, "[[ $1 == deps ]] || echo found\n");
	assert_int_equal(needs_read(path, tree, 0, NULL, &n, &err), 0);
	assert_string_equal(n.subtests.v[0], "found");
	needs_done(&n);
	rm_rf(dir, NULL);
}

/* The view of the host is kept for the process once it is found: this test is the first one. */
static void test_no_view(void **state)
{
	struct needs_limits limits = {.cache = "/proc/nowhere"};
	struct needs n;
	struct err err = {0};

	(void)state;
	test_file("echo one");
	assert_true(ask_with(&limits, &n, &err) < 0);
	assert_true(str_starts(err.msg, "t.ktest: what a test file may see of the host: /proc/"));
	needs_done(&n);
}

static bool sees(const struct needs_limits *limits, const char *path)
{
	_cleanup_free_ char *script = xasprintf(DEPS("[[ ! -e %s ]] || echo ktest_cpus=7"), path);
	struct needs n;
	struct err err = {0};
	bool seen;

	test_file(script);
	if (ask_with(limits, &n, &err) < 0)
		fail_msg("%s", err.msg);
	seen = n.cpus == 7;
	needs_done(&n);
	return seen;
}

/* A file in a new directory DIR/NAME. */
static void put(const char *dir, const char *name)
{
	_cleanup_free_ char *sub = xasprintf("%s/%s", dir, name), *file = xasprintf("%s/f", sub);

	assert_int_equal(mkdir_p(sub, 0755, NULL), 0);
	unit_write(file, "x");
}

static void test_trees(void **state)
{
	char source[] = "/var/tmp/ktest-needs.XXXXXX";
	_cleanup_free_ char *cwd = getcwd(NULL, 0), *deps = xasprintf("%s/.git/deps", cwd);
	_cleanup_free_ char *link = xasprintf("%s/link", cwd), *shown = NULL, *hidden = NULL;
	struct needs_limits limits = {.deps_dir = deps}, other = {.deps_dir = link};

	(void)state;
	assert_non_null(mkdtemp(source));
	put(source, "init");
	put(source, ".git");
	put(cwd, ".git");
	put(deps, "clone");
	shown = xasprintf("%s/init/f", source);
	hidden = xasprintf("%s/.git/f", source);
	assert_int_equal(symlink(source, link), 0);
	assert_true(sees(NULL, "t.ktest"));
	assert_false(sees(NULL, ".git/f"));
	assert_false(sees(NULL, shown));
	/* below what is hidden */
	assert_true(sees(&limits, ".git/deps/clone/f"));
	assert_true(sees(&limits, "$ktest_deps_dir/clone/f"));
	assert_false(sees(&limits, ".git/f"));
	/* through a link of the tree's */
	assert_true(sees(&other, "link/init/f"));
	assert_true(sees(&other, "$ktest_deps_dir/init/f"));
	limits.source = source;
	assert_true(sees(&limits, shown));
	assert_false(sees(&limits, hidden));
	unlink(link);
	rm_rf(source, NULL);
	rm_rf(".git", NULL);
}

/* The test program itself, run by the test file: 0 if a handle opens the directory it is of. */
static int open_handle(void)
{
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} u = {.h.handle_bytes = MAX_HANDLE_SZ};
	int id, fd = open("/usr", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (name_to_handle_at(AT_FDCWD, "/usr", &u.h, &id, 0) < 0)
		return 2;
	return open_by_handle_at(fd, &u.h, O_RDONLY | O_DIRECTORY) < 0;
}

static void test_no_handles(void **state)
{
	struct needs n;
	struct err err = {0};

	(void)state;
	assert_int_equal(file_copy("/proc/self/exe", "program", NULL), 0);
	assert_int_equal(chmod("program", 0755), 0);
	assert_int_equal(ask(DEPS("! ./program handle || echo ktest_cpus=7"), &n, &err), 0);
	assert_int_not_equal(n.cpus, 7);
	needs_done(&n);
	unlink("program");
}

/* Keyrings and vsock belong to the host whatever is unshared; 1 is EPERM. */
static void test_no_ways_around_the_sandbox(void **state)
{
	static const struct {
		long nr;
		const char *arguments;
	} calls[] = {
		{__NR_add_key, "my $t = 'user', my $n = 'ktest', my $v = 'x', 1, -3"},
		{__NR_request_key, "my $t = 'user', my $n = 'ktest', 0, 0"},
		{__NR_keyctl, "0, -3, 1"},
		{__NR_bpf, "0, 0, 0"},
		{__NR_perf_event_open, "0, 0, -1, -1, 0"},
		{__NR_socket, "40, 1, 0"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		_cleanup_free_ char *script = xasprintf(
			DEPS("perl -e 'my $r = syscall(%ld, %s); exit($r < 0 && $! == 1 ? 41 : "
			     "42)'; echo ktest_cpus=$?"),
			calls[i].nr, calls[i].arguments);
		struct needs n;
		struct err err = {0};

		if (ask(script, &n, &err) < 0)
			fail_msg("%s", err.msg);
		if (n.cpus != 41)
			fail_msg("number %zu is not refused", i);
		needs_done(&n);
	}
}

static void test_odd_names(void **state)
{
	static const char *const names[] = {"a b",	"n\newline", "qu'o\"te", "back\\slash\\040",
					    "\xc3\xbc", "-dash",     "--"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(mkdir(names[i], 0755), 0);
		assert_int_equal(chdir(names[i]), 0);
		assert_true(sees(NULL, "t.ktest"));
		assert_int_equal(chdir(".."), 0);
		rm_rf(names[i], NULL);
	}
}

static const struct {
	const char *script, *message;
} broken[] = {
	{"echo 'cannot do it here' >&2; exit 3",
	 "'deps' failed with exit status 3: cannot do it here"},
	{"exit 3", "'deps' failed with exit status 3, and no word why"},
	{"printf 'one\\ntwo\\n\\n' >&2; exit 1", "'deps' failed with exit status 1: two"},
	{"printf '\\033[2J' >&2; exit 1", "'deps' failed with exit status 1: \\x1b[2J"},
	{"[[ $1 == deps ]] || exit 2", "'list-tests' failed with exit status 2"},
	{"kill -SEGV $$", "'deps' was killed by SIGSEGV"},
	{"if then fi", "line 2: syntax error near unexpected token `then'"},
	{"echo 'open", "line 2: unexpected EOF while looking for matching `''"},
	{"f() {", "line 3: syntax error: unexpected end of file"},
	{DEPS("echo rubbish"), "line 1 of what it prints for 'deps': no declaration: \"rubbish\""},
	{DEPS("echo \"ktest_images=('a)\""),
	 "line 1 of what it prints for 'deps': a quote is not closed"},
	{DEPS("echo 'ktest_images=(no/where)'"), "the image /"},
	{DEPS("echo 'ktest_rw_images=(/no/where)'"), "the image /no/where: No such file"},
	{DEPS("echo 'ktest_images=(/tmp)'"), "the image /tmp is not a file"},
	{":", "it has no subtests"},
	{"[[ $1 == deps ]] || echo a a", "two subtests are called \"a\""},
};

static void test_broken(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		const char *got = refused(broken[i].script);

		assert_memory_equal(got, broken[i].message, strlen(broken[i].message));
	}
}

static void test_unknown_tests_may_be_none(void **state)
{
	struct needs n;
	struct err err = {0};

	(void)state;
	assert_int_equal(
		ask("if [[ $1 == deps ]]; then echo ktest_tests_unknown=true; fi", &n, &err), 0);
	assert_int_equal(n.subtests.n, 0);
	needs_done(&n);
}

/* An image is looked for from the file's directory on. */
static void test_relative_image(void **state)
{
	_cleanup_free_ char *cwd = getcwd(NULL, 0);
	_cleanup_free_ char *want = xasprintf("%s/disk.img", cwd);
	struct needs n;

	(void)state;
	unit_write("disk.img", "x");
	assert_int_equal(ask(DEPS("echo 'ktest_images=(disk.img)'"), &n, NULL), 0);
	assert_string_equal(n.images.v[0], want);
	needs_done(&n);
}

static void test_memory_of_the_host(void **state)
{
	struct needs_limits limits = {.host_mem_mib = 2000};
	struct needs n;
	struct err err = {0};

	(void)state;
	test_file(DEPS("echo ktest_mem=2000"));
	assert_int_equal(ask_with(&limits, &n, &err), 0);
	needs_done(&n);
	limits.host_mem_mib = 1999;
	assert_int_equal(ask_with(&limits, &n, &err), -ENOMEM);
	assert_string_equal(err.msg,
			    "t.ktest: it declares 2000 MiB of memory, this machine has 1999 MiB");
	needs_done(&n);
}

static void test_deadline(void **state)
{
	struct needs_limits limits = {.deadline_ms = 300};
	_cleanup_free_ char *script = NULL;
	struct needs n;
	struct err err = {0};

	(void)state;
	script = xasprintf("[[ $1 == deps ]] && exit 0\nsetsid " SLEEP " &\n" SLEEP, (int)getpid(),
			   (int)getpid());
	test_file(script);
	assert_int_equal(ask_with(&limits, &n, &err), -ETIMEDOUT);
	assert_string_equal(err.msg, "t.ktest: 'list-tests' did not end within 0.3 s");
	needs_done(&n);
	no_stray();
}

static void test_flood(void **state)
{
	struct needs_limits limits = {.max_output = 10000};
	struct needs n;
	struct err err = {0};

	(void)state;
	test_file("yes 'ktest_images=()'");
	assert_int_equal(ask_with(&limits, &n, &err), -EFBIG);
	assert_string_equal(err.msg, "t.ktest: 'deps' printed more than 10000 bytes");
	needs_done(&n);
	test_file("yes >&2");
	assert_int_equal(ask_with(&limits, &n, &err), -EFBIG);
	needs_done(&n);
}

static int read_path(const char *path, struct err *err)
{
	struct needs n;
	int r;

	*err = (struct err){0};
	r = needs_read(path, tree, 0, NULL, &n, err);
	needs_done(&n);
	return r;
}

static void test_no_test_file(void **state)
{
	struct err err;

	(void)state;
	assert_true(read_path("nowhere.ktest", &err) < 0);
	assert_true(err.usage);
	assert_string_equal(err.msg, "nowhere.ktest: no such file");
	assert_int_equal(read_path(".", &err), -EISDIR);
	assert_string_equal(err.msg, ".: a directory, not a test file");
	assert_true(read_path("/dev/null", &err) < 0);
	assert_string_equal(err.msg, "/dev/null: not a regular file");
	unit_write("plain.ktest", "echo hi\n");
	assert_int_equal(read_path("plain.ktest", &err), -EACCES);
	assert_non_null(strstr(err.msg, "neither executable nor begins with #!"));
}

static void test_unreadable(void **state)
{
	struct err err;
	pid_t pid;

	(void)state;
	test_file("echo one");
	assert_int_equal(chmod("t.ktest", 0), 0);
	pid = fork();
	if (pid == 0) {
		unit_drop_root();
		_exit(read_path("t.ktest", &err) == -EACCES && !err.usage &&
				      strstr(err.msg, "t.ktest: cannot be read")
			      ? 0
			      : 1);
	}
	assert_int_equal(unit_wait(pid), 0);
	unlink("t.ktest");
}

/* Where bubblewrap does not work it is said, and strays are ended all the same. */
static void test_without_sandbox(void **state)
{
	_cleanup_free_ char *script = NULL;
	struct err err = {0};
	struct needs n;
	pid_t pid;

	(void)state;
	script = xasprintf("setsid setsid " SLEEP " >/dev/null 2>&1 &\n" DEPS("echo ktest_cpus=3"),
			   (int)getpid());
	test_file(script);
	assert_int_equal(mkdir("bin", 0755), 0);
	unit_write("bin/bwrap", "#!/bin/sh\nexit 1\n");
	assert_int_equal(chmod("bin/bwrap", 0755), 0);
	pid = fork();
	if (pid == 0) {
		_cleanup_free_ char *cwd = getcwd(NULL, 0);
		_cleanup_free_ char *path = xasprintf("%s/bin:%s", cwd, getenv("PATH"));

		setenv("PATH", path, 1);
		/* As a new process would: the answer is kept for this one. */
		execl("/proc/self/exe", "test_needs_call", "ask", tree, (char *)NULL);
		_exit(98);
	}
	assert_int_equal(unit_wait(pid), 0);
	no_stray();
	assert_int_equal(ask_with(NULL, &n, &err), 0);
	needs_done(&n);
}

static char warned[400];

static void sink(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	if (level == LOG_WARN)
		snprintf(warned, sizeof(warned), "%s", line);
}

static int ask_only(char *library)
{
	struct needs n;
	int r;

	log_set_sink(sink, NULL);
	r = needs_read("t.ktest", library, 0, NULL, &n, NULL);
	r = r == 0 && n.cpus == 3 && strstr(warned, "without a sandbox") ? 0 : 1;
	needs_done(&n);
	return r;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_view),
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_our_own_tests),
		cmocka_unit_test(test_foreign_library),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_does_no_harm),
		cmocka_unit_test(test_below_tmp),
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_no_handles),
		cmocka_unit_test(test_no_ways_around_the_sandbox),
		cmocka_unit_test(test_odd_names),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_unknown_tests_may_be_none),
		cmocka_unit_test(test_relative_image),
		cmocka_unit_test(test_memory_of_the_host),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_no_test_file),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_without_sandbox),
	};

	if (argc == 3 && !strcmp(argv[1], "ask"))
		return ask_only(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "handle"))
		return open_handle();
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
