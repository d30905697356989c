// SPDX-License-Identifier: GPL-2.0-only
#include "t/unit/kbuild_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "kbuild/claim.h"
#include "kbuild/config.h"
#include "kernel/load.h"

/* ---- configuring, as the test says it */

static const char *config_text;
static int configured; /* how often */

int config_inputs(const struct kbuild *b, char **id, struct err *err)
{
	(void)b;
	(void)err;
	*id = xstrdup(config_text);
	return 0;
}

int config_make(const struct kbuild *b, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/.config", b->build_dir), *have = NULL;
	size_t len;

	configured++;
	if (file_read(path, 1 << 20, &have, &len, NULL) == 0 && str_eq(have, config_text))
		return 0;
	return file_write(path, config_text, strlen(config_text), 0644, err);
}

/* ---- what was said */

static struct strbuf said;
static size_t objects;

static void sink(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	if (level != LOG_DEBUG)
		strbuf_addf(&said, "%s\n", line);
}

static void progress(void *arg, const struct kbuild_progress *p)
{
	(void)arg;
	if (str_eq(p->phase, "building"))
		objects = p->done;
}

static int set_up(void **state)
{
	int r = make_dir(state);

	put_fake_tree("src");
	config_text = "CONFIG_A=y\n";
	configured = 0;
	log_set_sink(sink, NULL);
	return r;
}

static int tear_down(void **state)
{
	log_set_sink(NULL, NULL);
	strbuf_done(&said);
	return remove_dir(state);
}

static enum kbuild_how build_with(struct kbuild *b)
{
	struct kbuild_result res;
	enum kbuild_how how;
	struct err err = {0};
	int r;

	b->progress = progress;
	r = kbuild_run(b, &res, &err);
	if (r < 0)
		print_error("%s\n", err.msg);
	assert_int_equal(r, 0);
	assert_true(res.duration_ns > 0);
	assert_int_equal(res.how == KBUILD_MADE, res.log != NULL);
	how = res.how;
	kbuild_result_done(&res);
	return how;
}

static enum kbuild_how build(void)
{
	struct kbuild b = fake_build();

	return build_with(&b);
}

static enum kbuild_how build_uncached(void)
{
	struct kbuild b = fake_build();

	b.cache = NULL;
	return build_with(&b);
}

static bool log_has(const char *text)
{
	char *log;
	size_t len;
	bool has;

	if (file_read(in_dir("out/kernel_build.x86_64/ktest-build.log"), 1 << 20, &log, &len, NULL))
		return false;
	has = strstr(log, text) != NULL;
	free(log);
	return has;
}

static char *text_of(const char *name)
{
	char *text = NULL;
	size_t len;

	assert_int_equal(file_read(in_dir(name), 1 << 20, &text, &len, NULL), 0);
	strv_add(&given, text);
	free(text);
	return given.v[given.n - 1];
}

static struct stat stat_of(const char *name)
{
	struct stat st;

	assert_int_equal(lstat(in_dir(name), &st), 0);
	return st;
}

static bool untouched(const char *name, const struct stat *was)
{
	struct stat st = stat_of(name);

	return st.st_ino == was->st_ino && st.st_mtim.tv_sec == was->st_mtim.tv_sec &&
	       st.st_mtim.tv_nsec == was->st_mtim.tv_nsec;
}

/* ---- nothing twice */

static void a_kernel_is_built_and_can_be_loaded(void **state)
{
	_cleanup_kernel_ struct kernel k = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(build(), KBUILD_MADE);
	assert_int_equal(objects, 2);
	assert_int_equal(kernel_load_dir(in_dir("out/kernel.x86_64"), &k, &err), 0);
	assert_string_equal(k.release, FAKE_RELEASE);
	assert_non_null(k.vmlinux);
	assert_non_null(k.config);
	assert_non_null(k.headers);
	assert_null(k.modules);
	assert_true(path_exists(in_dir("out/kernel.x86_64/System.map")));
	assert_string_equal(text_of("out/kernel.x86_64/headers/build/Module.symvers"), "sym\n");
	assert_true(path_exists(in_dir("out/kernel.x86_64/headers/build/scripts/mod/modpost")));
	assert_false(path_exists(in_dir("out/kernel.x86_64/headers/build/scripts/mod/x.o")));
	assert_true(log_has("  CC      a/one.o"));
}

static void what_is_unchanged_is_not_made(void **state)
{
	(void)state;
	assert_int_equal(build(), KBUILD_MADE);
	assert_int_equal(build(), KBUILD_UNCHANGED);
	assert_int_equal(build_uncached(), KBUILD_UNCHANGED);
	assert_int_equal(configured, 1);
}

static void always_make_makes_always(void **state)
{
	struct kbuild b = fake_build();

	(void)state;
	b.always_make = true;
	assert_int_equal(build_with(&b), KBUILD_MADE);
	assert_int_equal(build_with(&b), KBUILD_MADE);
	assert_int_equal(configured, 2);
}

static void touch(const char *name)
{
	struct timespec now[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};

	assert_int_equal(utimensat(AT_FDCWD, in_dir(name), now, 0), 0);
}

static void change_source(void)
{
	put_text("src/a/one.c", "int one(void) { return 11; }\n");
}

static void touch_header(void)
{
	touch("src/include/all.h");
}

static void add_source(void)
{
	put_text("src/a/three.c", "int three(void) { return 3; }\n");
}

static void delete_source(void)
{
	assert_int_equal(unlink(in_dir("src/a/three.c")), 0);
}

static void ask_for_more(void)
{
	config_text = "CONFIG_A=y\nCONFIG_B=y\n";
}

static void break_config(void)
{
	put_text("out/kernel_build.x86_64/.config", "");
}

static void remove_image(void)
{
	assert_int_equal(unlink(in_dir("out/kernel.x86_64/vmlinuz")), 0);
}

static void break_image(void)
{
	put_text("out/kernel.x86_64/vmlinuz", "");
}

static void add_flags(void)
{
	setenv("KCFLAGS", "-O1", 1);
}

static void other_compiler(void)
{
	setenv("CC", "cc", 1);
}

static void clean_build(void)
{
	assert_int_equal(rm_rf(in_dir("out/kernel_build.x86_64"), NULL), 0);
}

static void whatever_changed_is_made_again(void **state)
{
	void (*const changes[])(void) = {change_source, touch_header, add_source,   delete_source,
					 ask_for_more,	break_config, remove_image, break_image,
					 add_flags,	clean_build};

	(void)state;
	assert_int_equal(build_uncached(), KBUILD_MADE);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		changes[i]();
		assert_int_equal(build_uncached(), KBUILD_MADE);
		assert_int_equal(build_uncached(), KBUILD_UNCHANGED);
	}
	unsetenv("KCFLAGS");
}

static void another_compiler_is_a_change(void **state)
{
	struct kbuild b = fake_build();

	(void)state;
	b.cache = NULL;
	assert_int_equal(build_with(&b), KBUILD_MADE);
	other_compiler();
	assert_int_equal(build_with(&b), KBUILD_MADE);
	assert_int_equal(build_with(&b), KBUILD_UNCHANGED);
	unsetenv("CC");
	b.compiler = "gcc";
	assert_int_equal(build_with(&b), KBUILD_MADE);
}

/* A .c file has no part in the configuration, a Kconfig file has. */
static void configuring_is_not_repeated_in_vain(void **state)
{
	(void)state;
	assert_int_equal(build_uncached(), KBUILD_MADE);
	change_source();
	assert_int_equal(build_uncached(), KBUILD_MADE);
	assert_int_equal(configured, 1);
	put_text("src/fs/Kconfig.more", "");
	assert_int_equal(build_uncached(), KBUILD_MADE);
	assert_int_equal(configured, 2);
	break_config();
	assert_int_equal(build_uncached(), KBUILD_MADE);
	assert_int_equal(configured, 3);
}

static void an_output_below_the_source_is_no_part_of_it(void **state)
{
	struct kbuild b = fake_build();

	(void)state;
	b.build_dir = in_dir("src/ktest-out/kernel_build.x86_64");
	b.install_dir = in_dir("src/ktest-out/kernel.x86_64");
	assert_int_equal(build_with(&b), KBUILD_MADE);
	put_text("src/ktest-out/out/log", "x");
	assert_int_equal(build_with(&b), KBUILD_UNCHANGED);
}

/* ---- the cache */

static void what_was_built_before_comes_from_the_cache(void **state)
{
	_cleanup_kernel_ struct kernel k = {0};
	char *one, *two;

	(void)state;
	assert_int_equal(build(), KBUILD_MADE);
	one = text_of("out/kernel.x86_64/vmlinux");
	change_source();
	assert_int_equal(build(), KBUILD_MADE);
	two = text_of("out/kernel.x86_64/vmlinux");
	assert_string_not_equal(text_of("src/a/one.c"), one);
	put_text("src/a/one.c", "#include \"all.h\"\nint one(void) { return 1; }\n");
	assert_int_equal(build(), KBUILD_CACHED);
	assert_int_equal(kernel_load_dir(in_dir("out/kernel.x86_64"), &k, NULL), 0);
	assert_int_equal(build(), KBUILD_UNCHANGED);
	(void)two;
	touch("src/a/one.c");
	assert_int_equal(build(), KBUILD_CACHED);
	assert_int_equal(build_uncached(), KBUILD_UNCHANGED);
}

static char *kept_file(const char *name)
{
	_cleanup_free_ char *cmd = xasprintf("ls -d %s/cache/kernels-built/*/kernel/%s", dir, name);
	FILE *p = popen(cmd, "re");
	char line[512];

	assert_non_null(p);
	assert_non_null(fgets(line, sizeof(line), p));
	pclose(p);
	line[strcspn(line, "\n")] = '\0';
	strv_add(&given, line);
	return given.v[given.n - 1];
}

/* Whoever writes into an installed kernel in place may write into the one in the cache. */
static void a_kept_kernel_that_changed_is_not_used(void **state)
{
	(void)state;
	assert_int_equal(build(), KBUILD_MADE);
	assert_int_equal(file_write(kept_file("System.map"), "x", 1, 0644, NULL), 0);
	remove_image();
	assert_int_equal(build(), KBUILD_MADE);
	remove_image();
	assert_int_equal(build(), KBUILD_CACHED);
}

static void installing_leaves_the_kept_one_alone(void **state)
{
	struct stat before, after;
	char *kept;

	(void)state;
	assert_int_equal(build(), KBUILD_MADE);
	kept = kept_file("vmlinux");
	assert_int_equal(stat(kept, &before), 0);
	change_source();
	assert_int_equal(build(), KBUILD_MADE);
	assert_int_equal(stat(kept, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(before.st_size, after.st_size);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

static void targets_and_gcov_are_always_made(void **state)
{
	_cleanup_strv_ struct strv gcov = {0};
	struct kbuild b = fake_build();

	(void)state;
	strv_add(&gcov, "a");
	b.gcov = &gcov;
	assert_int_equal(build_with(&b), KBUILD_MADE);
	touch("src/a/one.c");
	assert_int_equal(build_with(&b), KBUILD_MADE);
	assert_true(log_has("  CC      a/one.o"));
	assert_false(log_has("  CC      a/two.o"));
}

/* ---- installing */

static void only_what_changed_is_written(void **state)
{
	struct stat config, devel, image;

	(void)state;
	assert_int_equal(build(), KBUILD_MADE);
	config = stat_of("out/kernel.x86_64/config");
	devel = stat_of("out/kernel.x86_64/headers/build/Makefile");
	image = stat_of("out/kernel.x86_64/vmlinuz");
	change_source();
	assert_int_equal(build(), KBUILD_MADE);
	assert_true(untouched("out/kernel.x86_64/config", &config));
	assert_true(untouched("out/kernel.x86_64/headers/build/Makefile", &devel));
	assert_false(untouched("out/kernel.x86_64/vmlinuz", &image));
}

static void modules_come_and_go(void **state)
{
	_cleanup_kernel_ struct kernel k = {0}, without = {0};

	(void)state;
	config_text = "CONFIG_MODULES=y\nCONFIG_GDB_SCRIPTS=y\n";
	assert_int_equal(build(), KBUILD_MADE);
	assert_int_equal(kernel_load_dir(in_dir("out/kernel.x86_64"), &k, NULL), 0);
	assert_string_equal(path_base(k.modules), FAKE_RELEASE);
	assert_string_equal(text_of("out/kernel.x86_64/lib/modules/" FAKE_RELEASE "/kernel/a/m.ko"),
			    "module\n");
	assert_false(path_exists(in_dir("out/kernel.x86_64/lib/modules/" FAKE_RELEASE "/build")));
	assert_string_equal(text_of("out/kernel.x86_64/vmlinux-gdb.py"), "print('gdb')\n");
	assert_string_equal(text_of("out/kernel.x86_64/scripts/gdb/linux/tasks.py"),
			    "print('gdb')\n");
	config_text = "CONFIG_A=y\n";
	assert_int_equal(rm_rf(in_dir("out/kernel_build.x86_64"), NULL), 0);
	assert_int_equal(build(), KBUILD_MADE);
	assert_int_equal(kernel_load_dir(in_dir("out/kernel.x86_64"), &without, NULL), 0);
	assert_null(without.modules);
	assert_false(path_exists(in_dir("out/kernel.x86_64/scripts")));
	assert_false(path_exists(in_dir("out/kernel.x86_64/vmlinux-gdb.py")));
}

static void modules_are_installed_when_they_changed(void **state)
{
	(void)state;
	config_text = "CONFIG_MODULES=y\n";
	assert_int_equal(build(), KBUILD_MADE);
	change_source();
	assert_int_equal(build(), KBUILD_MADE);
	assert_string_equal(text_of("out/kernel_build.x86_64/modules-installed"), "installed\n");
	put_text("src/a/m.mod", "other\n");
	assert_int_equal(build(), KBUILD_MADE);
	assert_string_equal(text_of("out/kernel.x86_64/lib/modules/" FAKE_RELEASE "/kernel/a/m.ko"),
			    "other\n");
}

/* ---- what goes wrong */

static int build_fails(const struct kbuild *b, struct err *err)
{
	struct kbuild_result res;
	int r = kbuild_run(b, &res, err);

	kbuild_result_done(&res);
	assert_true(r < 0);
	return r;
}

static void errors_of_the_compiler_and_nothing_else(void **state)
{
	struct kbuild b = fake_build();
	struct err err = {0};

	(void)state;
	put_text("src/a/one.c", "int one(void) { return nope; }\n");
	build_fails(&b, &err);
	assert_int_equal(strncmp(err.msg, "building failed: a/one.c:1:24: error: ", 38), 0);
	assert_non_null(strstr(err.msg, "out/kernel_build.x86_64/ktest-build.log"));
	assert_int_equal(strncmp(said.s, "a/one.c:1:24: error: ", 21), 0);
	assert_ptr_equal(strchr(said.s, '\n'), said.s + said.len - 1);
	build_fails(&b, &err);
	put_text("src/a/one.c", "int one(void) { return 1; }\n");
	assert_int_equal(build(), KBUILD_MADE);
}

static void a_full_disk_is_called_so(void **state)
{
	struct kbuild b = fake_build();
	struct err err = {0};

	(void)state;
	b.target = "full";
	assert_int_equal(build_fails(&b, &err), -ENOSPC);
	assert_int_equal(strncmp(err.msg, "the disk is full: make room", 27), 0);
}

static void a_failed_build_is_no_state(void **state)
{
	struct kbuild b = fake_build();
	struct err err = {0};

	(void)state;
	assert_int_equal(build_uncached(), KBUILD_MADE);
	put_text("src/a/one.c", "nope\n");
	build_fails(&b, &err);
	put_text("src/a/one.c", "#include \"all.h\"\nint one(void) { return 1; }\n");
	assert_int_equal(build_uncached(), KBUILD_MADE);
	assert_int_equal(configured, 1);
}

/* What make reads is what it is when it reads it. */
static void a_source_that_changes_meanwhile_is_looked_at_again(void **state)
{
	struct kbuild b = fake_build();
	_cleanup_strv_ struct strv args = {0};

	(void)state;
	/* Whatever compiles also writes into the source. */
	strv_addf(&args, "CC=touch %s/new.c && gcc", b.source);
	b.make_args = &args;
	assert_int_equal(build_with(&b), KBUILD_MADE);
	assert_non_null(strstr(said.s, "the source changed while it was built"));
	assert_int_equal(build_with(&b), KBUILD_MADE);
	assert_int_equal(build_with(&b), KBUILD_UNCHANGED);
}

/* As an archive unpacked over the source leaves it: make alone would not compile it. */
static void a_file_with_an_old_time_is_compiled(void **state)
{
	const struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	struct stat before, after;

	(void)state;
	assert_int_equal(build_uncached(), KBUILD_MADE);
	before = stat_of("out/kernel_build.x86_64/a/two.o");
	change_source();
	assert_int_equal(utimensat(AT_FDCWD, in_dir("src/a/one.c"), old, 0), 0);
	assert_int_equal(build_uncached(), KBUILD_MADE);
	assert_non_null(strstr(said.s, "a/one.c changed and has an older time"));
	after = stat_of("out/kernel_build.x86_64/a/two.o");
	assert_true(log_has("  CC      a/one.o"));
	assert_int_not_equal(before.st_ctim.tv_nsec, after.st_ctim.tv_nsec);
	/* That was that. */
	put_text("src/a/two.c", "int two(void) { return 22; }\n");
	assert_int_equal(build_uncached(), KBUILD_MADE);
	assert_false(log_has("  CC      a/one.o"));
	assert_int_equal(configured, 1);
}

static void a_second_build_is_refused(void **state)
{
	struct kbuild b = fake_build();
	struct err err = {0};
	int fd;

	(void)state;
	assert_int_equal(claim_dir(b.build_dir, b.cache, NULL), 0);
	fd = lock_try(in_dir("out/kernel_build.x86_64/.ktest-lock"), NULL);
	assert_true(fd >= 0);
	assert_int_equal(build_fails(&b, &err), -EBUSY);
	assert_non_null(strstr(err.msg, "-o DIR"));
	close(fd);
}

static void interrupt(void *arg, const struct kbuild_progress *p)
{
	bool *interrupted = arg;

	if (p->done == 2 && !*interrupted)
		kill(getpid(), SIGINT);
	*interrupted |= p->done == 2;
}

static void an_interrupted_build_leaves_nothing(void **state)
{
	struct kbuild b = fake_build();
	struct kbuild_result res;
	bool interrupted = false;
	struct err err = {0};
	sigset_t blocked;

	(void)state;
	b.target = "slow";
	b.progress = interrupt;
	b.arg = &interrupted;
	assert_int_equal(kbuild_run(&b, &res, &err), -EINTR);
	kbuild_result_done(&res);
	assert_non_null(strstr(err.msg, "SIGINT"));
	/* No child is left, and signals are as they were. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	assert_false(sigismember(&blocked, SIGINT));
	b.target = NULL;
	assert_int_equal(build_with(&b), KBUILD_MADE);
}

#define IN_TREE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_TREE(a_kernel_is_built_and_can_be_loaded),
		IN_TREE(what_is_unchanged_is_not_made),
		IN_TREE(always_make_makes_always),
		IN_TREE(whatever_changed_is_made_again),
		IN_TREE(another_compiler_is_a_change),
		IN_TREE(configuring_is_not_repeated_in_vain),
		IN_TREE(an_output_below_the_source_is_no_part_of_it),
		IN_TREE(what_was_built_before_comes_from_the_cache),
		IN_TREE(a_kept_kernel_that_changed_is_not_used),
		IN_TREE(installing_leaves_the_kept_one_alone),
		IN_TREE(targets_and_gcov_are_always_made),
		IN_TREE(only_what_changed_is_written),
		IN_TREE(modules_come_and_go),
		IN_TREE(modules_are_installed_when_they_changed),
		IN_TREE(errors_of_the_compiler_and_nothing_else),
		IN_TREE(a_full_disk_is_called_so),
		IN_TREE(a_failed_build_is_no_state),
		IN_TREE(a_source_that_changes_meanwhile_is_looked_at_again),
		IN_TREE(a_file_with_an_old_time_is_compiled),
		IN_TREE(a_second_build_is_refused),
		IN_TREE(an_interrupted_build_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
