// SPDX-License-Identifier: GPL-2.0-only
#include "t/unit/unit.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "run/same.h"

static const char path[] = "tree/tests/a/t.ktest";
static struct needs needs;

static int setup(void **state)
{
	if (unit_enter(state))
		return -1;
	mkdir_p("tree/tests/a/ktest-out", 0755, NULL);
	mkdir_p("tree/tests/lib", 0755, NULL);
	mkdir_p("tree/lib/sub", 0755, NULL);
	unit_write(path, "x");
	unit_write("tree/tests/test-libs.sh", "x");
	needs.path = path_absolute(path);
	needs.tree = path_absolute("tree");
	return 0;
}

static int teardown(void **state)
{
	needs_done(&needs);
	return unit_leave(state);
}

static json_t *of_file(void)
{
	struct hash h;

	hash_init(&h);
	assert_int_equal(hash_file(&h, needs.path, NULL), 0);
	return same_file(&needs, h.v, "ours");
}

static bool changes(const char *file, const char *text, const char *key)
{
	_cleanup_json_ json_t *before = of_file(), *after = NULL;

	unit_write(file, text);
	after = of_file();
	assert_true(json_is_string(json_object_get(before, key)));
	return !same_hash(before, after, key);
}

static void test_a_file(void **state)
{
	(void)state;
	assert_true(changes(path, "y", "file_hash"));
	assert_false(changes(path, "y", "file_hash"));
	assert_false(changes(path, "z", "library_hash"));
}

static void test_a_library_of_its_own(void **state)
{
	(void)state;
	assert_true(changes("tree/tests/test-libs.sh", "y", "library_hash"));
	assert_false(changes("tree/tests/test-libs.sh", "y", "library_hash"));
	assert_true(changes("tree/tests/a/more.sh", "", "library_hash"));
	assert_true(changes("tree/top.sh", "", "library_hash"));
	assert_true(changes("tree/lib/sub/x", "", "library_hash"));
	assert_true(changes("tree/lib/sub/x", "y", "library_hash"));
	/* Neither other tests, nor what a run leaves in the tree, nor directories of its own. */
	assert_false(changes("tree/tests/a/u.ktest", "", "library_hash"));
	assert_false(changes("tree/tests/a/ktest-out/x.sh", "", "library_hash"));
	assert_false(changes("tree/tests/lib/x", "", "library_hash"));
	/* A link counts by what it leads to, and what cannot be read does not block. */
	assert_int_equal(symlink("../../../other", "tree/tests/a/link.sh"), 0);
	assert_int_equal(mkfifo("tree/tests/a/fifo.sh", 0600), 0);
	assert_true(changes("other", "", "library_hash"));
}

static void test_our_library(void **state)
{
	(void)state;
	needs.own_library = true;
	mkdir_p("ours/lib/variants", 0755, NULL);
	assert_true(changes("ours/lib/variants/x", "", "library_hash"));
	assert_false(changes("ours/other.sh", "", "library_hash"));
	mkdir_p("ours/tests", 0755, NULL);
	assert_true(changes("ours/tests/kasan-base.sh", "", "library_hash"));
	assert_false(changes("ours/tests/other.ktest", "", "library_hash"));
	/* A helper beside the file */
	assert_true(changes("tree/tests/a/more.sh", "z", "library_hash"));
	needs.own_library = false;
}

static void test_a_kernel(void **state)
{
	char image[] = "image", modules[] = "modules";
	struct kernel k = {.vmlinuz = image};
	_cleanup_json_ json_t *none = same_kernel(&k, NULL), *some = NULL, *later = NULL;
	const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

	(void)state;
	assert_true(json_is_null(json_object_get(none, "image_hash")));
	assert_true(json_is_null(json_object_get(none, "modules_hash")));
	k.modules = modules;
	mkdir_p("modules/kernel", 0755, NULL);
	unit_write("modules/kernel/a.ko", "a");
	unit_write("image", "x");
	some = same_kernel(&k, NULL);
	assert_false(same_hash(none, some, "modules_hash"));
	assert_false(same_hash(none, some, "image_hash"));
	assert_int_equal(utimensat(AT_FDCWD, "modules/kernel/a.ko", times, 0), 0);
	later = same_kernel(&k, NULL);
	assert_false(same_hash(some, later, "modules_hash"));
	assert_true(same_hash(some, later, "image_hash"));
}

static void test_an_event_of_before(void **state)
{
	_cleanup_json_ json_t *old = json_object(), *now = of_file();

	(void)state;
	assert_true(same_hash(old, now, "file_hash"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_file),
		cmocka_unit_test(test_a_library_of_its_own),
		cmocka_unit_test(test_our_library),
		cmocka_unit_test(test_a_kernel),
		cmocka_unit_test(test_an_event_of_before),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
