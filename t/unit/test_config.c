// SPDX-License-Identifier: GPL-2.0-only
/* From requirements to a .config, with a source whose Makefile does as the kernel's would. */
#include "t/unit/unit.h"

#include "base/file.h"
#include "base/log.h"
#include "kbuild/config.h"

/* What is not BROKEN or UNKNOWN is reached; each make is noted. */
static const char makefile[] =
	"settle = sed -e '/^CONFIG_BROKEN=/d' -e '/^CONFIG_UNKNOWN=/d' -e s/SMP=m/SMP=y/ $(1) | "
	"sort >$(O)/tmp && "
	"mv $(O)/tmp $(O)/$(KCONFIG_CONFIG)\n"
	"note = echo $@ >>$(O)/made\n"
	"allnoconfig:\n\t$(note)\n\t$(call settle,$(O)/$(KCONFIG_ALLCONFIG))\n"
	"olddefconfig:\n\t$(note)\n\t$(call settle,$(O)/$(KCONFIG_CONFIG))\n"
	"defconfig:\n\t$(note)\n\techo CONFIG_FROM_TARGET=y >$(O)/$(KCONFIG_CONFIG)\n"
	"failconfig:\n\techo 'it is not possible' >&2; exit 1\n";

static const char kconfig[] =
	"config BROKEN\n\tbool \"broken\"\n\tdepends on NEVER\nconfig NEVER\n\tbool\n"
	"config SMP\n\tbool \"smp\"\nconfig DERIVED\n\tdef_bool y\n"
	"config XFS_FS\n\ttristate \"xfs\"\nconfig EXT4_FS\n\ttristate \"ext4\"\n";

static struct kbuild b;
static struct strv require, soft;
static char logged[4096];

static void sink(void *arg, enum log_level level, const char *line)
{
	size_t n = strlen(logged);

	(void)arg;
	snprintf(logged + n, sizeof(logged) - n, "%s%s\n", level == LOG_WARN ? "warning: " : "",
		 line);
}

static int set_up(void **state)
{
	if (unit_enter(state) || mkdir("src", 0755) || mkdir("tree", 0755) ||
	    mkdir("tree/kconfig", 0755))
		return 1;
	unit_write("src/Makefile", makefile);
	unit_write("src/Kconfig", kconfig);
	unit_write("tree/kconfig/base", "SMP\nLOCALVERSION=\"-ktest\"\nRANDOMIZE_BASE=n\n");
	unit_write("tree/kconfig/x86", "EXT4_FS soft\n");
	unit_write("tree/kconfig/bus.nvme", "BLK_DEV_NVME\n");
	unit_write("tree/kconfig/variant.kasan", "KASAN\n");
	log_set_sink(sink, NULL);
	return 0;
}

/* Each test has a build of its own. */
static int begin(void **state)
{
	(void)state;
	strv_done(&require);
	strv_done(&soft);
	logged[0] = 0;
	b = (struct kbuild){.arch = arch_find("x86_64"),
			    .source = path_real("src", NULL),
			    .version = "6.12.1",
			    .tree = "tree",
			    .build_dir = path_absolute("build"),
			    .user_config = path_absolute("config.x86_64"),
			    .require = &require,
			    .require_soft = &soft};
	return rm_rf("build", NULL) || (unlink("config.x86_64") && errno != ENOENT);
}

static int end(void **state)
{
	(void)state;
	free((void *)(uintptr_t)b.source);
	free((void *)(uintptr_t)b.build_dir);
	free((void *)(uintptr_t)b.user_config);
	strv_done(&require);
	strv_done(&soft);
	return 0;
}

static void make(void)
{
	struct err err = {0};
	int r = config_make(&b, &err);

	if (r)
		print_message("%s\n", err.msg);
	assert_int_equal(r, 0);
	assert_false(unit_exists("build/.config.new"));
	assert_false(unit_exists("build/.config.wanted"));
}

static void refuse(const char *message)
{
	struct err err = {0};

	assert_true(config_make(&b, &err) < 0);
	assert_string_equal(err.msg, message);
	assert_false(unit_exists("build/.config.new"));
	assert_false(unit_exists("build/.config.wanted"));
}

static void test_lists(void **state)
{
	char *names[] = {(char[]){"kasan"}, NULL};
	struct strv variants = {.v = names, .n = 1};

	(void)state;
	strv_addv(&require, "XFS_FS=m", "CONFIG_HOSTNAME=a \"b\"", NULL);
	b.bus = "nvme";
	b.variants = &variants;
	make();
	assert_string_equal(unit_read("build/.config"),
			    "# CONFIG_RANDOMIZE_BASE is not set\nCONFIG_BLK_DEV_NVME=y\n"
			    "CONFIG_EXT4_FS=y\nCONFIG_HOSTNAME=\"a \\\"b\\\"\"\nCONFIG_KASAN=y\n"
			    "CONFIG_LOCALVERSION=\"-ktest\"\nCONFIG_SMP=y\nCONFIG_XFS_FS=m\n");
	assert_string_equal(unit_read("build/made"), "allnoconfig\n");
	assert_string_equal(logged, "");
}

static struct timespec stamp(void)
{
	struct stat st;

	assert_int_equal(stat("build/.config", &st), 0);
	return st.st_mtim;
}

static void test_time_stamp(void **state)
{
	const struct timespec long_ago[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

	(void)state;
	make();
	utimensat(AT_FDCWD, "build/.config", long_ago, 0);
	make();
	assert_int_equal(stamp().tv_sec, 1000);
	strv_add(&require, "XFS_FS");
	make();
	assert_true(stamp().tv_sec > 1000);
	assert_non_null(strstr(unit_read("build/.config"), "CONFIG_XFS_FS=y\n"));
}

static void test_base_file(void **state)
{
	(void)state;
	unit_write("base", "CONFIG_FROM_FILE=y\n# CONFIG_SMP is not set\n");
	b.config_base = "./base";
	make();
	assert_string_equal(unit_read("build/made"), "olddefconfig\n");
	assert_string_equal(unit_read("build/.config"),
			    "# CONFIG_RANDOMIZE_BASE is not set\nCONFIG_EXT4_FS=y\n"
			    "CONFIG_FROM_FILE=y\nCONFIG_LOCALVERSION=\"-ktest\"\nCONFIG_SMP=y\n");
}

static void test_base_target(void **state)
{
	(void)state;
	b.config_base = "defconfig";
	make();
	assert_string_equal(unit_read("build/made"), "defconfig\nolddefconfig\n");
	assert_non_null(strstr(unit_read("build/.config"), "CONFIG_FROM_TARGET=y\n"));
	assert_non_null(strstr(unit_read("build/.config"), "CONFIG_SMP=y\n"));
}

static void test_wrong_base(void **state)
{
	static const char *const wrong[] = {"/no/such/config", "menuconfig", "base",
					    "--eval=x:;touch ./made-config"};
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		_cleanup_free_ char *message = xasprintf(
			"config-kconfig-base %s: neither a file with a slash in its name nor a "
			"target of the kernel's make that asks nothing, such as defconfig",
			wrong[i]);

		b.config_base = wrong[i];
		refuse(message);
	}
	b.config_base = "failconfig";
	assert_true(config_make(&b, &err) < 0);
	assert_non_null(strstr(err.msg, "config-kconfig-base failconfig: "));
	assert_false(unit_exists("build/.config"));
}

/* What was there before stays. */
static void test_not_reached(void **state)
{
	(void)state;
	make();
	strv_add(&require, "BROKEN");
	refuse("CONFIG_BROKEN=y (required by the test) is not reached, it is n: depends on NEVER "
	       "(=n) (Kconfig:1); NEVER: it has no prompt, and nothing selects it here "
	       "(Kconfig:4)");
	assert_null(strstr(unit_read("build/.config"), "BROKEN"));
	assert_non_null(strstr(unit_read("build/.config"), "CONFIG_SMP=y"));
	assert_string_equal(logged, "");
	strv_add(&require, "SMP=m");
	refuse("2 symbols are not what is required of them: CONFIG_SMP, CONFIG_BROKEN");
	assert_non_null(strstr(logged, "warning: CONFIG_SMP=m (required by the test) is not "
				       "reached, it is y: it is of type bool, which is y or n\n"));
	assert_non_null(strstr(logged, "warning: CONFIG_BROKEN=y "));
}

static void test_unknown_and_soft(void **state)
{
	(void)state;
	strv_add(&require, "UNKNOWN");
	strv_addv(&soft, "BROKEN", "UNKNOWN=m", NULL);
	make();
	assert_string_equal(logged, "CONFIG_UNKNOWN=y (required by the test): this source has no "
				    "such symbol\n");
}

static void test_kept(void **state)
{
	_cleanup_free_ char *missing =
		xasprintf("%s/.config: there is none to keep; run it without -K", b.build_dir);

	(void)state;
	b.keep_config = true;
	refuse(missing);
	mkdir("build", 0755);
	unit_write("build/.config", "CONFIG_SMP=y\nCONFIG_LOCALVERSION=\"-ktest\"\n");
	make();
	assert_string_equal(unit_read("build/.config"),
			    "CONFIG_SMP=y\nCONFIG_LOCALVERSION=\"-ktest\"\n");
	unit_write("build/.config", "CONFIG_LOCALVERSION=\"-ktest\"\n");
	refuse("the .config is kept (-K): CONFIG_SMP=y (kconfig/base:1) is not reached, it is n: "
	       "its conditions in Kconfig are met, but it was not set (Kconfig:6)");
}

static void test_user(void **state)
{
	_cleanup_free_ char *message = xasprintf(
		"CONFIG_SMP=y (kconfig/base:1) is not reached, it is n: %s says so; -P starts "
		"without it",
		b.user_config);

	(void)state;
	make();
	assert_int_equal(file_copy("build/.config", "before", NULL), 0);
	unit_write("build/.config", "CONFIG_SMP=y\nCONFIG_LOCALVERSION=\"-ktest\"\n"
				    "CONFIG_XFS_FS=m\n# CONFIG_EXT4_FS is not set\n"
				    "CONFIG_DERIVED=y\nCONFIG_NOBODYS=y\n");
	assert_int_equal(config_user_record(&b, "before", NULL), 0);
	assert_non_null(strstr(unit_read("config.x86_64"),
			       "\nCONFIG_XFS_FS=m\n# CONFIG_EXT4_FS is not set\n"));
	assert_null(strstr(unit_read("config.x86_64"), "DERIVED"));
	assert_null(strstr(unit_read("config.x86_64"), "NOBODYS"));
	make();
	assert_non_null(strstr(unit_read("build/.config"), "CONFIG_XFS_FS=m\n"));
	assert_non_null(strstr(unit_read("build/.config"), "# CONFIG_EXT4_FS is not set\n"));

	/* the next session changes some of it */
	assert_int_equal(file_copy("build/.config", "before", NULL), 0);
	unit_write("build/.config", "CONFIG_XFS_FS=m\nCONFIG_EXT4_FS=y\n# CONFIG_SMP is not set\n");
	assert_int_equal(config_user_record(&b, "before", NULL), 0);
	assert_non_null(strstr(unit_read("config.x86_64"),
			       "\nCONFIG_XFS_FS=m\nCONFIG_EXT4_FS=y\n# CONFIG_SMP is not set\n"));
	refuse(message);
}

static char *inputs(void)
{
	char *id = NULL;

	assert_int_equal(config_inputs(&b, &id, NULL), 0);
	assert_non_null(id);
	return id;
}

/* It is another now; what it is becomes the one to compare with. */
static void changed(char **id)
{
	char *now = inputs(), *again = inputs();

	assert_string_not_equal(*id, now);
	assert_string_equal(now, again);
	free(again);
	free(*id);
	*id = now;
}

static void test_inputs(void **state)
{
	char *names[] = {(char[]){"V=1"}, NULL};
	struct strv args = {.v = names, .n = 1};
	char *id = inputs(), *same;

	(void)state;
	strv_add(&require, "XFS_FS");
	changed(&id);
	strv_add(&soft, "EXT4_FS=m");
	changed(&id);
	b.bus = "nvme";
	changed(&id);
	b.make_args = &args;
	changed(&id);
	b.compiler = "clang";
	changed(&id);
	b.arch = arch_find("i386");
	changed(&id);
	b.config_base = "defconfig";
	changed(&id);
	unit_write("base", "CONFIG_A=y\n");
	b.config_base = "./base";
	changed(&id);
	unit_write("base", "CONFIG_A=m\n");
	changed(&id);
	unit_write("config.x86_64", "CONFIG_B=y\n");
	changed(&id);
	mkdir("build", 0755);
	unit_write("build/.config", "CONFIG_C=y\n");
	same = inputs();
	assert_string_equal(id, same);
	free(same);
	b.keep_config = true;
	changed(&id);
	unit_write("build/.config", "CONFIG_C=m\n");
	changed(&id);
	free(id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lists, begin, end),
		cmocka_unit_test_setup_teardown(test_time_stamp, begin, end),
		cmocka_unit_test_setup_teardown(test_base_file, begin, end),
		cmocka_unit_test_setup_teardown(test_base_target, begin, end),
		cmocka_unit_test_setup_teardown(test_wrong_base, begin, end),
		cmocka_unit_test_setup_teardown(test_not_reached, begin, end),
		cmocka_unit_test_setup_teardown(test_unknown_and_soft, begin, end),
		cmocka_unit_test_setup_teardown(test_kept, begin, end),
		cmocka_unit_test_setup_teardown(test_user, begin, end),
		cmocka_unit_test_setup_teardown(test_inputs, begin, end),
	};

	return cmocka_run_group_tests(tests, set_up, unit_leave);
}
