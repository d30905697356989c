// SPDX-License-Identifier: GPL-2.0-only
/* What foreign text looks like on a terminal: harmless, and no wider than asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/text.h"

static const struct {
	const char *in;
	size_t max;
	const char *out;
	size_t columns;
} texts[] = {
	{"", 0, "", 0},
	{"plain text", 0, "plain text", 10},
	{"a\nb\tc\rd", 0, "a\\nb\\tc\\rd", 10},
	{"\x1b[2J\x07\x7f", 0, "\\x1b[2J\\x07\\x7f", 15},
	{"back\\slash", 0, "back\\\\slash", 11},
	{"no UTF-8: \xff\xc3", 0, "no UTF-8: \\xff\\xc3", 18},
	/* C1 controls are escape sequences to some terminals */
	{"\xc2\x9b"
	 "31m",
	 0, "\\x9b31m", 7},
	/* a right-to-left override turns what follows around */
	{"\xe2\x80\xae"
	 "exe.gnp",
	 0, "\\u202eexe.gnp", 13},
	{"\xef\xbb\xbf", 0, "\\ufeff", 6},
	{"gr\xc3\xbc\xc3\x9f", 0, "gr\xc3\xbc\xc3\x9f", 4},
	/* cut, but only what is too long */
	{"0123456789", 10, "0123456789", 10},
	{"0123456789a", 10, "0123456...", 10},
	{"0123456789", 3, "...", 3},
	{"0123456789", 1, ".", 1},
	{"gr\xc3\xbc\xc3\x9f an alle", 8, "gr\xc3\xbc\xc3\x9f ...", 8},
	/* not in the middle of an escape */
	{"01234\x1b"
	 "56789",
	 10, "01234...", 8},
};

static void test_escape(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_strbuf_ struct strbuf b = {0};
		size_t n;

		strbuf_puts(&b, "before ");
		n = text_escape(&b, texts[i].in, strlen(texts[i].in), texts[i].max);
		assert_string_equal(b.s + 7, texts[i].out);
		assert_int_equal(n, texts[i].columns);
		assert_int_equal(b.len, strlen(b.s));
	}
}

static void test_nul(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	(void)state;
	text_escape(&b, "a\0b", 3, 0);
	assert_string_equal(b.s, "a\\x00b");
}

/* No more is read than there is. */
static void test_decode_bounded(void **state)
{
	uint32_t cp = 0;

	(void)state;
	assert_int_equal(utf8_decode("\xe2\x82\xac", 3, &cp), 3);
	assert_int_equal(cp, 0x20ac);
	assert_int_equal(utf8_decode("\xe2\x82\xac", 2, NULL), 0);
	assert_int_equal(utf8_decode("", 0, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_decode_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
