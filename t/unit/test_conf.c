// SPDX-License-Identifier: GPL-2.0-only
/* rc files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"

struct values {
	char *image, *network;
	int64_t nice;
};

static const struct conf_entry table[] = {
	{"ktest_root_image", CONF_STRING, offsetof(struct values, image)},
	{"ktest_networking", CONF_STRING, offsetof(struct values, network)},
	{"ktest_nice", CONF_INT, offsetof(struct values, nice)},
	{0},
};

static char warned[256];

static void sink(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	if (level == LOG_WARN)
		snprintf(warned, sizeof(warned), "%s", line);
}

static int parse(const char *text, struct values *v, struct err *err)
{
	warned[0] = '\0';
	log_set_sink(sink, NULL);
	return conf_parse("rc", text, strlen(text), table, v, err);
}

static void done(struct values *v)
{
	free(v->image);
	free(v->network);
	*v = (struct values){0};
}

static void test_values(void **state)
{
	struct values v = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(parse("# a comment\n\n  ktest_root_image=/var/lib/root \t # why\n"
			       "ktest_networking='user internet'\r\n"
			       "\tktest_nice=-5",
			       &v, &err),
			 0);
	assert_string_equal(v.image, "/var/lib/root");
	assert_string_equal(v.network, "user internet");
	assert_int_equal(v.nice, -5);
	assert_string_equal(warned, "");
	done(&v);
}

static void test_last_wins(void **state)
{
	struct values v = {0};

	(void)state;
	assert_int_equal(parse("ktest_root_image=a\nktest_root_image=b#c\n", &v, NULL), 0);
	assert_string_equal(v.image, "b#c");
	assert_int_equal(parse("ktest_root_image=\n", &v, NULL), 0);
	assert_null(v.image);
	done(&v);
}

static void test_unknown_name(void **state)
{
	struct values v = {0};

	(void)state;
	assert_int_equal(parse("\nktest_colour=red\nktest_nice=3\n", &v, NULL), 0);
	assert_string_equal(warned, "rc:2: unknown name ktest_colour");
	assert_int_equal(v.nice, 3);
	done(&v);
}

static const struct {
	const char *text, *message;
} bad[] = {
	{"ktest_nice", "rc:1: not of the form name=value: \"ktest_nice\""},
	{"\nktest_nice =3", "rc:2: not of the form"},
	{"=3", "rc:1: not of the form"},
	{"export ktest_nice=3", "rc:1: not of the form"},
	{"ktest_nice=much", "rc:1: ktest_nice: not a number"},
	{"ktest_nice=", "rc:1: ktest_nice: not a number"},
	{"ktest_nice=99999999999999999999", "rc:1: ktest_nice: not a number"},
	{"ktest_root_image=a b", "rc:1: more than one word"},
	{"ktest_root_image='a", "rc:1: a quote is not closed"},
	{"ktest_root_image=$HOME/x", "rc:1: a shell would expand it"},
	{"ktest_root_image=x; rm -rf /", "rc:1: a shell would act upon it"},
	{"ktest_root_image=x)", "rc:1: more than one word"},
	{"\x1b[2Jname", "rc:1: not of the form name=value: \"\\x1b[2Jname\""},
};

static void test_malformed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct values v = {0};
		struct err err = {0};

		assert_int_equal(parse(bad[i].text, &v, &err), -EINVAL);
		assert_memory_equal(err.msg, bad[i].message, strlen(bad[i].message));
		assert_null(strchr(err.msg, '\n'));
		done(&v);
	}
}

static void test_bounds(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	struct values v = {0};
	struct err err = {0};

	(void)state;
	for (int i = 0; i < CONF_LINES_MAX; i++)
		strbuf_puts(&b, "#\n");
	assert_int_equal(parse(b.s, &v, &err), 0);
	strbuf_puts(&b, "#\n");
	assert_int_equal(parse(b.s, &v, &err), -EFBIG);
	assert_string_equal(err.msg, "rc: more than 1000 lines");
}

static void test_files(void **state)
{
	char path[] = "/tmp/ktest-conf.XXXXXX";
	int fd = mkstemp(path);
	struct values v = {0};
	struct err err = {0};
	char *big;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(file_write(path, "ktest_nice=7\n", 13, 0600, NULL), 0);
	assert_int_equal(conf_read(path, table, &v, &err), 0);
	assert_int_equal(v.nice, 7);
	big = xcalloc(1, CONF_SIZE_MAX + 1);
	assert_int_equal(file_write(path, big, CONF_SIZE_MAX + 1, 0600, NULL), 0);
	free(big);
	assert_int_equal(conf_read(path, table, &v, &err), -EFBIG);
	assert_non_null(strstr(err.msg, path));
	unlink(path);
	assert_int_equal(conf_read(path, table, &v, &err), -ENOENT);
	assert_non_null(strstr(err.msg, path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),	     cmocka_unit_test(test_last_wins),
		cmocka_unit_test(test_unknown_name), cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_bounds),	     cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
