// SPDX-License-Identifier: GPL-2.0-only
/* Which bugs fail what: rules, the last of which counts. */
#include "t/unit/unit.h"

#include "base/str.h"
#include "run/failon.h"

static struct failon rules;

static int teardown(void **state)
{
	(void)state;
	failon_done(&rules);
	return 0;
}

/* One source of rules, "" at the end; its error. */
static int add(const char *first, ...)
{
	_cleanup_strv_ struct strv words = {0};
	struct err err = {0};
	va_list ap;

	va_start(ap, first);
	for (const char *w = first; w; w = va_arg(ap, const char *))
		strv_add(&words, w);
	va_end(ap);
	return failon_add(&rules, &words, "here", &err);
}

static void action_is(enum finding_kind kind, const char *title, enum bug_action want)
{
	struct finding f = {
		.kind = kind,
		.title = (char *)(uintptr_t)title,
		.text = (char *)(uintptr_t) "[    1.000000] WARNING: CPU: 0 at a.c:1 f+0x1/0x2\n"
					    "[    1.000001] Call Trace:\n",
	};
	const char *why;

	assert_int_equal(failon_finding(&rules, &f, &why), want);
}

static void test_default(void **state)
{
	(void)state;
	for (int k = 0; k < FINDING_KINDS; k++)
		action_is((enum finding_kind)k, "x", BUG_FAILS);
	assert_int_equal(failon_tainted(&rules), BUG_FAILS);
	assert_int_equal(add(NULL, NULL), 0);
	action_is(FINDING_WARNING, "x", BUG_FAILS);
}

static void test_kinds_are_a_choice(void **state)
{
	(void)state;
	assert_int_equal(add("oops,kasan", "panic", NULL), 0);
	action_is(FINDING_KASAN, "x", BUG_FAILS);
	action_is(FINDING_PANIC, "x", BUG_FAILS);
	action_is(FINDING_WARNING, "x", BUG_NOTED);
	assert_int_equal(failon_tainted(&rules), BUG_NOTED);
}

static void test_actions_are_none(void **state)
{
	(void)state;
	assert_int_equal(add("note:lockdep", "allow:hung_task,rcu_stall", "fail:oops", NULL), 0);
	action_is(FINDING_LOCKDEP, "x", BUG_NOTED);
	action_is(FINDING_RCU_STALL, "x", BUG_ALLOWED);
	action_is(FINDING_WARNING, "x", BUG_FAILS);
}

static void test_boot_is_no_kind(void **state)
{
	(void)state;
	assert_int_equal(add("boot", NULL), 0);
	assert_true(rules.outside);
	action_is(FINDING_WARNING, "x", BUG_FAILS);
}

static void test_the_last_source_counts(void **state)
{
	(void)state;
	assert_int_equal(add("note:all", NULL), 0);
	assert_int_equal(add("warning", NULL), 0);
	action_is(FINDING_WARNING, "x", BUG_FAILS);
	action_is(FINDING_LEAK, "x", BUG_NOTED);
	assert_int_equal(add("allow:all", NULL), 0);
	action_is(FINDING_WARNING, "x", BUG_ALLOWED);
}

static void test_patterns(void **state)
{
	const char *why;
	struct finding f = {.kind = FINDING_WARNING, .title = (char *)(uintptr_t) "WARNING in f"};

	(void)state;
	assert_int_equal(add("allow:WARNING in f*  #  known, see #12 ", NULL), 0);
	action_is(FINDING_WARNING, "WARNING in foo", BUG_ALLOWED);
	action_is(FINDING_WARNING, "WARNING in bar", BUG_FAILS);
	assert_int_equal(failon_finding(&rules, &f, &why), BUG_ALLOWED);
	assert_string_equal(why, "known, see #12");
	assert_int_equal(add("note:a.c:[0-9] # any of that file", NULL), 0);
	action_is(FINDING_WARNING, "WARNING in bar", BUG_NOTED);
	/* A pattern without an action is one that fails. */
	assert_int_equal(add("Call Trace: # all that have one", NULL), 0);
	action_is(FINDING_WARNING, "WARNING in bar", BUG_FAILS);
}

static void test_a_pattern_is_within_a_line(void **state)
{
	(void)state;
	assert_int_equal(add("allow:f+0x1*Call # two lines", NULL), 0);
	action_is(FINDING_WARNING, "x", BUG_FAILS);
}

static void test_allow_taint(void **state)
{
	(void)state;
	failon_allow_taint(&rules);
	action_is(FINDING_WARNING, "x", BUG_ALLOWED);
	action_is(FINDING_OOPS, "x", BUG_FAILS);
	assert_int_equal(failon_tainted(&rules), BUG_ALLOWED);
}

static void test_no_rules(void **state)
{
	static const char *const bad[] = {
		"wanring", "note:",	   "",		",",	       "note:boot",
		"all,x",   "allow: # why", "allow:x #", "expect:oops", "noteoops"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (add(bad[i], NULL) != -EINVAL)
			fail_msg("'%s'", bad[i]);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_default),
		TEST(test_kinds_are_a_choice),
		TEST(test_actions_are_none),
		TEST(test_boot_is_no_kind),
		TEST(test_the_last_source_counts),
		TEST(test_patterns),
		TEST(test_a_pattern_is_within_a_line),
		TEST(test_allow_taint),
		TEST(test_no_rules),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
