// SPDX-License-Identifier: GPL-2.0-only
/* What changed from one run to another. */
#include "t/unit/unit.h"

#include "report/compare.h"

#define S(text) ((char *)(uintptr_t)(text))

static size_t past_of(void *arg, const char *file, const char *subtest, int64_t *ms, size_t max)
{
	const size_t *n = arg;

	(void)file;
	(void)subtest;
	assert_true(*n <= max);
	for (size_t i = 0; i < *n; i++)
		ms[i] = 1000 + (int64_t)(i % 5) * 4;
	return *n;
}

static void gives(const struct result *old, const struct result *now, size_t past, const char *want)
{
	struct compare c = {old, now, past ? past_of : NULL, &past};
	_cleanup_strbuf_ struct strbuf b = {0};
	struct compare_counts counts;

	compare_format(&c, &b, &counts);
	assert_string_equal(b.s, want);
}

static struct result_test make(const char *subtest, enum verdict v, int64_t ms)
{
	return (struct result_test){.file = S("f"),
				    .subtest = S(subtest),
				    .verdict = v,
				    .duration_ms = ms,
				    .title = v == VERDICT_FAIL ? S("why") : NULL,
				    .attempt = v != VERDICT_NONE};
}

static void test_verdicts(void **state)
{
	struct result_test a[] = {
		make("new", VERDICT_PASS, 1),	make("fixed", VERDICT_FAIL, 1),
		make("still", VERDICT_FAIL, 1), make("lost", VERDICT_PASS, 1),
		make("gone", VERDICT_PASS, 1),	make("never", VERDICT_NONE, 0),
		make("skip", VERDICT_PASS, 1),
	};
	struct result_test b[] = {
		make("new", VERDICT_FAIL, 1),	make("fixed", VERDICT_PASS, 1),
		make("still", VERDICT_FAIL, 1), make("lost", VERDICT_NONE, 0),
		make("added", VERDICT_FAIL, 1), make("skip", VERDICT_SKIP, 1),
	};
	struct result old = {.tests = a, .n = ARRAY_SIZE(a)},
		      now = {.tests = b, .n = ARRAY_SIZE(b)};

	(void)state;
	gives(&old, &now, 0,
	      "failed   f new: why\n"
	      "fixed    f fixed: why\n"
	      "lost     f lost: not run\n"
	      "failed   f added: why\n"
	      "gone     f gone\n"
	      "2 failed that did not before, 1 fixed, 1 failed in both, "
	      "1 without a verdict that had one, 1 not in the second run\n");
}

static void test_durations(void **state)
{
	struct result_test a = make("s", VERDICT_PASS, 1000), b = make("s", VERDICT_PASS, 1500);
	struct result old = {.tests = &a, .n = 1}, now = {.tests = &b, .n = 1};

	(void)state;
	gives(&old, &now, 0, "1 with too few earlier runs to judge their times by\n");
	gives(&old, &now, 7, "1 with too few earlier runs to judge their times by\n");
	gives(&old, &now, 20,
	      "slower   f s: 1.00s to 1.50s, +49 % over the median of 20 runs\n1 slower\n");
	b.duration_ms = 500;
	gives(&old, &now, 20,
	      "faster   f s: 1.00s to 0.50s, -50 % over the median of 20 runs\n1 faster\n");
	b.duration_ms = 1020;
	gives(&old, &now, 20, "1 as fast, within noise\n");
}

/* A kernel of another release is the same, one of another variant is not. */
static void test_kernels(void **state)
{
	struct result_test a = make("s", VERDICT_PASS, 1), b = make("s", VERDICT_FAIL, 1);
	struct result old = {.tests = &a, .n = 1}, now = {.tests = &b, .n = 1};

	(void)state;
	a.kernel = b.kernel = S("k1");
	old.kernels =
		json_pack("[{s:s, s:s, s:s}]", "id", "k1", "release", "6.1", "arch", "x86_64");
	now.kernels =
		json_pack("[{s:s, s:s, s:s}]", "id", "k1", "release", "6.2", "arch", "x86_64");
	gives(&old, &now, 0, "failed   f s: why\n1 failed that did not before\n");
	json_object_set_new(json_array_get(now.kernels, 0), "variant", json_string("kasan"));
	gives(&old, &now, 0,
	      "failed   f s: why\ngone     f s\n"
	      "1 failed that did not before, 1 not in the second run\n");
	json_decref(old.kernels);
	json_decref(now.kernels);
}

static void test_nothing(void **state)
{
	struct result r = {0};

	(void)state;
	gives(&r, &r, 0, "nothing to compare\n");
}

static void test_hostile_names(void **state)
{
	struct result_test b = make("\x1b[2J\n", VERDICT_FAIL, 1);
	struct result old = {0}, now = {.tests = &b, .n = 1};

	(void)state;
	gives(&old, &now, 0, "failed   f \\x1b[2J\\n: why\n1 failed that did not before\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),      cmocka_unit_test(test_durations),
		cmocka_unit_test(test_kernels),	      cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_hostile_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
