// SPDX-License-Identifier: GPL-2.0-only
/* A .config as it stands. */
#include "t/unit/unit.h"

#include "kbuild/dotconfig.h"

static void parse(struct dotconfig *c, const char *text)
{
	dotconfig_parse(c, text, strlen(text));
}

static void test_lines(void **state)
{
	struct dotconfig c = {0};

	(void)state;
	parse(&c, "# Linux/x86 6.12 Kernel Configuration\nCONFIG_A=y\r\nCONFIG_B=m\n"
		  "# CONFIG_C is not set\nCONFIG_D=\"a b=c # d\"\nCONFIG_E=0x10\n\n"
		  "CONFIG_=y\nCONFIG_F\n# CONFIG_G=y\nCONFIG_H is not set\n CONFIG_I=y\n"
		  "# CONFIG_J is not set at all\nCONFIG_9P_FS=y");
	assert_string_equal(dotconfig_get(&c, "A"), "y");
	assert_string_equal(dotconfig_get(&c, "B"), "m");
	assert_string_equal(dotconfig_get(&c, "C"), "n");
	assert_string_equal(dotconfig_get(&c, "D"), "\"a b=c # d\"");
	assert_string_equal(dotconfig_get(&c, "E"), "0x10");
	assert_string_equal(dotconfig_get(&c, "9P_FS"), "y");
	assert_int_equal(c.values.n, 6);
	dotconfig_done(&c);
}

/* What stands behind a NUL or is a CR at the end belongs to no value: written, it would be lost. */
static void test_ends_of_lines(void **state)
{
	static const char text[] = "CONFIG_A=y\r\r\nCONFIG_B=m\r\0z\nCONFIG_C=a\rb\n\0CONFIG_D=y\n";
	struct dotconfig c = {0};

	(void)state;
	dotconfig_parse(&c, text, sizeof(text) - 1);
	assert_string_equal(dotconfig_get(&c, "A"), "y");
	assert_string_equal(dotconfig_get(&c, "B"), "m");
	assert_string_equal(dotconfig_get(&c, "C"), "a\rb");
	assert_int_equal(c.values.n, 3);
	dotconfig_done(&c);
}

static void test_last_wins(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct dotconfig c = {0};

	(void)state;
	parse(&c, "CONFIG_A=y\nCONFIG_B=\"x\"\n# CONFIG_A is not set\n");
	dotconfig_set(&c, "C", "5");
	dotconfig_write(&c, &out);
	assert_string_equal(out.s, "# CONFIG_A is not set\nCONFIG_B=\"x\"\nCONFIG_C=5\n");
	dotconfig_done(&c);
}

static void test_same(void **state)
{
	(void)state;
	assert_true(dotconfig_same(NULL, "n"));
	assert_true(dotconfig_same("\"abc\"", "abc"));
	assert_true(dotconfig_same("\"\"", ""));
	assert_false(dotconfig_same("\"", ""));
	assert_false(dotconfig_same("y", "m"));
	assert_false(dotconfig_same(NULL, "y"));
}

static void test_file(void **state)
{
	struct dotconfig c = {0};
	struct err err = {0};

	(void)state;
	unit_write("config", "CONFIG_A=y\n");
	assert_int_equal(dotconfig_read(&c, "config", &err), 0);
	assert_string_equal(dotconfig_get(&c, "A"), "y");
	assert_int_equal(dotconfig_read(&c, "none", &err), -ENOENT);
	assert_non_null(strstr(err.msg, "none"));
	dotconfig_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),	  cmocka_unit_test(test_ends_of_lines),
		cmocka_unit_test(test_last_wins), cmocka_unit_test(test_same),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
