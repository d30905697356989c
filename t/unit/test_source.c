// SPDX-License-Identifier: GPL-2.0-only
#include "t/unit/kbuild_fixture.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kbuild/compiler.h"
#include "kbuild/host.h"
#include "kbuild/make.h"
#include "kbuild/source.h"

/* ---- the tree */

static void versions_are_what_make_says(void **state)
{
	static const struct {
		const char *makefile, *version;
	} cases[] = {
		{"# SPDX\nVERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 117\nEXTRAVERSION =\nNAME = "
		 "Baby\n",
		 "6.12.117"},
		{"VERSION = 6\nPATCHLEVEL = 13\nSUBLEVEL = 0\nEXTRAVERSION = -rc2\n", "6.13.0-rc2"},
		{"VERSION=7\nPATCHLEVEL=0\n", "7.0"},
		{"VERSION = 2\nPATCHLEVEL = 6\nSUBLEVEL = 39\nEXTRAVERSION = .4 # stable\n",
		 "2.6.39.4"},
		{"PATCHLEVEL = 12\n", NULL},
		{"VERSION = six\nPATCHLEVEL = 12\n", NULL},
		{"VERSION = 6\nPATCHLEVEL = 1\nEXTRAVERSION = /../x\n", NULL},
		{"VERSION = 6", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *version = source_version(cases[i].makefile);

		assert_true(str_eq(version, cases[i].version));
	}
}

static int open_at(const char *name, struct err *err)
{
	_cleanup_source_ struct source s = {0};

	*err = (struct err){0};
	return source_open(in_dir(name), &s, err);
}

static void only_a_kernel_tree_is_one(void **state)
{
	_cleanup_source_ struct source s = {0};
	struct err err = {0};

	(void)state;
	put_fake_tree("src");
	assert_int_equal(symlink("src", in_dir("link")), 0);
	assert_int_equal(source_open(in_dir("link"), &s, &err), 0);
	assert_string_equal(s.version, "6.99.1-rc2");
	assert_string_equal(path_base(s.dir), "src");
	assert_int_equal(open_at("none", &err), -ENOENT);
	assert_int_equal(open_at("src/a", &err), -ENOENT);
	assert_non_null(strstr(err.msg, "src/a is no kernel source tree (no Makefile in it)"));
	assert_non_null(strstr(err.msg, "-k"));
	assert_true(source_is_tree(in_dir("src")));
	assert_false(source_is_tree(in_dir("src/a")));
	put_text("src/Makefile", "all:\n");
	assert_int_equal(open_at("src", &err), -ENOENT);
	assert_non_null(strstr(err.msg, "no VERSION"));
	/* U-Boot */
	assert_int_equal(rm_rf(in_dir("src/init"), NULL), 0);
	assert_false(source_is_tree(in_dir("src")));
	assert_int_equal(open_at("src", &err), -ENOENT);
	assert_non_null(strstr(err.msg, "no init in it"));
}

/* As the kernel's make refuses it. */
static void a_tree_that_was_built_in_is_refused(void **state)
{
	static const char *const dirt[] = {".config", "include/config/auto.conf",
					   "arch/x86/include/generated/x.h"};
	struct kbuild b;

	(void)state;
	put_fake_tree("src");
	b = fake_build();
	for (size_t i = 0; i < ARRAY_SIZE(dirt); i++) {
		_cleanup_free_ char *path = xasprintf("src/%s", dirt[i]);
		struct err err = {0};

		assert_int_equal(source_check(&b, NULL), 0);
		put_text(path, "");
		assert_int_equal(source_check(&b, &err), -EBUSY);
		assert_non_null(strstr(err.msg, "src ARCH=x86_64 mrproper`"));
		*strrchr(path, '/') = '\0';
		assert_int_equal(i ? rm_rf(in_dir(path), NULL) : unlink(in_dir("src/.config")), 0);
	}
	b.arch = arch_find("aarch64");
	assert_int_equal(source_check(&b, NULL), -ENOENT);
}

static void what_is_to_be_counted_is_there(void **state)
{
	_cleanup_strv_ struct strv gcov = {0};
	struct kbuild b;
	struct err err = {0};

	(void)state;
	put_fake_tree("src");
	b = fake_build();
	b.gcov = &gcov;
	strv_addv(&gcov, "a", ".", NULL);
	assert_int_equal(source_check(&b, NULL), 0);
	strv_add(&gcov, "b");
	assert_int_equal(source_check(&b, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "there is no directory b in "));
}

/* ---- the compiler, on an x86_64 machine */

static struct compiler pick(const char *name, const char *arch)
{
	const struct kbuild b = {.compiler = name, .arch = arch_find(arch)};
	struct compiler c;

	compiler_pick(&b, &c);
	return c;
}

static void assert_compiler(struct compiler c, const char *program, const char *cross,
			    const char *llvm, const char *ld, const char *package)
{
	assert_string_equal(c.program, program);
	assert_string_equal(c.cross, cross);
	assert_true(str_eq(c.llvm, llvm));
	assert_string_equal(keep(compiler_tool(&c, "ld")), ld);
	assert_string_equal(keep(compiler_package(&c)), package);
	compiler_done(&c);
}

static void compilers_and_what_goes_with_them(void **state)
{
	const char *other = str_eq(arch_host()->name, "aarch64") ? "x86_64" : "aarch64";
	_cleanup_free_ char *cross = xasprintf("%s-linux-gnu-", other);
	_cleanup_free_ char *gcc = xasprintf("%sgcc-12", cross), *ld = xasprintf("%sld", cross);
	_cleanup_free_ char *package = xasprintf("gcc-12-%s-linux-gnu", other);
	const char *host = arch_host()->name;

	(void)state;
	unsetenv("CC");
	assert_compiler(pick(NULL, host), "gcc", "", NULL, "ld", "gcc");
	assert_compiler(pick("gcc-12", host), "gcc-12", "", NULL, "ld", "gcc-12");
	assert_compiler(pick("gcc-12", other), gcc, cross, NULL, ld, package);
	assert_compiler(pick(gcc, other), gcc, cross, NULL, ld, package);
	assert_compiler(pick("clang", other), "clang", "", "1", "ld.lld", "clang");
	assert_compiler(pick("clang-14", host), "clang-14", "", "-14", "ld.lld-14", "clang-14");
	assert_compiler(pick("/opt/llvm/bin/clang", host), "/opt/llvm/bin/clang", "",
			"/opt/llvm/bin/", "/opt/llvm/bin/ld.lld", "clang");
	setenv("CC", "ccache gcc-12", 1);
	assert_compiler(pick(NULL, host), "gcc-12", "", NULL, "ld", "gcc-12");
	unsetenv("CC");
}

static void a_32_bit_kernel_needs_no_cross_compiler(void **state)
{
	struct compiler c = pick("gcc", "i386");

	(void)state;
	assert_string_equal(c.cross, str_eq(arch_host()->name, "x86_64") ? "" : "i686-linux-gnu-");
	compiler_done(&c);
}

static void a_missing_compiler_names_its_package(void **state)
{
	struct compiler c = pick("gcc-99", arch_host()->name);
	char *version = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(compiler_version(&c, &version, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "`sudo apt install gcc-99`"));
	compiler_done(&c);
}

/* ---- make's arguments and environment */

static void arguments_for_make(void **state)
{
	_cleanup_strv_ struct strv argv = {0}, gcov = {0}, more = {0};
	struct kbuild b;

	(void)state;
	put_fake_tree("src");
	b = fake_build();
	strv_addv(&gcov, "fs/ext4", "mm", NULL);
	strv_add(&more, "W=1");
	b.gcov = &gcov;
	b.make_args = &more;
	make_argv(&b, &argv);
	assert_string_equal(argv.v[0], "make");
	assert_true(strv_has(&argv, b.source));
	assert_true(strv_has(&argv, keep(xasprintf("O=%s", b.build_dir))));
	assert_true(strv_has(&argv, "ARCH=x86_64"));
	assert_true(
		strv_has(&argv, "GCOV_PROFILE=$(if $(filter fs/ext4 fs/ext4/% mm mm/%,$(obj)),y)"));
	assert_string_equal(argv.v[argv.n - 1], "W=1");
	strv_add(&gcov, ".");
	make_argv(&b, &argv);
	assert_true(strv_has(&argv, "GCOV_PROFILE=$(if $(filter fs/ext4 fs/ext4/% mm mm/% "
				    "%,$(obj)),y)"));
}

static void the_environment_makes_builds_repeatable(void **state)
{
	_cleanup_strv_ struct strv env = {0};

	(void)state;
	setenv("MAKEFLAGS", "-k", 1);
	setenv("LC_ALL", "de_DE.UTF-8", 1);
	setenv("KBUILD_BUILD_USER", "me", 1);
	make_env(&env);
	assert_true(strv_has(&env, "LC_MESSAGES=C"));
	assert_true(strv_has(&env, "KBUILD_BUILD_USER=me"));
	assert_true(strv_has(&env, "KBUILD_BUILD_HOST=ktest"));
	assert_true(strv_has(&env, "LOCALVERSION="));
	for (size_t i = 0; i < env.n; i++)
		assert_false(str_starts(env.v[i], "MAKEFLAGS=") || str_starts(env.v[i], "LC_ALL="));
	unsetenv("MAKEFLAGS");
	unsetenv("LC_ALL");
	unsetenv("KBUILD_BUILD_USER");
}

/* ---- the host */

static void what_is_missing_is_named_with_its_packages(void **state)
{
	_cleanup_free_ char *path = xstrdup(getenv("PATH"));
	struct err err = {0};
	struct kbuild b;

	(void)state;
	put_fake_tree("src");
	b = fake_build();
	assert_int_equal(mkdir(in_dir("bin"), 0755), 0);
	setenv("PATH", in_dir("bin"), 1);
	assert_int_equal(host_check(&b, &err), -ENOENT);
	setenv("PATH", path, 1);
	assert_non_null(
		strstr(err.msg, "building a kernel needs gcc, make, flex, bison, bc, perl"));
	assert_non_null(strstr(err.msg, "`sudo apt install gcc make flex bison bc perl binutils`"));
	assert_null(strchr(err.msg, '\n'));
}

static void the_configuration_decides_what_more_is_needed(void **state)
{
	_cleanup_free_ char *path = xstrdup(getenv("PATH"));
	struct err err = {0};
	struct kbuild b;

	(void)state;
	put_fake_tree("src");
	b = fake_build();
	put_text("out/kernel_build.x86_64/.config", "# CONFIG_DEBUG_INFO_BTF is not set\n");
	assert_int_equal(mkdir(in_dir("bin"), 0755), 0);
	setenv("PATH", in_dir("bin"), 1);
	assert_int_equal(host_check_config(&b, &err), 0);
	put_text("out/kernel_build.x86_64/.config",
		 "CONFIG_DEBUG_INFO_BTF=y\nCONFIG_KERNEL_ZSTD=y\n");
	assert_int_equal(host_check_config(&b, &err), -ENOENT);
	setenv("PATH", path, 1);
	assert_non_null(strstr(err.msg, "needs pahole, zstd: `sudo apt install dwarves zstd`"));
}

static void an_output_that_cannot_be_made_says_what_to_do(void **state)
{
	struct err err = {0};
	struct kbuild b;

	(void)state;
	put_fake_tree("src");
	b = fake_build();
	assert_int_equal(host_check_dirs(&b, &err), 0);
	put_text("file", "");
	b.build_dir = in_dir("file/kernel_build.x86_64");
	assert_int_equal(host_check_dirs(&b, &err), -ENOTDIR);
	assert_non_null(strstr(err.msg, "name another place with -o DIR"));
}

#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_what_make_says),
		IN_DIR(only_a_kernel_tree_is_one),
		IN_DIR(a_tree_that_was_built_in_is_refused),
		IN_DIR(what_is_to_be_counted_is_there),
		IN_DIR(compilers_and_what_goes_with_them),
		cmocka_unit_test(a_32_bit_kernel_needs_no_cross_compiler),
		cmocka_unit_test(a_missing_compiler_names_its_package),
		IN_DIR(arguments_for_make),
		cmocka_unit_test(the_environment_makes_builds_repeatable),
		IN_DIR(what_is_missing_is_named_with_its_packages),
		IN_DIR(the_configuration_decides_what_more_is_needed),
		IN_DIR(an_output_that_cannot_be_made_says_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
