// SPDX-License-Identifier: GPL-2.0-only
#include "run/needs_table.h"

#include <stdlib.h>

#define AT(field)   .offset = offsetof(struct needs, field)
#define SECONDS_MAX (366LL * 24 * 3600)

const struct need_row need_rows[] = {
	{"ktest_arch", "arch", NEED_ARCH, AT(arch)},
	{"ktest_compiler", "compiler", NEED_WORD, AT(compiler)},
	{"ktest_cpus", "cpus", NEED_INT, AT(cpus), .max = 1024, .what = "processors"},
	{"ktest_mem", "mem_mib", NEED_MEM, AT(mem_mib)},
	{"ktest_timeout", "timeout_s", NEED_INT, AT(timeout_s), .max = SECONDS_MAX,
	 .what = "seconds"},
	{"ktest_timeout_multiplier", "timeout_multiplier", NEED_INT, AT(timeout_multiplier),
	 .max = 1000000, .what = "times"},
	{"ktest_mem_multiplier", "mem_multiplier", NEED_INT, AT(mem_multiplier), .max = 1000000,
	 .what = "times"},
	{"ktest_variants", "variants", NEED_LIST, AT(variants)},
	{"ktest_storage_bus", "storage_bus", NEED_BUS, AT(storage_bus)},
	{"ktest_scratch_dev_sizes", "scratch_dev_sizes", NEED_SIZES, AT(scratch),
	 .count = offsetof(struct needs, nscratch)},
	{"ktest_scratch_slowdev_sizes", "scratch_slowdev_sizes", NEED_SIZES, AT(slow),
	 .count = offsetof(struct needs, nslow)},
	{"ktest_pmem_dev_sizes", "pmem_dev_sizes", NEED_SIZES, AT(pmem),
	 .count = offsetof(struct needs, npmem)},
	{"ktest_images", "images", NEED_LIST, AT(images)},
	{"ktest_rw_images", "rw_images", NEED_LIST, AT(rw_images)},
	{"ktest_network", "network", NEED_CHOICE, AT(network), .choices = "internet"},
	{"ktest_qemu_append", "qemu_append", NEED_LIST, AT(qemu_append)},
	{"ktest_qemu_prepend", "qemu_prepend", NEED_LIST, AT(qemu_prepend)},
	{"ktest_kernel_append", "kernel_append", NEED_LIST, AT(kernel_append)},
	{"ktest_kernel_make_append", "kernel_make_append", NEED_LIST, AT(kernel_make_append)},
	{"ktest_kernel_config_require", "kernel_config_require", NEED_LIST, AT(config_require)},
	{"ktest_kernel_config_require_soft", "kernel_config_require_soft", NEED_LIST,
	 AT(config_require_soft)},
	{"ktest_kernel_modules", "kernel_modules", NEED_LIST, AT(kernel_modules)},
	{"ktest_kconfig_base", "kconfig_base", NEED_WORD, AT(kconfig_base)},
	{"ktest_kbuild_target", "kbuild_target", NEED_WORD, AT(kbuild_target)},
	{"ktest_no_kbuild", "no_kbuild", NEED_FLAG, AT(no_kbuild)},
	{"ktest_no_vm", "no_vm", NEED_FLAG, AT(no_vm)},
	{"ktest_gcov", "gcov", NEED_LIST, AT(gcov)},
	{"ktest_git", "git", NEED_LIST, AT(git)},
	{"ktest_make_install", "make_install", NEED_LIST, AT(make_install)},
	{"ktest_build_deb", "build_deb", NEED_LIST, AT(build_deb)},
	{"ktest_crash_dump", "crash_dump", NEED_FLAG, AT(crash_dump)},
	{"ktest_fail_on", "fail_on", NEED_LIST, AT(fail_on)},
	{"ktest_allow_taint", "allow_taint", NEED_FLAG, AT(allow_taint)},
	{"ktest_tests_unknown", "tests_unknown", NEED_FLAG, AT(tests_unknown)},
	{"ktest_isolation", "isolation", NEED_ISOLATE, AT(isolation)},
	{"ktest_library", "own_library", NEED_FLAG, AT(own_library)},
	{"ktest_own_run_tests", "own_run_tests", NEED_FLAG, AT(own_run_tests)},
};
const size_t need_nrows = ARRAY_SIZE(need_rows);

const char *isolation_name(enum isolation i)
{
	static const char *const names[] = {
		[ISOLATION_SHARED] = "shared",
		[ISOLATION_BOOT] = "boot",
		[ISOLATION_CLONE] = "clone",
	};

	return (size_t)i < ARRAY_SIZE(names) ? names[i] : NULL;
}

enum isolation isolation_find(const char *name)
{
	for (enum isolation i = ISOLATION_SHARED; i <= ISOLATION_CLONE; i++)
		if (str_eq(name, isolation_name(i)))
			return i;
	return ISOLATION_DEFAULT;
}

static void row_done(struct needs *n, const struct need_row *row)
{
	void *field = need_field(n, row);

	if (row->kind == NEED_LIST)
		strv_done(field);
	else if (row->kind != NEED_FLAG && row->kind != NEED_INT && row->kind != NEED_MEM &&
		 row->kind != NEED_ISOLATE)
		free(*(void **)field);
}

void needs_done(struct needs *n)
{
	for (size_t i = 0; i < need_nrows; i++)
		row_done(n, &need_rows[i]);
	strv_done(&n->subtests);
	free(n->path);
	free(n->base);
	free(n->tree);
	*n = (struct needs){0};
}
