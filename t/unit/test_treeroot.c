// SPDX-License-Identifier: GPL-2.0-only
/* A directory tree as a root: what the guest sees of it. */
#include "t/unit/unit.h"

#include "base/file.h"
#include "image/treeroot.h"

static const struct view_entry *entry(const struct view *v, const char *path)
{
	const struct view_entry *found = NULL;

	for (size_t i = 0; i < v->n; i++)
		if (str_eq(v->entries[i].path, path))
			found = &v->entries[i];
	return found;
}

static void shows_what_is_there(void **state)
{
	_cleanup_free_ char *real = path_real(".", NULL), *tree = xasprintf("%s/tree", real);
	_cleanup_free_ char *etc = xasprintf("%s/etc", tree);
	struct view v = {0};

	(void)state;
	mkdir_p("tree/etc", 0755, NULL);
	mkdir_p("tree/proc/1", 0755, NULL);
	mkdir_p("tree/root", 0700, NULL);
	unit_write("tree/init", "");
	assert_int_equal(symlink("usr/bin", "tree/bin"), 0);
	assert_int_equal(symlink("/etc", "tree/run"), 0);
	assert_int_equal(mkfifo("tree/pipe", 0644), 0);
	assert_int_equal(tree_view(tree, &v, NULL), 0);
	assert_int_equal(entry(&v, "/etc")->kind, VIEW_BIND);
	assert_string_equal(entry(&v, "/etc")->source, etc);
	assert_int_equal(entry(&v, "/init")->kind, VIEW_BIND);
	assert_int_equal(entry(&v, "/root")->kind, VIEW_BIND);
	assert_int_equal(entry(&v, "/bin")->kind, VIEW_SYMLINK);
	assert_string_equal(entry(&v, "/bin")->source, "usr/bin");
	assert_int_equal(entry(&v, "/proc")->kind, VIEW_DIR);
	assert_int_equal(entry(&v, "/run")->kind, VIEW_DIR);
	assert_int_equal(entry(&v, "/host")->kind, VIEW_DIR);
	assert_null(entry(&v, "/pipe"));
	view_done(&v);
}

static void has_to_be_there(void **state)
{
	struct view v = {0};

	(void)state;
	assert_int_equal(tree_view("/nowhere", &v, NULL), -ENOENT);
	view_done(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_what_is_there),
		cmocka_unit_test(has_to_be_there),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
