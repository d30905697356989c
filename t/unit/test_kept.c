// SPDX-License-Identifier: GPL-2.0-only
#include "t/unit/kernel_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kbuild/kept.h"
#include "t/unit/unseen.h"

/* A kernel whose image has so many KiB. */
static void put_kernel(size_t kib)
{
	_cleanup_free_ char *data = xcalloc(kib, 1024);

	put_file("k/vmlinuz", data, kib << 10);
	put_text("k/vmlinux", "elf");
	put_text("k/config", "CONFIG_A=y\n");
	put_text("k/System.map", "map");
	put_text("k/lib/modules/6.1/modules.order", "");
	put_text("k/private", "not the kernel's\n");
}

static void add(const char *key, uint64_t max)
{
	struct err err = {0};

	assert_int_equal(kept_add(in_dir("cache"), key, in_dir("k"), max, &err), 0);
}

/* By another process: one keeps what it found until it ends. */
static bool has(const char *key)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid)
		_exit(!kept_find(in_dir("cache"), key));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status == 0;
}

/* As if it had been used so many seconds ago. */
static void age(const char *key, time_t seconds)
{
	_cleanup_free_ char *path = xasprintf("%s/cache/kernels-built/%s/seal", dir, key);
	struct timespec t[2] = {{.tv_sec = time(NULL) - seconds}, {.tv_sec = time(NULL) - seconds}};

	assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
}

static void what_was_added_is_found(void **state)
{
	_cleanup_free_ char *path = NULL, *text = NULL, *image = NULL;
	size_t len;

	(void)state;
	put_kernel(1);
	assert_false(has("a"));
	add("a", KEPT_MAX);
	path = kept_find(in_dir("cache"), "a");
	assert_non_null(path);
	image = xasprintf("%s/config", path);
	assert_int_equal(file_read(image, 100, &text, &len, NULL), 0);
	assert_string_equal(text, "CONFIG_A=y\n");
	assert_true(path_exists(keep(xasprintf("%s/lib/modules/6.1/modules.order", path))));
	assert_false(path_exists(keep(xasprintf("%s/private", path))));
	assert_false(has("b"));
	add("a", KEPT_MAX); /* somebody else was faster */
	assert_true(has("a"));
}

static void the_longest_unused_ones_go(void **state)
{
	(void)state;
	put_kernel(100);
	add("a", KEPT_MAX);
	add("b", KEPT_MAX);
	add("c", KEPT_MAX);
	age("a", 3000);
	age("b", 2000);
	age("c", 1000);
	assert_true(has("a")); /* used now */
	add("d", 350 << 10);
	assert_false(has("b"));
	assert_true(has("c"));
	assert_true(has("d"));
	assert_true(has("a"));
	/* One that is larger than all may be is of use all the same. */
	age("d", 1000);
	add("e", 1);
	assert_true(has("e"));
	assert_false(has("d"));
}

static void one_that_was_written_to_is_removed(void **state)
{
	_cleanup_free_ char *path = NULL;

	(void)state;
	put_kernel(1);
	add("a", KEPT_MAX);
	path = kept_find(in_dir("cache"), "a");
	assert_non_null(path);
	put_text("cache/kernels-built/a/kernel/config", "CONFIG_A=n\n");
	assert_false(has("a"));
	assert_false(path_exists(path));
	add("a", KEPT_MAX);
	assert_int_equal(unlink(in_dir("cache/kernels-built/a/kernel/config")), 0);
	assert_false(has("a"));
	add("a", KEPT_MAX);
	put_text("cache/kernels-built/a/seal", "");
	assert_false(has("a"));
	add("a", KEPT_MAX);
	rewrite_unseen(in_dir("cache/kernels-built/a/kernel/config"), "CONFIG_A=m\n", 11);
	assert_false(has("a"));
}

static void nothing_is_left_of_one_that_fails(void **state)
{
	struct err err = {0};

	(void)state;
	put_kernel(1);
	assert_int_equal(unlink(in_dir("k/vmlinux")), 0);
	assert_true(kept_add(in_dir("cache"), "a", in_dir("k"), KEPT_MAX, &err) < 0);
	assert_non_null(strstr(err.msg, "vmlinux"));
	assert_int_equal(rmdir(in_dir("cache/kernels-built")), 0);
}

#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(what_was_added_is_found),
		IN_DIR(the_longest_unused_ones_go),
		IN_DIR(one_that_was_written_to_is_removed),
		IN_DIR(nothing_is_left_of_one_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
