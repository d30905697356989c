// SPDX-License-Identifier: GPL-2.0-only
/* Sets of packages: what is taken, and what is told with file and line. */
#include "t/unit/unit.h"

#include "base/file.h"
#include "image/sets.h"

static char *add(const char *word, struct err *err)
{
	struct strv packages = {0};
	char *all;
	int r = sets_add("sets", word, &packages, err);

	all = r < 0 ? NULL : strv_join(&packages, " ");
	strv_done(&packages);
	return all;
}

static void gives(const char *word, const char *want)
{
	struct err err = {0};
	_cleanup_free_ char *all = add(word, &err);

	if (!all)
		fail_msg("%s: %s", word, err.msg);
	assert_string_equal(all, want);
}

static void fails(const char *word, const char *what)
{
	struct err err = {0};
	_cleanup_free_ char *all = add(word, &err);

	assert_null(all);
	if (!strstr(err.msg, what))
		fail_msg("%s: '%s' has no '%s'", word, err.msg, what);
}

static void what_is_in_a_set(void **state)
{
	(void)state;
	mkdir_p("sets", 0755, NULL);
	unit_write("sets/small", "# all\n\nbash\n  coreutils  # both\r\n?fio\nbash\n");
	unit_write("sets/large", "?coreutils\n@small\ng++\n");
	unit_write("sets/none", "");
	gives("small", "bash coreutils ?fio");
	gives("large", "coreutils bash ?fio g++");
	gives("none", "");
	gives("vim", "vim");
	gives("?vim", "?vim");
	gives("./sets/small", "bash coreutils ?fio");
}

static void a_package_asked_for_is_not_optional(void **state)
{
	struct strv packages = {0};

	(void)state;
	assert_int_equal(sets_add("sets", "?vim", &packages, NULL), 0);
	assert_int_equal(sets_add("sets", "vim", &packages, NULL), 0);
	assert_int_equal(sets_add("sets", "?vim", &packages, NULL), 0);
	assert_int_equal(packages.n, 1);
	assert_string_equal(packages.v[0], "vim");
	strv_done(&packages);
}

static void what_is_wrong_is_named(void **state)
{
	(void)state;
	unit_write("sets/two", "bash\nvim nano\n");
	unit_write("sets/option", "--force\n");
	unit_write("sets/self", "@self\n");
	unit_write("sets/lost", "\n@nowhere\n");
	unit_write("sets/up", "@../secret\n");
	fails("two", "sets/two:2: more than one word");
	fails("option", "sets/option:1: '--force' is no name of a package");
	fails("self", "without end");
	fails("lost", "sets/lost:2: sets/nowhere: No such file");
	fails("up", "'@../secret' is no name of a set");
	fails("./sets/missing", "./sets/missing: No such file");
	fails("a;b", "'a;b' is no name of a package");
	fails("", "is no name of a package");
	fails("?", "is no name of a package");
}

static void binary_and_endless_files_are_refused(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	(void)state;
	assert_int_equal(file_write("sets/binary", "ba\0sh\n", 6, 0644, NULL), 0);
	fails("binary", "no text");
	for (int i = 0; i <= SETS_PACKAGES_MAX; i++)
		strbuf_addf(&b, "package%d\n", i);
	unit_write("sets/many", b.s);
	fails("many", "more than 2000 packages");
}

static void names_of_packages(void **state)
{
	(void)state;
	assert_true(package_name_ok("libstdc++6"));
	assert_true(package_name_ok("0ad"));
	assert_true(package_name_ok("python3.11"));
	assert_false(package_name_ok("a"));
	assert_false(package_name_ok("-y"));
	assert_false(package_name_ok("Bash"));
	assert_false(package_name_ok("a b"));
	assert_false(package_name_ok("a/b"));
	assert_false(package_name_ok("a,b"));
}

static void data_beside_sets_is_none(void **state)
{
	struct strv names = {0};

	(void)state;
	mkdir_p("list", 0755, NULL);
	unit_write("list/fs", "");
	unit_write("list/build", "");
	unit_write("list/dpkg.cfg", "");
	assert_int_equal(sets_list("list", &names, NULL), 0);
	assert_int_equal(names.n, 2);
	assert_string_equal(names.v[0], "build");
	assert_string_equal(names.v[1], "fs");
	strv_done(&names);
	assert_int_equal(sets_list("nowhere", &names, NULL), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_in_a_set),
		cmocka_unit_test(a_package_asked_for_is_not_optional),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(binary_and_endless_files_are_refused),
		cmocka_unit_test(names_of_packages),
		cmocka_unit_test(data_beside_sets_is_none),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
