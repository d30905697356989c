// SPDX-License-Identifier: GPL-2.0-only
/* Modules that tests bring: built once for all that goes into them, here by a make of our own. */
#include "t/unit/keeper.h"

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/extmod.h"
#include "t/unit/unseen.h"

static char release[] = "6.1", arch[] = "x86_64", headers[64], *built;

static void ignore(void *arg, enum log_level level, const char *line)
{
	(void)arg, (void)level, (void)line;
}

static void run(const char *cmd)
{
	if (system(cmd))
		fail_msg("failed: %s", cmd);
}

static int enter(void **state)
{
	_cleanup_free_ char *path = NULL;

	log_set_sink(ignore, NULL);
	if (unit_enter(state))
		return -1;
	path = xasprintf("%s/bin:%s", unit_dir, getenv("PATH"));
	setenv("PATH", path, 1);
	snprintf(headers, sizeof(headers), "%s/headers/arch", unit_dir);
	run("mkdir -p bin headers/arch headers/common headers/scripts m");
	unit_write("bin/make",
		   "#!/bin/sh\nfor a; do case $a in M=*) touch ${a#M=}/x.ko;; esac; done\n");
	unit_write("bin/gcc", "#!/bin/sh\n");
	run("chmod 755 bin/* && cp bin/gcc bin/ld && echo 1 >headers/common/Makefile && "
	    "echo 1 >headers/scripts/s && ln -s ../scripts headers/arch/scripts && "
	    "echo 1 >headers/arch/Module.symvers && echo obj-m := x.o >m/Makefile && echo 1 >m/x.c "
	    "&& "
	    "echo \"include $PWD/headers/common/Makefile\" >headers/arch/Makefile");
	return 0;
}

static int leave(void **state)
{
	free(built);
	return unit_leave(state);
}

static const char *build(void)
{
	const struct kernel k = {
		.release = release, .arch = arch, .headers = headers, .name = release};
	struct err err = {0};

	free(built);
	built = NULL;
	if (extmod_build(&k, "m", "cache", unit_keeper(), &built, &err) < 0)
		fail_msg("%s", err.msg);
	return built;
}

static void test_what_goes_into_it_counts(void **state)
{
	static const char *const changes[] = {
		"echo 2 >m/x.c",
		"touch m/x.h",
		"chmod +x m/x.c",
		"echo 2 >headers/common/Makefile",
		"echo 2 >headers/scripts/s",
		"echo 2 >headers/arch/Module.symvers",
		"echo '# 2' >>headers/arch/Makefile",
		"echo : >>bin/gcc",
		"echo : >>bin/make",
		"echo : >>bin/ld",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		_cleanup_free_ char *before = NULL;

		settle();
		before = xstrdup(build());
		assert_string_equal(before, build());
		run(changes[i]);
		settle();
		if (str_eq(before, build()))
			fail_msg("does not count: %s", changes[i]);
	}
}

static void test_the_environment_counts(void **state)
{
	_cleanup_free_ char *before = NULL;

	(void)state;
	settle();
	before = xstrdup(build());
	setenv("KCFLAGS", "-DX", 1);
	assert_string_not_equal(before, build());
	unsetenv("KCFLAGS");
	assert_string_equal(before, build());
	/* All other variables do not get there. */
	setenv("ENVVAL", "7", 1);
	run("echo 'test -z \"$ENVVAL\" || exit 1' >>bin/make");
	build();
}

static void test_a_damaged_one_is_built_again(void **state)
{
	_cleanup_free_ char *ko = NULL;

	(void)state;
	settle();
	ko = xasprintf("%s/x.ko", build());
	assert_int_equal(file_write(ko, "half", 4, 0644, NULL), 0);
	build();
	assert_string_equal(unit_read(ko), "");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_goes_into_it_counts),
		cmocka_unit_test(test_the_environment_counts),
		cmocka_unit_test(test_a_damaged_one_is_built_again),
	};

	unit_be_keeper(argc, argv);
	return cmocka_run_group_tests(tests, enter, leave);
}
