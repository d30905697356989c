// SPDX-License-Identifier: GPL-2.0-only
/* What an image says of itself. */
#include "t/unit/unit.h"

#include <jansson.h>

#include "base/proc.h"
#include "image/manifest.h"

static void run(const char *command)
{
	_cleanup_strv_ struct strv argv = {0};
	struct err err = {0};

	strv_addv(&argv, "sh", "-c", command, NULL);
	if (proc_run(&argv, 60000, NULL, &err) < 0)
		fail_msg("%s", err.msg);
}

static void is_read_back(void **state)
{
	struct image_manifest m = {
		.distro = xstrdup("ubuntu"), .suite = xstrdup("noble"), .arch = xstrdup("arm64")};
	_cleanup_manifest_ struct image_manifest back = {0};
	_cleanup_free_ char *text = NULL;

	(void)state;
	strv_addv(&m.want, "minimal", "g++", NULL);
	text = image_manifest_text(&m);
	image_manifest_done(&m);
	assert_int_equal(image_manifest_parse(text, &back, NULL), 0);
	assert_string_equal(back.distro, "ubuntu");
	assert_string_equal(back.suite, "noble");
	assert_string_equal(back.arch, "arm64");
	assert_null(back.mirror);
	assert_int_equal(back.want.n, 2);
	assert_string_equal(back.want.v[1], "g++");
	assert_int_equal(strlen(back.changed), strlen("2026-01-01T00:00:00Z"));
}

static void rubbish_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"x",
		"[]",
		"{}",
		"{\"version\": 1}",
		"{\"version\": 2, \"distro\": \"a\", \"suite\": \"b\", \"arch\": \"c\"}",
		"{\"version\": 1, \"distro\": [], \"suite\": \"b\", \"arch\": \"c\"}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct image_manifest m = {0};
		struct err err = {0};

		assert_int_equal(image_manifest_parse(texts[i], &m, &err), -EINVAL);
		assert_non_null(strstr(err.msg, MANIFEST_PATH));
	}
}

static void lies_in_the_image(void **state)
{
	_cleanup_manifest_ struct image_manifest m = {0};
	_cleanup_free_ char *text = NULL;
	struct err err = {0};
	size_t len;

	(void)state;
	run("mkdir -p tree/etc/ktest && echo '{\"version\": 1, \"distro\": \"debian\", \"suite\": "
	    "\"sid\", \"arch\": \"i386\", \"packages\": [1, \"vim\"]}' >tree/etc/ktest/root.json; "
	    "PATH=$PATH:/usr/sbin:/sbin; mke2fs -q -F -d tree 'an image' 4M && mke2fs -q -F other "
	    "1M");
	assert_int_equal(image_manifest_read("an image", &m, &err), 0);
	assert_string_equal(m.suite, "sid");
	assert_int_equal(m.want.n, 1);
	assert_int_equal(image_manifest_read("other", &m, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "other was not made by root_image"));
	assert_int_equal(image_file("an image", MANIFEST_PATH, 8, &text, &len, &err), -EIO);
	assert_int_equal(image_file("nowhere", MANIFEST_PATH, 8, &text, &len, NULL), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_read_back),
		cmocka_unit_test(rubbish_is_refused),
		cmocka_unit_test(lies_in_the_image),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
