// SPDX-License-Identifier: GPL-2.0-only
/* Whatever bytes a guest sends become a JSON string that a strict reader takes. */
#include "t/unit/unit.h"

#include "base/json.h"
#include "base/str.h"

#define BAD "\xef\xbf\xbd"

static const struct {
	const char *in, *out;
} strings[] = {
	{"", ""},
	{"plain \"quoted\" \\ \n", "plain \"quoted\" \\ \n"},
	{"\x01\x1f\x7f", "\x01\x1f\x7f"},
	/* the first and the last of each length */
	{"\xc2\x80 \xdf\xbf", "\xc2\x80 \xdf\xbf"},
	{"\xe0\xa0\x80 \xef\xbf\xbf", "\xe0\xa0\x80 \xef\xbf\xbf"},
	{"\xed\x9f\xbf \xee\x80\x80", "\xed\x9f\xbf \xee\x80\x80"},
	{"\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"},
	/* a stray continuation, bytes that never occur */
	{"a\x80z", "a" BAD "z"},
	{"\xfe\xff", BAD BAD},
	/* overlong: '/', NUL, and the one that a length check alone lets through */
	{"\xc0\xaf", BAD BAD},
	{"\xc1\xbf", BAD BAD},
	{"\xe0\x80\xaf", BAD BAD BAD},
	{"\xe0\x9f\xbf", BAD BAD BAD},
	{"\xf0\x8f\xbf\xbf", BAD BAD BAD BAD},
	/* surrogates, and above the last code point */
	{"\xed\xa0\x80", BAD BAD BAD},
	{"\xed\xbf\xbf", BAD BAD BAD},
	{"\xf4\x90\x80\x80", BAD BAD BAD BAD},
	{"\xf5\x80\x80\x80", BAD BAD BAD BAD},
	/* cut off by the end and by another character, which is kept */
	{"\xe2\x82", BAD BAD},
	{"\xf0\x9f\x98", BAD BAD BAD},
	{"\xe2\x82"
	 "a",
	 BAD BAD "a"},
	{"\xc3\xc3\xa9", BAD "\xc3\xa9"},
};

static void test_strings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		_cleanup_json_ json_t *j =
			json_pack("{s:o}", "k", json_string_lossy(strings[i].in));
		_cleanup_free_ char *text = j ? json_dumps(j, 0) : NULL;
		_cleanup_json_ json_t *again = text ? json_loads(text, 0, NULL) : NULL;

		assert_non_null(again);
		assert_string_equal(json_get_str(again, "k"), strings[i].out);
	}
}

/* The sequence is cut off by the end of the memory, too. */
static void test_nothing_behind_the_nul_is_read(void **state)
{
	(void)state;
	for (int n = 1; n <= 3; n++) {
		char *s = xstrndup("\xf0\x9f\x98\x80", (size_t)n);
		json_t *j = json_string_lossy(s);

		assert_int_equal(json_string_length(j), 3 * n);
		json_decref(j);
		free(s);
	}
}

static void test_null_and_vectors(void **state)
{
	_cleanup_strv_ struct strv sv = {0};
	_cleanup_json_ json_t *array = NULL;
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_true(json_is_null(json_string_lossy(NULL)));
	strv_addv(&sv, "a", "\xff", NULL);
	array = json_strv_lossy(&sv);
	text = json_dumps(array, JSON_COMPACT);
	assert_string_equal(text, "[\"a\",\"" BAD "\"]");
}

static void test_getters_take_the_right_type_only(void **state)
{
	_cleanup_json_ json_t *j =
		json_loads("{\"s\":\"x\",\"i\":-3,\"f\":1.5,\"t\":true,\"n\":null}", 0, NULL);

	(void)state;
	assert_string_equal(json_get_str(j, "s"), "x");
	assert_null(json_get_str(j, "i"));
	assert_null(json_get_str(j, "missing"));
	assert_int_equal(json_get_int(j, "i", 7), -3);
	assert_int_equal(json_get_int(j, "f", 7), 7);
	assert_int_equal(json_get_int(j, "s", 7), 7);
	assert_int_equal(json_get_int(j, "missing", 7), 7);
	assert_true(json_get_bool(j, "t", false));
	assert_true(json_get_bool(j, "n", true));
	assert_false(json_get_bool(j, "i", false));
	assert_int_equal(json_get_int(NULL, "i", 7), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_nothing_behind_the_nul_is_read),
		cmocka_unit_test(test_null_and_vectors),
		cmocka_unit_test(test_getters_take_the_right_type_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
