// SPDX-License-Identifier: GPL-2.0-only
/* Which attempts a unit is given, as "VERDICT, VERDICT ..." to what comes of them. */
#include "t/unit/unit.h"

#include "run/again.h"

static struct subtest subtests[2];
static struct test_file file = {.subtests = subtests, .n = 2};
static struct unit unit;
static struct settings settings;

static int setup(void **state)
{
	(void)state;
	memset(subtests, 0, sizeof(subtests));
	settings = (struct settings){0};
	unit = (struct unit){.file = &file, .n = 1};
	file.isolation = unit.isolation = ISOLATION_SHARED;
	return 0;
}

static void cloned(void)
{
	file.isolation = unit.isolation = ISOLATION_CLONE;
}

/* What is pending gets v, as if it had run. */
static void ends(enum verdict v)
{
	for (size_t i = 0; i < unit_count(&unit); i++) {
		struct subtest *s = unit_subtest(&unit, i);

		if (s->done)
			continue;
		s->done = s->ran = true;
		s->verdict = v;
	}
}

static bool next(void)
{
	return again_next(&settings, &unit);
}

static void attempt_is(int i, int round, int retries, bool confirming)
{
	assert_false(subtests[i].done);
	assert_int_equal(subtests[i].round, round);
	assert_int_equal(subtests[i].retries, retries);
	assert_int_equal(subtests[i].confirming, confirming);
	assert_int_equal(unit.round, round);
}

static void test_once(void **state)
{
	(void)state;
	ends(VERDICT_FAIL);
	assert_false(next());
	assert_int_equal(again_verdict(&subtests[0]), VERDICT_FAIL);
}

static void test_repeat(void **state)
{
	(void)state;
	settings.repeat = 3;
	ends(VERDICT_PASS);
	assert_true(next());
	attempt_is(0, 1, 0, false);
	ends(VERDICT_FAIL);
	assert_true(next());
	attempt_is(0, 2, 0, false);
	assert_int_equal(again_verdict(&subtests[0]), VERDICT_FAIL);
	ends(VERDICT_PASS);
	assert_false(next());
	/* One that failed stays failed. */
	assert_int_equal(again_verdict(&subtests[0]), VERDICT_FAIL);
}

static void test_cut_off(void **state)
{
	(void)state;
	settings.repeat = 2;
	ends(VERDICT_PASS);
	assert_true(next());
	assert_int_equal(again_verdict(&subtests[0]), VERDICT_NONE);
}

static void test_for_ever(void **state)
{
	(void)state;
	settings.until_fail = true;
	for (int i = 0; i < 1000; i++) {
		ends(VERDICT_PASS);
		assert_true(next());
	}
	attempt_is(0, 1000, 0, false);
	assert_false(again_failed(&settings, &subtests[0], VERDICT_PASS));
	assert_false(again_failed(&settings, &subtests[0], VERDICT_SKIP));
	assert_true(again_failed(&settings, &subtests[0], VERDICT_FAIL));
	assert_true(again_failed(&settings, &subtests[0], VERDICT_MISS));
}

/* What would be skipped or fail to start each time does so once. */
static void test_no_use(void **state)
{
	(void)state;
	settings.until_fail = true;
	ends(VERDICT_SKIP);
	assert_false(next());
	subtests[0] = (struct subtest){.done = true, .verdict = VERDICT_MISS};
	assert_false(next());
}

static void test_retry(void **state)
{
	(void)state;
	settings.retry = 2;
	settings.repeat = 2;
	ends(VERDICT_FAIL);
	assert_false(again_failed(&settings, &subtests[0], VERDICT_FAIL));
	assert_true(next());
	attempt_is(0, 0, 1, false);
	ends(VERDICT_ERROR);
	assert_true(next());
	attempt_is(0, 0, 2, false);
	assert_true(again_failed(&settings, &subtests[0], VERDICT_FAIL));
	ends(VERDICT_PASS);
	/* Of a round the last one counts. */
	assert_int_equal(again_verdict(&subtests[0]), VERDICT_PASS);
	assert_true(next());
	attempt_is(0, 1, 0, false);
	ends(VERDICT_FAIL);
	assert_true(next());
	ends(VERDICT_FAIL);
	assert_true(next());
	ends(VERDICT_FAIL);
	assert_false(next());
	assert_int_equal(again_verdict(&subtests[0]), VERDICT_FAIL);
}

/* Who shares a guest: those that failed alone are tried again, then all have the next round. */
static void test_shared(void **state)
{
	(void)state;
	unit.n = UNIT_WHOLE;
	settings.retry = 1;
	settings.repeat = 2;
	ends(VERDICT_PASS);
	subtests[1].verdict = VERDICT_FAIL;
	assert_true(next());
	assert_true(subtests[0].done);
	attempt_is(1, 0, 1, false);
	ends(VERDICT_PASS);
	assert_true(next());
	attempt_is(0, 1, 0, false);
	attempt_is(1, 1, 0, false);
	ends(VERDICT_PASS);
	assert_false(next());
}

/* A run that goes on, cut off in the second of three rounds. */
static void test_resumed(void **state)
{
	(void)state;
	unit.n = UNIT_WHOLE;
	settings.repeat = 3;
	ends(VERDICT_PASS);
	subtests[0].round = 1;
	assert_true(next());
	assert_true(subtests[0].done);
	attempt_is(1, 1, 0, false);
	ends(VERDICT_PASS);
	assert_true(next());
	attempt_is(0, 2, 0, false);
	attempt_is(1, 2, 0, false);
}

static void test_confirm(void **state)
{
	(void)state;
	cloned();
	settings.confirm = true;
	settings.repeat = 2;
	ends(VERDICT_FAIL);
	assert_true(next());
	attempt_is(0, 0, 0, true);
	assert_int_equal(unit.isolation, ISOLATION_BOOT);
	ends(VERDICT_PASS);
	assert_false(again_failed(&settings, &subtests[0], VERDICT_FAIL));
	/* It stays what it was; the next round is as planned. */
	assert_int_equal(again_verdict(&subtests[0]), VERDICT_FAIL);
	assert_true(next());
	attempt_is(0, 1, 0, false);
	assert_int_equal(unit.isolation, ISOLATION_CLONE);
	ends(VERDICT_PASS);
	assert_false(next());
	assert_int_equal(again_verdict(&subtests[0]), VERDICT_FAIL);
}

static void test_nothing_to_confirm(void **state)
{
	(void)state;
	settings.confirm = true;
	ends(VERDICT_FAIL); /* not in a clone */
	assert_false(next());
	cloned();
	subtests[0].verdict = VERDICT_ERROR;
	assert_false(next());
	subtests[0].verdict = VERDICT_PASS;
	assert_false(next());
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		TEST(test_once),    TEST(test_repeat),
		TEST(test_cut_off), TEST(test_for_ever),
		TEST(test_no_use),  TEST(test_retry),
		TEST(test_shared),  TEST(test_resumed),
		TEST(test_confirm), TEST(test_nothing_to_confirm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
