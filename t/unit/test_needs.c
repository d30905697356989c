// SPDX-License-Identifier: GPL-2.0-only
/* The text that `TEST deps` and `TEST list-tests` print: what it declares, and what is refused. */
#include "t/unit/unit.h"

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "run/needs.h"

static int deps(const char *text, struct needs *n, struct err *err)
{
	return needs_parse_deps(text, strlen(text), n, err);
}

static int list(const char *text, struct needs *n, struct err *err)
{
	return needs_parse_list(text, strlen(text), n, err);
}

static void is_list(const struct strv *got, const char *joined)
{
	_cleanup_free_ char *s = strv_join(got, "|");

	assert_string_equal(s, joined);
}

static void test_every_declaration(void **state)
{
	static const char text[] = "ktest_arch=x86_64\n"
				   "ktest_compiler=clang-19\n"
				   "ktest_cpus=8\n"
				   "ktest_mem=2048\n"
				   "ktest_timeout=300\n"
				   "ktest_timeout_multiplier=3\n"
				   "ktest_kernel_append=(a=1 'b c' $'d\\ne')\n"
				   "ktest_kernel_make_append=(W=1)\n"
				   "ktest_storage_bus=nvme\n"
				   "ktest_images=(/a/b)\n"
				   "ktest_rw_images=(/c\\ d)\n"
				   "ktest_scratch_dev_sizes=(4G 512M 4096)\n"
				   "ktest_scratch_slowdev_sizes=(1g)\n"
				   "ktest_pmem_dev_sizes=(1GiB)\n"
				   "ktest_make_install=(/m)\n"
				   "ktest_build_deb=(/d)\n"
				   "ktest_git=('https://x/y.git y')\n"
				   "ktest_gcov=(fs/ext4)\n"
				   "ktest_kernel_modules=(/bugs)\n"
				   "ktest_kernel_config_require=(A B=y)\n"
				   "ktest_kernel_config_require_soft=(C)\n"
				   "ktest_qemu_append=(-device \"foo,bar=\\\"1\\\"\")\n"
				   "ktest_qemu_prepend=(-S)\n"
				   "ktest_allow_taint=true\n"
				   "ktest_tests_unknown=1\n"
				   "ktest_kconfig_base=defconfig\n"
				   "ktest_no_kbuild=yes\n"
				   "ktest_no_vm=1\n"
				   "ktest_kbuild_target=bzImage\n"
				   "ktest_isolation=boot\n"
				   "ktest_network=internet\n"
				   "ktest_library=1\n"
				   "ktest_own_run_tests=1";
	struct needs n = {0};

	(void)state;
	assert_int_equal(deps(text, &n, NULL), 0);
	assert_string_equal(n.arch, "x86_64");
	assert_string_equal(n.compiler, "clang-19");
	assert_int_equal(n.cpus, 8);
	assert_int_equal(n.mem_mib, 2048);
	assert_int_equal(n.timeout_s, 300);
	assert_int_equal(n.timeout_multiplier, 3);
	is_list(&n.kernel_append, "a=1|b c|d\ne");
	is_list(&n.kernel_make_append, "W=1");
	assert_string_equal(n.storage_bus, "nvme");
	is_list(&n.images, "/a/b");
	is_list(&n.rw_images, "/c d");
	assert_int_equal(n.nscratch, 3);
	assert_int_equal(n.scratch[0], 4ULL << 30);
	assert_int_equal(n.scratch[1], 512ULL << 20);
	assert_int_equal(n.scratch[2], 4096);
	assert_int_equal(n.nslow, 1);
	assert_int_equal(n.slow[0], 1ULL << 30);
	assert_int_equal(n.npmem, 1);
	assert_int_equal(n.pmem[0], 1ULL << 30);
	is_list(&n.make_install, "/m");
	is_list(&n.build_deb, "/d");
	is_list(&n.git, "https://x/y.git y");
	is_list(&n.gcov, "fs/ext4");
	is_list(&n.kernel_modules, "/bugs");
	is_list(&n.config_require, "A|B=y");
	is_list(&n.config_require_soft, "C");
	is_list(&n.qemu_append, "-device|foo,bar=\"1\"");
	is_list(&n.qemu_prepend, "-S");
	assert_true(n.allow_taint && n.tests_unknown && n.no_kbuild && n.no_vm);
	assert_true(n.own_library && n.own_run_tests);
	assert_string_equal(n.kconfig_base, "defconfig");
	assert_string_equal(n.kbuild_target, "bzImage");
	assert_int_equal(n.isolation, ISOLATION_BOOT);
	assert_string_equal(n.network, "internet");
	needs_done(&n);
}

/* What is not declared prints empty, and an empty one takes back what was said before. */
static void test_empty(void **state)
{
	struct needs n = {0};

	(void)state;
	assert_int_equal(deps("", &n, NULL), 0);
	assert_int_equal(deps("ktest_arch=i386\nktest_cpus=2\nktest_mem=64\nktest_images=(a)\n"
			      "ktest_scratch_dev_sizes=(4k)\nktest_no_vm=1\nktest_isolation=boot\n",
			      &n, NULL),
			 0);
	assert_int_equal(deps("\nktest_arch=\nktest_cpus=\n\nktest_mem=\nktest_images=()\n"
			      "ktest_scratch_dev_sizes=( )\nktest_no_vm=\nktest_isolation=\n",
			      &n, NULL),
			 0);
	assert_null(n.arch);
	assert_int_equal(n.cpus, 0);
	assert_int_equal(n.mem_mib, 0);
	assert_int_equal(n.images.n, 0);
	assert_int_equal(n.nscratch, 0);
	assert_false(n.no_vm);
	assert_int_equal(n.isolation, ISOLATION_DEFAULT);
	needs_done(&n);
}

static const struct {
	const char *text;
	int64_t mib;
} memory[] = {
	{"ktest_mem=512", 512},	   {"ktest_mem=512M", 512},  {"ktest_mem=4G", 4096},
	{"ktest_mem=1T", 1048576}, {"ktest_mem=65536k", 64}, {"ktest_mem='2GiB'", 2048},
};

static void test_memory(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(memory); i++) {
		struct needs n = {0};

		assert_int_equal(deps(memory[i].text, &n, NULL), 0);
		assert_int_equal(n.mem_mib, memory[i].mib);
		needs_done(&n);
	}
}

static void test_flags(void **state)
{
	static const char *const off[] = {"0", "false", "no", "''"};
	static const char *const on[] = {"1", "true", "yes", "y"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		_cleanup_free_ char *t = xasprintf("ktest_allow_taint=%s", off[i]);
		_cleanup_free_ char *u = xasprintf("ktest_allow_taint=%s", on[i]);
		struct needs n = {.allow_taint = true};

		assert_int_equal(deps(t, &n, NULL), 0);
		assert_false(n.allow_taint);
		assert_int_equal(deps(u, &n, NULL), 0);
		assert_true(n.allow_taint);
	}
}

/* Lists may go over lines, as bash allows. */
static void test_layout(void **state)
{
	struct needs n = {0};

	(void)state;
	assert_int_equal(deps("\n\n  ktest_images=(\n\t/a\n  /b )  \nktest_cpus=3\t\n\n", &n, NULL),
			 0);
	is_list(&n.images, "/a|/b");
	assert_int_equal(n.cpus, 3);
	needs_done(&n);
}

static char debug_line[200];

static void sink(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	if (level == LOG_DEBUG)
		snprintf(debug_line, sizeof(debug_line), "%s", line);
}

static void test_unknown_names_are_kept_out(void **state)
{
	struct needs n = {0};

	(void)state;
	log_set_sink(sink, NULL);
	assert_int_equal(deps("ktest_colour=(red)\nktest_cpus=2\n", &n, NULL), 0);
	log_set_sink(NULL, NULL);
	assert_int_equal(n.cpus, 2);
	assert_string_equal(debug_line, "unknown declaration ktest_colour");
	needs_done(&n);
}

static const struct {
	const char *text;
	const char *message; /* how it begins */
} bad[] = {
	/* other lines than declarations, shown harmless and short */
	{"hello", "line 1 of what it prints for 'deps': no declaration: \"hello\""},
	{"ktest_cpus=1\nCloning into x...\n",
	 "line 2 of what it prints for 'deps': no declaration: \"Cl"},
	{"ktest_images=(a\nb)\n\x1b[2J\n",
	 "line 3 of what it prints for 'deps': no declaration: \"\\x1b[2J\""},
	{"\xff\xfe", "line 1 of what it prints for 'deps': no declaration: \"\\xff\\xfe\""},
	{"PATH=/bin", "line 1 of"},
	{"export ktest_cpus=1", "line 1 of"},
	{"ktest_=1", "line 1 of"},
	{"ktest_cpus", "line 1 of"},
	{"ktest_cpus =1", "line 1 of"},
	{"ktest_cpus+=1", "line 1 of"},
	{"# comment", "line 1 of"},
	{"ktest_cpus=1 ktest_mem=64",
	 "line 1 of what it prints for 'deps': more than a declaration"},
	{"ktest_cpus=1; reboot", "line 1 of what it prints for 'deps': a shell would act upon it"},
	{"ktest_kernel_append=($(reboot))",
	 "line 1 of what it prints for 'deps': a shell would expand"},
	{"ktest_compiler=`reboot`", "line 1 of what it prints for 'deps': a shell would expand it"},
	{"ktest_compiler=$CC", "line 1 of what it prints for 'deps': a shell would expand it"},
	{"ktest_images=(a", "line 1 of what it prints for 'deps': the list is not closed"},
	{"ktest_images=(a 'b\n\n", "line 1 of what it prints for 'deps': a quote is not closed"},
	{"ktest_images=(a) b", "line 1 of what it prints for 'deps': more than a declaration"},
	{"ktest_images=(a))", "line 1 of what it prints for 'deps': more than a declaration"},
	{"ktest_images=((a))", "line 1 of what it prints for 'deps': a shell would act upon it"},
	/* values that make no sense */
	{"ktest_images=a", "ktest_images: wants a list"},
	{"ktest_cpus=(1)", "ktest_cpus: wants one word"},
	{"ktest_cpus=()", "ktest_cpus: wants one word"},
	{"ktest_cpus=0", "ktest_cpus: \"0\" is no number of processors from 1 to 1024"},
	{"ktest_cpus=1025", "ktest_cpus: \"1025\" is no number of processors from 1 to 1024"},
	{"ktest_cpus=-1", "ktest_cpus: \"-1\""},
	{"ktest_cpus=four", "ktest_cpus: \"four\""},
	{"ktest_cpus=' 4'", "ktest_cpus: \" 4\""},
	{"ktest_cpus=4x", "ktest_cpus: \"4x\""},
	{"ktest_timeout=0", "ktest_timeout: \"0\" is no number of seconds from 1 to"},
	{"ktest_timeout=-10", "ktest_timeout: \"-10\""},
	{"ktest_timeout=99999999999", "ktest_timeout: \"99999999999\""},
	{"ktest_timeout=99999999999999999999", "ktest_timeout:"},
	{"ktest_mem=0", "ktest_mem: \"0\" is too little memory"},
	{"ktest_mem=-5", "ktest_mem: \"-5\" is no size of memory"},
	{"ktest_mem=lots", "ktest_mem: \"lots\" is no size of memory"},
	{"ktest_mem=99999999999999999999", "ktest_mem:"},
	{"ktest_mem=18446744073709551615", "ktest_mem:"},
	{"ktest_scratch_dev_sizes=(4G 0)",
	 "ktest_scratch_dev_sizes: \"0\" is no disk: it has 0 bytes"},
	{"ktest_scratch_dev_sizes=(0G)",
	 "ktest_scratch_dev_sizes: \"0G\" is no disk: it has 0 bytes"},
	{"ktest_scratch_dev_sizes=(511)",
	 "ktest_scratch_dev_sizes: \"511\" is no disk: less than a sector"},
	{"ktest_scratch_dev_sizes=(-4G)", "ktest_scratch_dev_sizes: \"-4G\" is no size of a disk"},
	{"ktest_scratch_dev_sizes=('')", "ktest_scratch_dev_sizes: \"\" is no size of a disk"},
	{"ktest_scratch_dev_sizes=(9999999T)", "ktest_scratch_dev_sizes: \"9999999T\" is no size"},
	{"ktest_pmem_dev_sizes=(0)", "ktest_pmem_dev_sizes: \"0\""},
	{"ktest_scratch_slowdev_sizes=(x)", "ktest_scratch_slowdev_sizes: \"x\""},
	{"ktest_storage_bus=floppy",
	 "ktest_storage_bus: no storage bus 'floppy'; there are virtio-blk"},
	{"ktest_storage_bus=$'\\e[2J'", "ktest_storage_bus: no storage bus '?[2J'"},
	{"ktest_arch=vax", "ktest_arch: \"vax\" is no architecture known here; there are x86_64"},
	{"ktest_isolation=none", "ktest_isolation: \"none\" is none of: shared|boot|clone"},
	{"ktest_network=all", "ktest_network: \"all\" is none of: internet"},
	{"ktest_network=internet\\|x", "ktest_network: \"internet|x\" is none of"},
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct needs n = {0};
		struct err err = {0};

		assert_int_equal(deps(bad[i].text, &n, &err), -EINVAL);
		assert_memory_equal(err.msg, bad[i].message, strlen(bad[i].message));
		for (const char *c = err.msg; *c; c++)
			assert_true((unsigned char)*c >= ' ');
		assert_true(strlen(err.msg) < 250);
		assert_false(err.usage);
		needs_done(&n);
	}
}

static void test_long_rubbish_is_shortened(void **state)
{
	struct needs n = {0};
	struct err err = {0};
	char text[5000];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(needs_parse_deps(text, sizeof(text), &n, &err), -EINVAL);
	assert_true(strlen(err.msg) < 200);
	assert_non_null(strstr(err.msg, "xxx...\""));
}

static void test_nul_bytes(void **state)
{
	static const char text[] = "ktest_compiler=a\0b\n";
	struct needs n = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(needs_parse_deps(text, sizeof(text) - 1, &n, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "NUL"));
	assert_non_null(strstr(err.msg, "a\\x00b"));
	needs_done(&n);
}

static void test_list(void **state)
{
	struct needs n = {0};

	(void)state;
	assert_int_equal(list(" one two\n\tgeneric/001\r\n\v\fgr\xc3\xbc\xc3\x9f  \n", &n, NULL),
			 0);
	is_list(&n.subtests, "one|two|generic/001|gr\xc3\xbc\xc3\x9f");
	assert_int_equal(list("z a", &n, NULL), 0);
	is_list(&n.subtests, "z|a");
	assert_int_equal(list("", &n, NULL), 0);
	assert_int_equal(n.subtests.n, 0);
	needs_done(&n);
}

static void test_list_refused(void **state)
{
	static const struct {
		const char *text, *message;
	} lists[] = {
		{"a b a", "two subtests are called \"a\""},
		{"a/b c a.b", "share the directory \"a.b\""},
		{"x a\x07z", "the subtest name \"a\\x07z\" is not printable"},
		{"\xff", "the subtest name \"\\xff\" is not printable"},
		{"a\xe2\x80\xae"
		 "b",
		 "is not printable"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct needs n = {0};
		struct err err = {0};

		assert_true(list(lists[i].text, &n, &err) < 0);
		assert_non_null(strstr(err.msg, lists[i].message));
		needs_done(&n);
	}
}

static void test_list_name_length(void **state)
{
	char name[202];
	struct needs n = {0};
	struct err err = {0};

	(void)state;
	memset(name, 'n', sizeof(name));
	assert_int_equal(needs_parse_list(name, 200, &n, &err), 0);
	assert_int_equal(needs_parse_list(name, 201, &n, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "takes 201 bytes, at most 200"));
	needs_done(&n);
}

static void test_list_nul(void **state)
{
	struct needs n = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(needs_parse_list("a\0b", 3, &n, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "a\\x00b"));
	needs_done(&n);
}

/* ---- the tree */

static void dir(const char *path)
{
	assert_int_equal(mkdir_p(path, 0755, NULL), 0);
}

static void tree_is(const char *test, const char *want)
{
	_cleanup_free_ char *tree = NULL, *cwd = getcwd(NULL, 0);
	_cleanup_free_ char *full = xasprintf("%s/%s", cwd, want);
	struct err err = {0};

	unit_write(test, "#!/bin/bash\n");
	tree = needs_tree(test, &err);
	assert_string_equal(err.msg, "");
	assert_string_equal(tree, full);
}

static void test_tree(void **state)
{
	(void)state;
	/* nothing above tells */
	dir("a/b");
	tree_is("a/b/t.ktest", "a/b");
	/* the topmost library above it */
	dir("c/tests/sub/deep");
	unit_write("c/tests/test-libs.sh", "");
	unit_write("c/tests/sub/test-libs.sh", "");
	tree_is("c/tests/sub/deep/t.ktest", "c/tests");
	/* which has its lib/ beside it */
	dir("c/lib");
	tree_is("c/tests/sub/deep/t.ktest", "c");
	/* git says it more precisely */
	dir("d/.git");
	dir("d/x/tests");
	unit_write("d/x/tests/test-libs.sh", "");
	tree_is("d/x/tests/t.ktest", "d");
	/* of a repository in another, it is the inner; there .git is a file */
	unit_write("d/x/.git", "gitdir: ../.git/modules/x\n");
	tree_is("d/x/tests/t.ktest", "d/x");
}

static void test_tree_of_a_link(void **state)
{
	_cleanup_free_ char *tree = NULL, *cwd = getcwd(NULL, 0);
	_cleanup_free_ char *want = xasprintf("%s/e", cwd);

	(void)state;
	dir("e");
	dir("f/.git");
	unit_write("e/t.ktest", "");
	assert_int_equal(symlink("../e/t.ktest", "f/link.ktest"), 0);
	tree = needs_tree("f/link.ktest", NULL);
	assert_string_equal(tree, want);
}

static void refused(const char *path)
{
	struct err err = {0};

	unit_write(path, "#!/bin/bash\n");
	assert_null(needs_tree(path, &err));
	assert_int_equal(err.code, -EPERM);
	assert_non_null(strstr(err.msg, "directory of its own"));
}

static void test_home_is_never_shared(void **state)
{
	_cleanup_free_ char *home = getenv("HOME") ? xstrdup(getenv("HOME")) : NULL;
	_cleanup_free_ char *cwd = getcwd(NULL, 0);
	_cleanup_free_ char *fake = xasprintf("%s/homes/me", cwd);

	(void)state;
	dir("homes/me/.git");
	dir("homes/me/x/y");
	unit_write("homes/me/test-libs.sh", "");
	setenv("HOME", fake, 1);
	refused("homes/me/t.ktest");
	refused("homes/t.ktest");
	/* A home that is a git tree itself does not come along with what is in it. */
	tree_is("homes/me/x/y/t.ktest", "homes/me/x/y");
	unit_write("homes/me/x/test-libs.sh", "");
	tree_is("homes/me/x/y/t.ktest", "homes/me/x");
	/* nor does it by another name */
	assert_int_equal(symlink("me", "homes/alias"), 0);
	refused("homes/alias/t.ktest");
	if (home)
		setenv("HOME", home, 1);
	else
		unsetenv("HOME");
}

/* Accounts that live in "/", as in many containers, do not make every directory a home's parent. */
static void test_home_slash(void **state)
{
	_cleanup_free_ char *home = getenv("HOME") ? xstrdup(getenv("HOME")) : NULL;
	struct err err = {0};

	(void)state;
	setenv("HOME", "/", 1);
	dir("g");
	tree_is("g/t.ktest", "g");
	assert_null(needs_tree("/etc", &err)); /* in "/" */
	assert_int_equal(err.code, -EPERM);
	if (home)
		setenv("HOME", home, 1);
	else
		unsetenv("HOME");
}

static void test_tree_of_nothing(void **state)
{
	struct err err = {0};

	(void)state;
	assert_null(needs_tree("nowhere/t.ktest", &err));
	assert_int_equal(err.code, -ENOENT);
}

/* ---- printing */

static void test_text_is_deps_again(void **state)
{
	static const char text[] =
		"ktest_cpus=2\nktest_mem=2048\nktest_scratch_dev_sizes=(4096 8192)\n"
		"ktest_kernel_append=('a b' \"c'd\" $'e\\nf')\nktest_no_vm=1\n"
		"ktest_isolation=boot\n";
	_cleanup_strbuf_ struct strbuf once = {0}, twice = {0};
	struct needs n = {0}, again = {0};

	(void)state;
	assert_int_equal(deps(text, &n, NULL), 0);
	needs_text(&n, &once);
	assert_int_equal(needs_parse_deps(once.s, once.len, &again, NULL), 0);
	needs_text(&again, &twice);
	assert_string_equal(once.s, twice.s);
	is_list(&again.kernel_append, "a b|c'd|e\nf");
	assert_int_equal(again.scratch[1], 8192);
	assert_true(again.no_vm);
	assert_int_equal(again.isolation, ISOLATION_BOOT);
	needs_done(&n);
	needs_done(&again);
}

static void test_json(void **state)
{
	struct needs n = {0};
	_cleanup_json_ json_t *j = NULL;

	(void)state;
	assert_int_equal(
		deps("ktest_mem=2G\nktest_scratch_dev_sizes=(4k)\nktest_compiler=$'\\xff'\n", &n,
		     NULL),
		0);
	assert_int_equal(list("a b", &n, NULL), 0);
	n.path = xstrdup("/t/x.ktest");
	n.base = xstrdup("x");
	j = needs_json(&n);
	assert_string_equal(json_get_str(j, "path"), "/t/x.ktest");
	assert_string_equal(json_get_str(j, "file"), "x");
	assert_int_equal(json_get_int(j, "mem_mib", 0), 2048);
	assert_true(json_is_null(json_object_get(j, "cpus")));
	assert_true(json_is_null(json_object_get(j, "isolation")));
	assert_true(json_is_false(json_object_get(j, "no_vm")));
	assert_int_equal(
		json_integer_value(json_array_get(json_object_get(j, "scratch_dev_sizes"), 0)),
		4096);
	assert_string_equal(json_get_str(j, "compiler"), "\xef\xbf\xbd");
	assert_int_equal(json_array_size(json_object_get(j, "subtests")), 2);
	needs_done(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_declaration),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_unknown_names_are_kept_out),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_long_rubbish_is_shortened),
		cmocka_unit_test(test_nul_bytes),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_list_refused),
		cmocka_unit_test(test_list_name_length),
		cmocka_unit_test(test_list_nul),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_tree_of_a_link),
		cmocka_unit_test(test_home_is_never_shared),
		cmocka_unit_test(test_home_slash),
		cmocka_unit_test(test_tree_of_nothing),
		cmocka_unit_test(test_text_is_deps_again),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
