// SPDX-License-Identifier: GPL-2.0-only
/* Files as they are promised to readers, and paths in directories that a guest wrote in. */
#include "t/unit/unit.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/file.h"

/* ---- reading and writing */

static void test_read_is_bounded(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct err err = {0};
	size_t len;

	(void)state;
	unit_write("five", "12345");
	assert_int_equal(file_read("five", 5, &text, &len, &err), 0);
	assert_int_equal(len, 5);
	assert_string_equal(text, "12345");
	assert_int_equal(file_read("five", 4, &text, &len, &err), -EFBIG);
	assert_string_equal(err.msg, "five: larger than 4 bytes");
	assert_int_equal(file_read("missing", 4, &text, &len, &err), -ENOENT);
	assert_string_equal(err.msg, "missing: No such file or directory");
	assert_int_equal(file_read(".", 4, &text, &len, &err), -EISDIR);
}

static void test_endless_file_ends_at_the_bound(void **state)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	(void)state;
	assert_int_equal(file_read("/dev/zero", 1 << 20, &text, &len, NULL), -EFBIG);
	assert_null(text);
}

static void test_empty_file_is_an_empty_string(void **state)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 1;

	(void)state;
	unit_write("empty", "");
	assert_int_equal(file_read("empty", 0, &text, &len, NULL), 0);
	assert_string_equal(text, "");
	assert_int_equal(len, 0);
}

/* A writer that a signal interrupts and a pipe that takes it in pieces lose nothing. */
static void test_write_all_goes_on_after_short_writes(void **state)
{
	_cleanup_free_ char *data = xcalloc(1, 300000);
	char chunk[7000];
	size_t total = 0;
	int fd[2];
	ssize_t n;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	pid = fork();
	if (pid == 0) {
		close(fd[0]);
		_exit(fd_write_all(fd[1], data, 300000) == 0 ? 0 : 1);
	}
	close(fd[1]);
	while ((n = read(fd[0], chunk, sizeof(chunk))) > 0)
		total += (size_t)n;
	close(fd[0]);
	assert_int_equal(total, 300000);
	assert_int_equal(unit_wait(pid), 0);
}

static int entries(const char *dir)
{
	char cmd[64];
	FILE *ls;
	int n = -1;

	snprintf(cmd, sizeof(cmd), "ls -A %s | wc -l", dir);
	ls = popen(cmd, "r");
	assert_int_equal(fscanf(ls, "%d", &n), 1);
	pclose(ls);
	return n;
}

/* Whoever opened the old file goes on reading the old file; no third name is left. */
static void test_atomic_write_replaces_the_name(void **state)
{
	char buf[8] = "";
	struct stat st;
	int old;

	(void)state;
	mkdir("atomic", 0755);
	unit_write("atomic/f", "old");
	old = open("atomic/f", O_RDONLY);
	assert_int_equal(file_write_atomic("atomic/f", "newer", 5, 0640, NULL), 0);
	assert_int_equal(read(old, buf, sizeof(buf)), 3);
	assert_string_equal(buf, "old");
	close(old);
	assert_string_equal(unit_read("atomic/f"), "newer");
	assert_int_equal(stat("atomic/f", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(entries("atomic"), 1);
}

static void test_atomic_write_that_fails_changes_nothing(void **state)
{
	_cleanup_free_ char *much = xcalloc(1, 100000);
	const struct rlimit small = {4096, RLIM_INFINITY}, none = {RLIM_INFINITY, RLIM_INFINITY};
	struct err err = {0};

	(void)state;
	mkdir("keep", 0755);
	unit_write("keep/f", "old");
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(file_write_atomic("keep/f", much, 100000, 0644, &err), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &none);
	assert_string_equal(err.msg, "keep/f: File too large");
	assert_string_equal(unit_read("keep/f"), "old");
	assert_int_equal(file_write_atomic("keep/no/f", "x", 1, 0644, &err), -ENOENT);
	mkdir("keep/dir", 0755);
	assert_int_equal(file_write_atomic("keep/dir", "x", 1, 0644, &err), -EISDIR);
	assert_int_equal(entries("keep"), 2);
}

static void test_atomic_write_replaces_a_link_not_its_target(void **state)
{
	struct stat st;

	(void)state;
	unit_write("target", "untouched");
	assert_int_equal(symlink("target", "link"), 0);
	assert_int_equal(file_write_atomic("link", "x", 1, 0644, NULL), 0);
	assert_string_equal(unit_read("target"), "untouched");
	assert_int_equal(lstat("link", &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(symlink("target", "link2"), 0);
	assert_int_equal(file_write("link2", "x", 1, 0644, NULL), -ELOOP);
	assert_string_equal(unit_read("target"), "untouched");
}

/* Whatever the umask: an initramfs or a program that is copied stays what it is. */
static void test_copy_keeps_content_and_mode(void **state)
{
	struct stat st;
	mode_t old;

	(void)state;
	unit_write("program", "#!/bin/sh\n");
	chmod("program", 0755);
	old = umask(077);
	assert_int_equal(file_copy("program", "copy", NULL), 0);
	umask(old);
	assert_string_equal(unit_read("copy"), "#!/bin/sh\n");
	assert_int_equal(stat("copy", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0755);
	unit_write("longer", "something longer than that program");
	assert_int_equal(file_copy("program", "longer", NULL), 0);
	assert_string_equal(unit_read("longer"), "#!/bin/sh\n");
	assert_int_equal(stat("longer", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0755);
}

static void test_sparse_file_takes_no_room_and_replaces_nothing(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(file_create_sparse("disk", 1ULL << 36, NULL), 0);
	assert_int_equal(stat("disk", &st), 0);
	assert_true(st.st_size == 1LL << 36);
	assert_true(st.st_blocks < 16);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(file_create_sparse("disk", 1, NULL), -EEXIST);
}

static void test_mkdir_p(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(mkdir_p("a/b//c/", 0700, NULL), 0);
	assert_int_equal(mkdir_p("a/b/c", 0755, NULL), 0);
	assert_true(path_is_dir("a/b/c"));
	unit_write("a/file", "");
	assert_int_equal(mkdir_p("a/file", 0755, &err), -ENOTDIR);
	assert_true(mkdir_p("a/file/d", 0755, &err) < 0);
	assert_string_equal(err.msg, "a/file: Not a directory");
	assert_int_equal(mkdir_p("", 0755, &err), -ENOENT);
	assert_int_equal(mkdir_p("/", 0755, NULL), 0);
	/* A link to a directory is one. */
	assert_int_equal(symlink("b", "a/link"), 0);
	assert_int_equal(mkdir_p("a/link/d", 0755, NULL), 0);
	assert_true(path_is_dir("a/b/d"));
}

/* ---- removing */

static void test_rm_rf_removes_links_not_what_they_lead_to(void **state)
{
	(void)state;
	assert_int_equal(mkdir_p("outside/dir", 0755, NULL), 0);
	unit_write("outside/file", "kept");
	assert_int_equal(mkdir_p("tree/sub", 0755, NULL), 0);
	assert_int_equal(symlink("../outside", "tree/to-dir"), 0);
	assert_int_equal(symlink("../../outside/file", "tree/sub/to-file"), 0);
	assert_int_equal(symlink("nowhere", "tree/dangling"), 0);
	assert_int_equal(symlink("..", "tree/sub/up"), 0);
	assert_int_equal(mkfifo("tree/fifo", 0600), 0);
	assert_int_equal(rm_rf("tree", NULL), 0);
	assert_false(unit_exists("tree"));
	assert_string_equal(unit_read("outside/file"), "kept");
	assert_true(path_is_dir("outside/dir"));
	assert_int_equal(symlink("outside", "tree"), 0);
	assert_int_equal(rm_rf("tree", NULL), 0);
	assert_false(unit_exists("tree"));
	assert_string_equal(unit_read("outside/file"), "kept");
	assert_int_equal(rm_rf("tree", NULL), 0);
}

/* A guest leaves directories that not even their owner may enter. */
static void test_rm_rf_of_unreadable_directories_by_their_owner(void **state)
{
	pid_t pid;

	(void)state;
	mkdir("shut", 0777);
	chmod("shut", 0777);
	pid = fork();
	if (pid == 0) {
		unit_drop_root();
		if (mkdir_p("shut/t/a/b", 0755, NULL) || chmod("shut/t/a/b", 0) ||
		    chmod("shut/t/a", 0100) || chmod("shut/t", 0))
			_exit(1);
		_exit(rm_rf("shut/t", NULL) == 0 && !unit_exists("shut/t") ? 0 : 2);
	}
	assert_int_equal(unit_wait(pid), 0);
}

static void test_rm_rf_names_what_it_cannot_remove(void **state)
{
	struct err err = {0};
	pid_t pid;

	(void)state;
	mkdir("theirs", 0755);
	unit_write("theirs/file", "");
	pid = fork();
	if (pid == 0) {
		if (geteuid() != 0)
			chmod("theirs", 0555);
		unit_drop_root();
		if (rm_rf("theirs/file", &err) != -EACCES)
			_exit(1);
		_exit(strcmp(err.msg, "cannot remove theirs/file: Permission denied") ? 2 : 0);
	}
	assert_int_equal(unit_wait(pid), 0);
	chmod("theirs", 0755);
	assert_true(unit_exists("theirs/file"));
}

/* As deep as a guest can nest them: deeper than a process has descriptors, longer than PATH_MAX. */
static void test_rm_rf_of_a_deep_tree(void **state)
{
	const int depth = 3000;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		const struct rlimit usual = {1024, 1024};

		setrlimit(RLIMIT_NOFILE, &usual);
		mkdir("deep", 0755);
		if (chdir("deep") < 0)
			_exit(1);
		for (int i = 0; i < depth; i++)
			if (mkdir("d", 0755) < 0 || chdir("d") < 0)
				_exit(2);
		if (chdir(unit_dir) < 0)
			_exit(3);
		_exit(rm_rf("deep", NULL) == 0 && !unit_exists("deep") ? 0 : 4);
	}
	assert_int_equal(unit_wait(pid), 0);
}

/* Root of a user namespace, where it is not root already. */
static int own_mounts(void)
{
	_cleanup_free_ char *map = xasprintf("0 %u 1", (unsigned int)geteuid()),
			    *groups = xasprintf("0 %u 1", (unsigned int)getegid());

	if (geteuid() == 0)
		return unshare(CLONE_NEWNS);
	if (unshare(CLONE_NEWNS | CLONE_NEWUSER) < 0)
		return -1;
	unit_write("/proc/self/setgroups", "deny");
	unit_write("/proc/self/uid_map", map);
	unit_write("/proc/self/gid_map", groups);
	return 0;
}

/* In a mount namespace of the child's own. */
static void test_rm_rf_stays_on_its_file_system(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		if (own_mounts() < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
			_exit(1);
		if (mkdir_p("mounted/on", 0755, NULL) < 0 ||
		    mount("tmpfs", "mounted/on", "tmpfs", 0, NULL) < 0)
			_exit(2);
		unit_write("mounted/on/file", "kept");
		unit_write("mounted/gone", "");
		if (rm_rf("mounted", NULL) >= 0)
			_exit(3);
		if (unit_exists("mounted/gone"))
			_exit(4);
		_exit(strcmp(unit_read("mounted/on/file"), "kept") ? 5 : 0);
	}
	assert_int_equal(unit_wait(pid), 0);
}

/* ---- beneath */

static void test_open_beneath_follows_no_link(void **state)
{
	int dir, fd;

	(void)state;
	unit_write("secret", "s");
	assert_int_equal(mkdir_p("guest/sub", 0755, NULL), 0);
	unit_write("guest/sub/file", "f");
	assert_int_equal(symlink("../secret", "guest/out"), 0);
	assert_int_equal(symlink("/etc/passwd", "guest/abs"), 0);
	assert_int_equal(symlink("sub", "guest/inside"), 0);
	assert_int_equal(symlink("/proc/self/fd/0", "guest/magic"), 0);
	dir = open("guest", O_RDONLY | O_DIRECTORY);
	assert_int_equal(open_beneath(dir, "out", O_RDONLY, 0), -ELOOP);
	assert_int_equal(open_beneath(dir, "abs", O_RDONLY, 0), -ELOOP);
	assert_int_equal(open_beneath(dir, "magic", O_RDONLY, 0), -ELOOP);
	/* not even within */
	assert_int_equal(open_beneath(dir, "inside/file", O_RDONLY, 0), -ELOOP);
	assert_int_equal(open_beneath(dir, "../secret", O_RDONLY, 0), -EXDEV);
	assert_int_equal(open_beneath(dir, "sub/../../secret", O_RDONLY, 0), -EXDEV);
	assert_int_equal(open_beneath(dir, "/etc/passwd", O_RDONLY, 0), -EXDEV);
	assert_int_equal(open_beneath(dir, "out", O_WRONLY | O_CREAT | O_TRUNC, 0644), -ELOOP);
	assert_string_equal(unit_read("secret"), "s");
	fd = open_beneath(dir, "sub/file", O_RDONLY, 0);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	fd = open_beneath(dir, "sub/new", O_WRONLY | O_CREAT | O_EXCL, 0640);
	assert_true(fd >= 0);
	close(fd);
	close(dir);
}

/* Until it is killed, or the test has ended. */
static void rename_for_ever(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent &&
	       (rename("here", "there") == 0 || rename("there", "here") == 0))
		;
	_exit(0);
}

/* openat2(2) is unsure of ".." while anything is renamed. */
static void test_open_beneath_while_others_rename(void **state)
{
	pid_t pid, self = getpid();
	int dir, fd = -EXDEV;

	(void)state;
	assert_int_equal(mkdir_p("guest/sub", 0755, NULL), 0);
	assert_int_equal(mkdir_p("here", 0755, NULL), 0);
	dir = open("guest", O_RDONLY | O_DIRECTORY);
	pid = fork();
	if (pid == 0)
		rename_for_ever(self);
	for (int i = 0; i < 10000 && fd == -EXDEV; i++)
		fd = open_beneath(dir, "sub/../../secret", O_RDONLY, 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(dir);
	assert_int_equal(fd, -EXDEV);
}

static void test_open_beneath_does_not_wait_for_a_fifo(void **state)
{
	int dir, fd;

	(void)state;
	mkdir("pipes", 0755);
	assert_int_equal(mkfifo("pipes/p", 0600), 0);
	dir = open("pipes", O_RDONLY | O_DIRECTORY);
	alarm(10);
	fd = open_beneath(dir, "p", O_RDONLY, 0);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(open_beneath(dir, "p", O_WRONLY, 0), -ENXIO);
	alarm(0);
	close(dir);
}

/* ---- locks */

static void test_lock_is_held_by_one_process(void **state)
{
	struct err err = {0};
	struct stat st;
	int fd, to_child[2], ready[2];
	char c = 0;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(to_child), 0);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		close(to_child[1]);
		fd = lock_try("lock", NULL);
		if (fd < 0 || write(ready[1], "r", 1) != 1 || read(to_child[0], &c, 1) != 0)
			_exit(1);
		_exit(0); /* without closing: its end is enough */
	}
	close(to_child[0]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(lock_try("lock", &err), -EWOULDBLOCK);
	assert_int_equal(err.code, -EWOULDBLOCK);
	close(to_child[1]);
	assert_int_equal(unit_wait(pid), 0);
	fd = lock_try("lock", &err);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	close(fd);
	close(ready[0]);
	close(ready[1]);
	assert_int_equal(symlink("lock", "lock-link"), 0);
	assert_int_equal(lock_try("lock-link", &err), -ELOOP);
}

/* ---- names */

static void test_paths(void **state)
{
	_cleanup_free_ char *absolute = path_absolute("x/../y"), *same = path_absolute("/a//b"),
			    *real = NULL, *want = xasprintf("%s/x/../y", unit_dir), *none = NULL;
	struct err err = {0};

	(void)state;
	assert_string_equal(absolute, want);
	assert_string_equal(same, "/a//b");
	mkdir("real", 0755);
	assert_int_equal(symlink("real", "alias"), 0);
	real = path_real("alias/.", &err);
	assert_string_equal(path_base(real), "real");
	none = path_real("no/such", &err);
	assert_null(none);
	assert_int_equal(err.code, -ENOENT);
}

static void test_home(void **state)
{
	_cleanup_free_ char *set = NULL, *unset = NULL, *odd = NULL;

	(void)state;
	setenv("HOME", "/somewhere", 1);
	set = path_home(".ktest");
	assert_string_equal(set, "/somewhere/.ktest");
	setenv("HOME", "relative", 1);
	odd = path_home("x");
	unsetenv("HOME");
	unset = path_home("x");
	assert_int_equal(*unset, '/');
	assert_string_equal(odd, unset);
}

/* A directory of that name or a file that is no program is not it. */
static void test_find_program(void **state)
{
	_cleanup_free_ char *found = NULL, *sbin = NULL, *slash = NULL, *none = NULL,
			    *path = xasprintf("%s/p1:%s/p2::/usr/bin", unit_dir, unit_dir),
			    *want = xasprintf("%s/p2/tool", unit_dir);

	(void)state;
	assert_int_equal(mkdir_p("p1/tool", 0755, NULL), 0);
	mkdir("p2", 0755);
	unit_write("p2/tool", "");
	unit_write("p1/data", "");
	setenv("PATH", path, 1);
	none = find_program("tool");
	assert_null(none);
	chmod("p2/tool", 0755);
	found = find_program("tool");
	assert_string_equal(found, want);
	assert_null(find_program("data"));
	assert_null(find_program("./p1/data"));
	slash = find_program("./p2/tool");
	assert_string_equal(slash, "./p2/tool");
	setenv("PATH", "/nowhere", 1);
	sbin = find_program("ldconfig");
	assert_non_null(sbin);
	setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
}

static void test_below_is_told_by_whole_names(void **state)
{
	(void)state;
	assert_true(path_below("/a/b", "/a/b"));
	assert_true(path_below("/a/b/c", "/a/b"));
	assert_false(path_below("/a/bc", "/a/b"));
	assert_false(path_below("/a", "/a/b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_is_bounded),
		cmocka_unit_test(test_endless_file_ends_at_the_bound),
		cmocka_unit_test(test_empty_file_is_an_empty_string),
		cmocka_unit_test(test_write_all_goes_on_after_short_writes),
		cmocka_unit_test(test_atomic_write_replaces_the_name),
		cmocka_unit_test(test_atomic_write_that_fails_changes_nothing),
		cmocka_unit_test(test_atomic_write_replaces_a_link_not_its_target),
		cmocka_unit_test(test_copy_keeps_content_and_mode),
		cmocka_unit_test(test_sparse_file_takes_no_room_and_replaces_nothing),
		cmocka_unit_test(test_mkdir_p),
		cmocka_unit_test(test_rm_rf_removes_links_not_what_they_lead_to),
		cmocka_unit_test(test_rm_rf_of_unreadable_directories_by_their_owner),
		cmocka_unit_test(test_rm_rf_names_what_it_cannot_remove),
		cmocka_unit_test(test_rm_rf_of_a_deep_tree),
		cmocka_unit_test(test_rm_rf_stays_on_its_file_system),
		cmocka_unit_test(test_open_beneath_follows_no_link),
		cmocka_unit_test(test_open_beneath_while_others_rename),
		cmocka_unit_test(test_open_beneath_does_not_wait_for_a_fifo),
		cmocka_unit_test(test_lock_is_held_by_one_process),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_home),
		cmocka_unit_test(test_find_program),
		cmocka_unit_test(test_below_is_told_by_whole_names),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
