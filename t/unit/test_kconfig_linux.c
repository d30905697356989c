// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reason on the real thing: Linux 6.12, as ./setup has it unpacked, is configured for symbols
 * that cannot be reached, and each has to be told why.
 */
#include "t/unit/unit.h"

#include "base/file.h"
#include "base/log.h"
#include "kbuild/config.h"
#include "kbuild/kconfig.h"

/* All in one configuration, since making one takes seconds. */
static const struct {
	const char *want, *why; /* NULL: reached, for what another is in the way of */
} wants[] = {
	{"KASAN", NULL},
	{"USB_SUPPORT", NULL},
	{"USB=m", NULL},
	/* a missing dependency, one behind another, and each of two */
	{"XFS_ONLINE_SCRUB", "is n: depends on XFS_FS (=n) (fs/xfs/Kconfig:"},
	{"SECURITY_SELINUX",
	 "is n: depends on SECURITY_NETWORK (=n) && AUDIT (=n) (security/selinux/Kconfig:2); "
	 "SECURITY_NETWORK: depends on SECURITY (=n) (security/Kconfig:"},
	{"DEBUG_INFO_BTF", "is n: depends on BPF_SYSCALL (=n)"},
	{"KMSAN", "is n: depends on HAVE_KMSAN_COMPILER (=n) && !KASAN (=y) (lib/Kconfig.kmsan:"},
	/* forbidden by what is there */
	{"KCSAN", "is n: depends on !KASAN (=y) (lib/Kconfig.kcsan:"},
	{"SLUB_TINY", "is n: depends on EXPERT (=n) (mm/Kconfig:"},
	{"PREEMPT", "is n: the choice \"Preemption Model\" has PREEMPT_NONE (=y) (kernel/Kconfig."},
	{"PREEMPT_NONE", NULL}, /* of a choice, the last one is taken */
	/* an if around it, a menu, and no more than m */
	{"SND_HDA_INTEL", "stands within if SND (=n) && SOUND (=n) (sound/pci/hda/Kconfig:"},
	{"USB_STORAGE", "is m: stands within if USB (=m) (drivers/usb/storage/Kconfig:"},
	/* no prompt, here or at all */
	{"VT=n", "is y: has its prompt only if EXPERT (=n); its default is y"},
	{"X86_32", "is n: it has no prompt; its default is y; it depends on !64BIT (=y)"},
	{"KASAN_HW_TAGS", "HAVE_ARCH_KASAN_HW_TAGS: it has no prompt, and nothing selects it here"},
	/* selected; out of range; of another type */
	{"JBD2=n", "is y: selected by EXT4_FS (=y)"},
	{"NR_CPUS=9000", "its range is NR_CPUS_RANGE_BEGIN (=2) to NR_CPUS_RANGE_END (=512)"},
	{"SYSVIPC=m", "is n: it is of type bool, which is y or n"},
};

static char logged[65536];

static void sink(void *arg, enum log_level level, const char *line)
{
	size_t n = strlen(logged);

	(void)arg;
	snprintf(logged + n, sizeof(logged) - n, "%s%s\n", level == LOG_NOTE ? "note: " : "", line);
}

static char *source(void)
{
	_cleanup_free_ char *cache = path_cache();
	char *path = xasprintf("%s/src/linux-6.12", cache);

	if (!path_exists(path))
		fail_msg("%s is not there; ./setup deps has it unpacked", path);
	return path;
}

/* The line that names the requirement; symbols may begin alike. */
static const char *line_of(const char *want)
{
	_cleanup_free_ char *begin =
		xasprintf("\nCONFIG_%s%s (required by the test) is not reached", want,
			  strchr(want, '=') ? "" : "=y");
	static char line[2048];
	const char *at = strstr(logged, begin);

	if (!at)
		return NULL;
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(at + 1, "\n"), at + 1);
	return line;
}

static void test_unreachable(void **state)
{
	_cleanup_free_ char *tree = path_real(*state, NULL), *src = source();
	_cleanup_free_ char *build = path_absolute("build");
	_cleanup_strv_ struct strv require = {0};
	struct err err = {0};
	struct kbuild b = {.arch = arch_find("x86_64"),
			   .source = src,
			   .version = "6.12",
			   .tree = tree,
			   .compiler = "gcc",
			   .require = &require};

	b.build_dir = build;
	strv_add(&require, "NOT_IN_THIS_TREE");
	for (size_t i = 0; i < ARRAY_SIZE(wants); i++)
		strv_add(&require, wants[i].want);
	log_set_sink(sink, NULL);
	snprintf(logged, sizeof(logged), "\n");
	assert_int_equal(config_make(&b, &err), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(wants); i++) {
		const char *line = line_of(wants[i].want);

		print_message("%s: %s\n", wants[i].want, line ? line : err.msg);
		if (!wants[i].why)
			assert_null(line);
		else if (!line || !strstr(line, wants[i].why))
			fail_msg("not \"%s\"", wants[i].why);
	}
	assert_non_null(strstr(logged, "note: CONFIG_NOT_IN_THIS_TREE=y (required by the test): "
				       "this source has no such symbol\n"));
}

/* No file of it is misread, for any architecture: there are more of them than we know. */
static void test_parsed(void **state)
{
	static const char *const archs[] = {"x86_64", "i386", "aarch64"};
	_cleanup_free_ char *src = source();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++) {
		_cleanup_kconfig_ struct kconfig k = {0};
		struct err err = {0};

		if (kconfig_read(&k, src, arch_find(archs[i]), &err) < 0)
			fail_msg("%s", err.msg);
		assert_in_range(k.files, 1500, KCONFIG_FILES_MAX);
		assert_in_range(k.symbols.n, 15000, 100000);
	}
}

/* Where we are is where our tree is; the build is made elsewhere. */
static int enter(void **state)
{
	static char tree[4096];

	if (!getcwd(tree, sizeof(tree)))
		return 1;
	*state = tree;
	return unit_enter(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unreachable),
		cmocka_unit_test(test_parsed),
	};

	return cmocka_run_group_tests(tests, enter, unit_leave);
}
