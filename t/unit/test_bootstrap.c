// SPDX-License-Identifier: GPL-2.0-only
/* The arguments of what makes images, and what its log is made of. */
#include "t/unit/unit.h"

#include "base/file.h"
#include "image/bootstrap.h"
#include "image/ns.h"
#include "image/place.h"

static const char sources[] = "deb [arch=arm64 signed-by=/k] http://m/d sid main\n"
			      "deb [arch=arm64 signed-by=/k] http://m/s sid-security main\n";

static char *args_for(const char *arch)
{
	struct image_request req = {
		.arch = arch_find(arch), .data = "/tree/rootfs", .cache = "/cache"};
	struct image_job j = IMAGE_JOB_INIT(&req);
	_cleanup_strv_ struct strv argv = {0};

	j.dir = xstrdup("/stage/job");
	j.stage.dir = xstrdup("/stage");
	j.sources = xstrdup(sources);
	str_set(&j.manifest.arch, req.arch->debian);
	str_set(&j.manifest.suite, "sid");
	strv_addv(&j.packages, "bash", "g++", NULL);
	bootstrap_args(&j, "/stage/tree", &argv);
	image_job_done(&j);
	return strv_join(&argv, "\n");
}

static void has(const char *args, const char *word)
{
	_cleanup_free_ char *all = xasprintf("\n%s\n", args), *want = xasprintf("\n%s\n", word);

	if (!strstr(all, want))
		fail_msg("no argument '%s' in:\n%s", word, args);
}

static const char *foreign(void)
{
	return str_eq(arch_host()->name, "aarch64") ? "x86_64" : "aarch64";
}

static void packages_of_this_machine_are_installed(void **state)
{
	_cleanup_free_ char *args = args_for(arch_host()->name);

	(void)state;
	has(args, "--variant=apt");
	has(args, "--include=bash,g++");
	has(args, "--customize-hook=/tree/rootfs/hook.sh");
	has(args, "KTEST_JOB=/stage/job");
	has(args, "KTEST_DEBS=/cache/debs");
	has(args, "--\nsid\n/stage/tree\ndeb [arch=arm64 signed-by=/k] http://m/d sid main\n"
		  "deb [arch=arm64 signed-by=/k] http://m/s sid-security main");
}

static void others_are_only_unpacked(void **state)
{
	_cleanup_free_ char *args = args_for(foreign());

	(void)state;
	has(args, "--variant=extract");
	has(args, "--include=?essential\n--include=apt\n--include=bash,g++");
	assert_null(strstr(args, "usrmerge"));
	assert_false(image_native(arch_find(foreign())));
	assert_true(image_native(arch_host()));
}

/* What image_blame() makes of a log. */
static void blames(const char *log, int code, const char *want)
{
	struct image_request req = {.arch = arch_host()};
	struct image_job j = IMAGE_JOB_INIT(&req);
	struct err err = {0};

	j.path = xstrdup("/images/root");
	j.stage.dir = xstrdup(".");
	strbuf_puts(&j.log, log);
	err_set(&err, EIO, "it failed");
	assert_int_equal(image_blame(&j, "doing", &err), -code);
	if (!strstr(err.msg, want) || strchr(err.msg, '\n'))
		fail_msg("'%s' has no '%s'", err.msg, want);
	free(j.stage.dir);
	j.stage.dir = NULL;
	image_job_done(&j);
}

static void the_line_that_says_why(void **state)
{
	(void)state;
	blames("I: one\nE: first\nE: second\n", EIO, "doing: E: first");
	blames("a\ndpkg: error processing x (--configure):\nE: later", EIO, "doing: E: later");
	blames("x\ndpkg: error processing y (--unpack):\r\n z", EIO,
	       "doing: dpkg: error processing y");
	blames("E: early\ncp: No space left on device\n", ENOSPC,
	       "no space left where /images/root");
	blames("mke2fs: Could not allocate block in ext2 filesystem while writing", ENOSPC,
	       "give --size");
	blames("nothing of use\n", EIO, "doing: it failed");
}

/* An ordinary user's are root in a namespace of their own; both die with their first process. */
static void words_for_a_namespace(void **state)
{
	_cleanup_strv_ struct strv root = {0}, user = {0};

	(void)state;
	ns_words(true, &root);
	ns_words(false, &user);
	assert_false(strv_has(&root, "--user"));
	assert_true(strv_has(&user, "--user"));
	assert_true(strv_has(&user, "--map-auto"));
	assert_true(strv_has(&root, "--kill-child"));
	assert_true(strv_has(&user, "--kill-child"));
}

static void own_images_come_first(void **state)
{
	_cleanup_free_ char *found = NULL, *place = NULL, *real = path_real(".", NULL);
	_cleanup_free_ char *want = xasprintf("%s/.ktest/root.arm64", real);
	const struct arch *arch = arch_find("aarch64");
	struct err err = {0};

	(void)state;
	setenv("HOME", real, 1);
	place = image_new_place(arch, NULL);
	assert_string_equal(place, want);
	assert_true(path_is_dir(".ktest"));
	unit_write(".ktest/root.arm64", "no image");
	found = image_find(arch);
	assert_string_equal(found, want);
	assert_int_equal(image_check(found, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "holds no ext4 file system"));
	assert_int_equal(image_check("nowhere", &err), -ENOENT);
}

/* A superblock as mke2fs makes it: 25,600 blocks of 4 KiB, 100 MiB. */
static void make_image(uint32_t blocks, uint32_t blocks_high, off_t size)
{
	const struct {
		off_t at;
		uint32_t word;
	} words[] = {{1028, blocks}, {1048, 2}, {1080, 0xef53}, {1120, 0x80}, {1360, blocks_high}};
	int fd = open("image", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_int_equal(pwrite(fd, &words[i].word, 4, words[i].at), 4);
	assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
}

static void an_image_is_whole(void **state)
{
	struct err err = {0};

	(void)state;
	make_image(25600, 0, 100 << 20);
	assert_int_equal(image_check("image", &err), 0);
	make_image(25600, 0, (100 << 20) + 1);
	assert_int_equal(image_check("image", &err), 0);
	make_image(25600, 0, (100 << 20) - 1);
	assert_int_equal(image_check("image", &err), -EINVAL);
	assert_string_equal(err.msg,
			    "the root image image is cut off: 99 of 100 MiB are there; make "
			    "it again or copy all of it");
	make_image(0, 1, 100 << 20);
	assert_int_equal(image_check("image", &err), -EINVAL);
	assert_non_null(strstr(err.msg, "100 of 16777216 MiB"));
	make_image(0, 0, 100 << 20);
	assert_int_equal(image_check("image", &err), -EINVAL);
	assert_non_null(strstr(err.msg, "holds no ext4"));
	assert_int_equal(truncate("image", 1100), 0);
	assert_int_equal(image_check("image", &err), -EINVAL);
	assert_non_null(strstr(err.msg, "holds no ext4"));
}

static void whose_suite_it_is(void **state)
{
	(void)state;
	assert_string_equal(distro_of_suite("noble")->name, "ubuntu");
	assert_string_equal(distro_of_suite("bookworm")->name, "debian");
	assert_string_equal(distro_of_suite("nobl")->name, "debian");
	assert_string_equal(distro_of_suite("")->name, "debian");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_image_is_whole),
		cmocka_unit_test(packages_of_this_machine_are_installed),
		cmocka_unit_test(others_are_only_unpacked),
		cmocka_unit_test(the_line_that_says_why),
		cmocka_unit_test(words_for_a_namespace),
		cmocka_unit_test(own_images_come_first),
		cmocka_unit_test(whose_suite_it_is),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
