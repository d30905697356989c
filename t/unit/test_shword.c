// SPDX-License-Identifier: GPL-2.0-only
/* Shell words as data. What bash makes of the same text is the measure: it is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/proc.h"
#include "base/shword.h"

static const char *const words[] = {
	"plain",
	"",
	"''",
	"\"\"",
	"'single $x `y` \\ \"'",
	"\"double \\\\ \\\" \\$x \\` \\n 'q'\"",
	"a\\ b",
	"a'b'\"c\"\\d",
	"\\~",
	"a~b",
	"a#b",
	"a=b",
	"*.c?[x]",
	"{a,b}",
	"'two\nlines'",
	"\"two\nlines\"",
	"joined\\\nline",
	"$'a\\nb\\tc\\\\d\\'e\\\"'",
	"$'\\x41\\101\\u00e9\\U0001f427'",
	"$'\\a\\b\\e\\E\\f\\r\\v\\?'",
	"$'\\cA'",
	"x$'y'z",
	"$'\\x4'g",
	"$'\\7'",
	"gr\xc3\xbc\xc3\x9f",
	"!hist",
	"%q",
};

/* What bash takes the word for. */
static void ask_bash(const char *word, struct strbuf *out)
{
	_cleanup_strv_ struct strv argv = {0};

	strv_addv(&argv, "env", "LC_ALL=C.UTF-8", "bash", "-c", NULL);
	strv_addf(&argv, "set -f; v=%s; printf %%s \"$v\"", word);
	assert_int_equal(proc_run(&argv, 10000, out, NULL), 0);
	strbuf_puts(out, "");
}

static void test_like_bash(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct shtext t = {words[i], words[i] + strlen(words[i])};
		_cleanup_strbuf_ struct strbuf ours = {0}, theirs = {0};

		assert_null(shtext_word(&t, &ours));
		assert_ptr_equal(t.s, t.end);
		ask_bash(words[i], &theirs);
		assert_string_equal(ours.s, theirs.s);
	}
}

static const struct {
	const char *word, *why;
} refused[] = {
	{"$x", "expand"},	 {"$(x)", "expand"},	   {"`x`", "expand"},
	{"\"$x\"", "expand"},	 {"\"`x`\"", "expand"},	   {"~/x", "expand"},
	{"$", "expand"},	 {"$\"x\"", "expand"},	   {"a;b", "act"},
	{"a&", "act"},		 {"a|b", "act"},	   {"a<b", "act"},
	{">x", "act"},		 {"a(b", "act"},	   {"'open", "closed"},
	{"\"open", "closed"},	 {"\"open\\\"", "closed"}, {"$'open", "closed"},
	{"$'open\\'", "closed"}, {"end\\", "backslash"},   {"$'\\q'", "escape"},
	{"$'\\x'", "escape"},	 {"$'\\0'", "escape"},	   {"$'\\Uffffffff'", "escape"},
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct shtext t = {refused[i].word, refused[i].word + strlen(refused[i].word)};
		_cleanup_strbuf_ struct strbuf b = {0};
		const char *why = shtext_word(&t, &b);

		assert_non_null(why);
		assert_non_null(strstr(why, refused[i].why));
		assert_true(t.s <= t.end);
	}
}

static void test_nul(void **state)
{
	static const char *const texts[] = {"a\0b", "'\0'.", "\"\0\"", "\\\0x", "$'\0"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct shtext t = {texts[i], texts[i] + 3};
		_cleanup_strbuf_ struct strbuf b = {0};

		assert_non_null(shtext_word(&t, &b));
	}
}

/* A word ends where a shell ends it, and the rest is left. */
static void test_ends(void **state)
{
	static const char text[] = "one 'two 2'\tthree)four\nfive";
	struct shtext t = {text, text + strlen(text)};
	static const char *const want[] = {"one", "two 2", "three"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		_cleanup_strbuf_ struct strbuf b = {0};

		shtext_skip(&t, false);
		assert_null(shtext_word(&t, &b));
		assert_string_equal(b.s, want[i]);
	}
	assert_string_equal(t.s, ")four\nfive");
	t.s += 5;
	shtext_skip(&t, false);
	assert_int_equal(*t.s, '\n');
	shtext_skip(&t, true);
	assert_string_equal(t.s, "five");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_like_bash),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
