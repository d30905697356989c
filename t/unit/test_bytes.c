// SPDX-License-Identifier: GPL-2.0-only
/* Bytes as the value of a field, and back. */
#include "t/unit/unit.h"

#include "proto/bytes.h"

static void all_bytes_come_back(void **state)
{
	char in[512], out[1025], back[1024];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (char)i;
	n = bytes_escape(in, sizeof(in), out);
	out[n] = '\0';
	assert_int_equal(n, sizeof(in) + 4);
	assert_int_equal(strlen(out), n);
	assert_int_equal(bytes_unescape(out, NULL), sizeof(in));
	assert_int_equal(bytes_unescape(out, back), sizeof(in));
	assert_memory_equal(in, back, sizeof(in));
}

static void it_grows_to_twice_at_most(void **state)
{
	char in[100] = {0}, out[201];

	(void)state;
	assert_int_equal(bytes_escape(in, sizeof(in), out), 200);
}

static void it_can_be_done_in_place(void **state)
{
	char text[] = "a\1\1b\1\2c";

	(void)state;
	assert_int_equal(bytes_unescape(text, text), 5);
	assert_memory_equal(text, "a\0b\1c", 5);
}

static void nothing_is_nothing(void **state)
{
	char out[1];

	(void)state;
	assert_int_equal(bytes_escape("", 0, out), 0);
	assert_int_equal(bytes_unescape("", NULL), 0);
}

static void what_no_writer_makes_is_refused(void **state)
{
	static const char *const bad[] = {"\1", "\1\3", "abc\1", "\1\1\1", "\1a"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(bytes_unescape(bad[i], NULL), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_bytes_come_back),
		cmocka_unit_test(it_grows_to_twice_at_most),
		cmocka_unit_test(it_can_be_done_in_place),
		cmocka_unit_test(nothing_is_nothing),
		cmocka_unit_test(what_no_writer_makes_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
