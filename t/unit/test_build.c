// SPDX-License-Identifier: GPL-2.0-only
/* From settings and declarations to what is built. */
#include "t/unit/unit.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "run/build.h"

struct fixture {
	char *base;
	struct settings s;
	struct test_file f;
	struct build a, b;
	struct err err;
};

static const char makefile[] = "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 48\nEXTRAVERSION =\n"
			       "NAME = Baby Opossum Posse\n";

static void put(const struct fixture *x, const char *name, const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", x->base, name);

	assert_int_equal(file_write(path, text, strlen(text), 0644, NULL), 0);
}

static void put_dir(const struct fixture *x, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", x->base, name);

	assert_int_equal(mkdir(path, 0755), 0);
}

static int setup(void **state)
{
	struct fixture *x = xcalloc(1, sizeof(*x));
	_cleanup_free_ char *real = NULL;

	unsetenv("CC");
	x->base = xstrdup("/tmp/ktest-unit.XXXXXX");
	assert_int_equal(dir_make_temp(x->base, NULL), 0);
	real = path_real(x->base, NULL);
	str_set(&x->base, real);
	put(x, "Makefile", makefile);
	put(x, "Kbuild", "");
	put(x, "Kconfig", "");
	put_dir(x, "scripts");
	put_dir(x, "arch");
	put_dir(x, "init");
	x->s.source = xstrdup(x->base);
	x->s.out = xstrdup("/out");
	x->f.arch = arch_find("x86_64");
	x->f.bus = bus_find("virtio-blk", NULL);
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	build_done(&x->a);
	build_done(&x->b);
	settings_done(&x->s);
	needs_done(&x->f.needs);
	rm_rf(x->base, NULL);
	free(x->base);
	free(x);
	return 0;
}

static void prepare(struct fixture *x, struct build *b, const struct test_file *f, size_t number)
{
	if (build_prepare(b, &x->s, f, &x->err) < 0 || build_place(b, &x->s, number, &x->err) < 0)
		fail_msg("%s", x->err.msg);
}

static void test_for_no_test_in_particular(void **state)
{
	struct fixture *x = *state;

	x->s.arch = xstrdup("arm64");
	prepare(x, &x->a, NULL, 1);
	assert_string_equal(x->a.k.arch->name, "aarch64");
	assert_string_equal(x->a.k.source, x->base);
	assert_string_equal(x->a.k.version, "6.12.48");
	assert_string_equal(x->a.k.bus, "virtio-blk");
	assert_string_equal(x->a.k.compiler, "gcc");
	assert_string_equal(x->a.k.build_dir, "/out/kernel_build.aarch64");
	assert_string_equal(x->a.k.install_dir, "/out/kernel.aarch64");
	assert_int_equal(x->a.require.n, 0);
}

/* A library of the old kind joins symbols by commas; a value belongs to the one before it. */
static void test_declarations(void **state)
{
	struct fixture *x = *state;

	strv_add(&x->f.needs.config_require, "EXT4_FS,EXT4_FS_POSIX_ACL=y,NR_CPUS=64");
	strv_add(&x->f.needs.config_require_soft, "KASAN");
	strv_add(&x->f.needs.kernel_make_append, "V=1");
	strv_add(&x->s.make_args, "W=1");
	strv_add(&x->f.needs.gcov, "fs/ext4");
	strv_addv(&x->s.gcov, "mm", ".//block//", "./", NULL);
	x->f.needs.kconfig_base = xstrdup("defconfig");
	prepare(x, &x->a, &x->f, 1);
	assert_int_equal(x->a.require.n, 3);
	assert_string_equal(x->a.require.v[0], "EXT4_FS");
	assert_string_equal(x->a.require.v[1], "EXT4_FS_POSIX_ACL=y");
	assert_string_equal(x->a.require.v[2], "NR_CPUS=64");
	assert_string_equal(x->a.require_soft.v[0], "KASAN");
	assert_string_equal(x->a.make_args.v[0], "V=1");
	assert_string_equal(x->a.make_args.v[1], "W=1");
	assert_int_equal(x->a.gcov.n, 4);
	assert_string_equal(x->a.gcov.v[0], "fs/ext4");
	assert_string_equal(x->a.gcov.v[2], "block");
	assert_string_equal(x->a.gcov.v[3], ".");
	assert_string_equal(x->a.k.config_base, "defconfig");
}

static void test_the_compiler(void **state)
{
	struct fixture *x = *state;

	setenv("CC", "gcc-14", 1);
	prepare(x, &x->a, &x->f, 1);
	assert_string_equal(x->a.k.compiler, "gcc-14");
	x->f.needs.compiler = xstrdup("clang");
	prepare(x, &x->b, &x->f, 1);
	assert_string_equal(x->b.k.compiler, "clang");
	unsetenv("CC");
}

static void test_same_or_not(void **state)
{
	struct fixture *x = *state;

	prepare(x, &x->a, &x->f, 1);
	prepare(x, &x->b, &x->f, 2);
	assert_true(build_same(&x->a, &x->b));
	assert_string_equal(x->b.k.build_dir, "/out/kernel_build.x86_64.2");
	build_done(&x->b);
	strv_add(&x->f.needs.config_require, "KASAN");
	prepare(x, &x->b, &x->f, 2);
	assert_false(build_same(&x->a, &x->b));
	build_done(&x->b);
	strv_done(&x->f.needs.config_require);
	x->f.bus = bus_find("nvme", NULL);
	prepare(x, &x->b, &x->f, 2);
	assert_false(build_same(&x->a, &x->b));
}

static void test_no_kernel_tree(void **state)
{
	struct fixture *x = *state;
	_cleanup_free_ char *path = xasprintf("%s/Makefile", x->base);

	assert_int_equal(rm_rf(path, NULL), 0);
	assert_true(build_prepare(&x->a, &x->s, &x->f, &x->err) < 0);
	assert_non_null(strstr(x->err.msg, x->base));
	assert_non_null(strstr(x->err.msg, "-k"));
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test_setup_teardown(test_for_no_test_in_particular, setup, teardown),
		cmocka_unit_test_setup_teardown(test_declarations, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_compiler, setup, teardown),
		cmocka_unit_test_setup_teardown(test_same_or_not, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_kernel_tree, setup, teardown),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
