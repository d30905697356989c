// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "diag/kmsg.h"

static int parse(const char *record, struct kmsg *m)
{
	return kmsg_parse(record, strlen(record), m);
}

static void test_fields(void **state)
{
	struct kmsg m;

	(void)state;
	assert_int_equal(parse("6,339,5140900,-;NET: Registered PF_INET6", &m), 0);
	assert_int_equal(m.facility, 0);
	assert_int_equal(m.level, 6);
	assert_int_equal(m.seq, 339);
	assert_int_equal(m.time_us, 5140900);
	assert_int_equal(m.caller_len, 0);
	assert_int_equal(m.len, strlen("NET: Registered PF_INET6"));
	assert_memory_equal(m.text, "NET: Registered PF_INET6", m.len);

	/* keys behind the text, a caller, fields of later versions */
	assert_int_equal(parse("4,1,2,-,caller=T123,later=x;one\n SUBSYSTEM=acpi\n DEVICE=+x", &m),
			 0);
	assert_int_equal(m.caller_len, 4);
	assert_memory_equal(m.caller, "T123", 4);
	assert_int_equal(m.len, 3);

	/* written to /dev/kmsg: facility 1 (user) */
	assert_int_equal(parse("12,7,8,-;BUG: KASAN: x in y", &m), 0);
	assert_int_equal(m.facility, 1);
	assert_int_equal(m.level, 4);

	assert_int_equal(parse("6,0,0,-;", &m), 0);
	assert_int_equal(m.len, 0);
	assert_int_equal(parse("6,18446744073709551614,0;x", &m), 0);
}

static void test_not_records(void **state)
{
	static const char *const bad[] = {
		"",
		"6",
		"6,",
		"6,1,2,-",
		"6,1,;x",
		",1,2,-;x",
		"x,1,2,-;x",
		"6,-1,2,-;x",
		"6,1,2x,-;x",
		"9999,1,2,-;x",
		"6,18446744073709551615,2,-;x",
		"6,99999999999999999999,2,-;x",
		"6,1,9223372036854775807,-;x",
		"6 ,1,2,-;x",
	};
	struct kmsg m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (parse(bad[i], &m) != -EBADMSG)
			fail_msg("'%s' passes for a record", bad[i]);
	assert_int_equal(kmsg_parse("6,1\0,2,-;x", 10, &m), -EBADMSG);
}

static void check_text(const char *escaped, const char *text, size_t len)
{
	_cleanup_free_ char *record = xasprintf("6,1,2,-;%s", escaped);
	char out[64];
	struct kmsg m;

	assert_int_equal(parse(record, &m), 0);
	assert_int_equal(kmsg_text(&m, out), len);
	assert_memory_equal(out, text, len);
}

static void test_text(void **state)
{
	(void)state;
	check_text("plain", "plain", 5);
	check_text("a\\x0ab", "a\nb", 3);
	check_text("\\x5cx41", "\\x41", 4);
	check_text("\\xe2\\x82\\xAC", "\xe2\x82\xac", 3);
	check_text("\\x00", "\0", 1);
	/* what the kernel does not make stays as it is */
	check_text("\\xg1\\x", "\\xg1\\x", 6);
	check_text("\\x4", "\\x4", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_not_records),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
