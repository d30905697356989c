// SPDX-License-Identifier: GPL-2.0-only
/* KTAP that tests print: what is read of it, as "name=VERDICT[children]". */
#include "t/unit/unit.h"

#include "base/json.h"
#include "base/str.h"
#include "diag/ktap.h"

static void feed(struct ktap *k, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		ktap_line(k, text, n);
		text += n + (text[n] == '\n');
	}
}

static void show(const json_t *results, struct strbuf *b)
{
	json_t *r;
	size_t i;

	json_array_foreach (results, i, r) {
		const char *d = json_get_str(r, "directive"), *t = json_get_str(r, "text");

		strbuf_addf(b, "%s%s=%s", i ? " " : "", json_get_str(r, "name"),
			    json_get_str(r, "verdict"));
		if (d || t)
			strbuf_addf(b, "(%s:%s)", d ? d : "", t ? t : "");
		if (!json_object_get(r, "nested"))
			continue;
		strbuf_puts(b, "[");
		show(json_object_get(r, "nested"), b);
		strbuf_puts(b, "]");
	}
}

static void gives(const char *text, const char *want)
{
	struct ktap *k = ktap_new();
	_cleanup_strbuf_ struct strbuf b = {0};
	int64_t dropped;
	json_t *r;

	feed(k, text);
	r = ktap_take(k, &dropped);
	show(r, &b);
	assert_string_equal(b.s ? b.s : "", want);
	assert_int_equal(dropped, 0);
	json_decref(r);
	ktap_free(k);
}

static void test_flat(void **state)
{
	(void)state;
	gives("TAP version 13\n1..3\nok 1 first\nnot ok 2 - second\nok 3 third # SKIP no device\n",
	      "first=PASS second=FAIL third=SKIP(SKIP:no device)");
	gives("KTAP version 1\r\n1..1\r\nok 1\r\n", "(unnamed)=PASS");
}

static void test_nothing_counts_before_a_version(void **state)
{
	(void)state;
	gives("1..2\nok 1 a\nnot ok 2 b\n", "");
	gives("KTAP version one\nok 1 a\n", "");
	gives("KTAP version 1 or so\nok 1 a\n", "");
	gives("echo KTAP version 1\nok 1 a\n", "");
	gives("KTAP version 1\n", "");
}

static void test_noise_between(void **state)
{
	(void)state;
	gives("KTAP version 1\n1..2\n[    1.5] random: crng init done\nok, that works\nok 1 a\n"
	      "not okay\n# a diagnostic\n  ok 7 indented without a level\nok 2x\nok 2 b\n",
	      "a=PASS b=PASS");
}

static void test_directives(void **state)
{
	(void)state;
	gives("KTAP version 1\nnot ok 1 a # TODO later\nnot ok 2 b # xfail\nok 3 c # skipped: why\n"
	      "not ok 4 d # SKIP\nnot ok 5 e # TIMEOUT 45 s\nnot ok 6 f # ERROR broke\n"
	      "not ok 7 g # SKIPPER\nok 8 issue #3 # of many\nok 9 # SKIP\n",
	      "a=PASS(TODO:later) b=PASS(XFAIL:) c=SKIP(SKIP:why) d=SKIP(SKIP:) "
	      "e=FAIL(TIMEOUT:45 s) f=ERROR(ERROR:broke) g # SKIPPER=FAIL issue #3 # of many=PASS "
	      "(unnamed)=SKIP(SKIP:)");
}

static void test_plans(void **state)
{
	(void)state;
	gives("KTAP version 1\n1..5\nok 1 a\nok 2 b\n",
	      "a=PASS b=PASS (missing)=MISS(:3 of 5 results are missing)");
	gives("TAP version 13\n1..0 # SKIP not root\n", "(all)=SKIP(:not root)");
	gives("TAP version 13\n1..2\nok 1 a\nBail out! no memory\n",
	      "a=PASS (missing)=MISS(:1 of 2 results are missing: no memory)");
	gives("TAP version 13\nok 1 a\nBail out! no memory\nok 2 b\n",
	      "a=PASS Bail out!=MISS(:no memory)");
}

/* As a kernel of 2024 prints it, through printk. */
static void test_kunit(void **state)
{
	(void)state;
	gives("[    1.100000] KTAP version 1\n[    1.100001] 1..2\n"
	      "[    1.100002]     KTAP version 1\n[    1.100003]     # Subtest: example\n"
	      "[    1.100004]     1..2\n[    1.100005]     ok 1 simple\n"
	      "[    1.100006]         KTAP version 1\n[    1.100007]         # Subtest: params\n"
	      "[    1.100008]         ok 1 one\n[    1.100009]         not ok 2 two\n"
	      "[    1.100010]     not ok 2 params\n[    1.100011] # example: pass:1 fail:1\n"
	      "[    1.100012] not ok 1 example\n[    1.100013] ok 2 last\n",
	      "example=FAIL[simple=PASS params=FAIL[one=PASS two=FAIL]] last=PASS");
}

static void test_subtests_without_a_version(void **state)
{
	(void)state;
	/* KUnit before 6.1, and TAP 14 */
	gives("TAP version 14\n1..2\n    # Subtest: a\n    1..1\n    ok 1 - x\nok 1 - a\n"
	      "    # Subtest: b\n    1..1\n    not ok 1 - y\nnot ok 2 - b\n",
	      "a=PASS[x=PASS] b=FAIL[y=FAIL]");
	gives("TAP version 14\n1..1\n# Subtest: a\n    1..1\n    ok 1 - x\nok 1 - a\n",
	      "a=PASS[x=PASS]");
}

static void test_kselftest(void **state)
{
	(void)state;
	gives("TAP version 13\n1..2\n# timeout set to 45\n# selftests: timers: posix_timers\n"
	      "# TAP version 13\n# 1..2\n# ok 1 a\n# ok 2 b # SKIP x\nok 1 selftests: timers: "
	      "posix_timers\n"
	      "# selftests: timers: nanosleep\n# # TAP version 13\n# # ok 1 deep\n# ok 9 no level\n"
	      "ok 2 selftests: timers: nanosleep # SKIP\n",
	      "selftests: timers: posix_timers=PASS[a=PASS b=SKIP(SKIP:x)] "
	      "selftests: timers: nanosleep=SKIP(SKIP:)[deep=PASS]");
}

static void test_parents(void **state)
{
	(void)state;
	gives("KTAP version 1\n1..3\n  KTAP version 1\n  not ok 1 x\nok 1 a\n"
	      "  KTAP version 1\n  ok 1 x # SKIP\nok 2 b\n"
	      "  KTAP version 1\n  not ok 1 x\nnot ok 3 c # XFAIL known\n",
	      "a=FAIL[x=FAIL] b=SKIP[x=SKIP(SKIP:)] c=PASS(XFAIL:known)[x=FAIL]");
}

static void test_crashed_parents(void **state)
{
	(void)state;
	gives("KTAP version 1\n1..1\n  KTAP version 1\n  # Subtest: s\n  1..2\n  ok 1 x\n",
	      "s=MISS(:its own result is missing)[x=PASS (missing)=MISS(:1 of 2 results are "
	      "missing)]");
	gives("KTAP version 1\n1..1\n  KTAP version 1\n    KTAP version 1\n    ok 1 x\nok 1 a\n",
	      "a=FAIL[(unnamed)=MISS(:its own result is missing)[x=PASS]]");
}

static void test_several_documents(void **state)
{
	(void)state;
	gives("TAP version 13\n1..1\nok 1 a\nother text\nTAP version 13\n1..1\nnot ok 1 b\n",
	      "a=PASS b=FAIL");
}

static void test_reader_is_as_new(void **state)
{
	struct ktap *k = ktap_new();
	int64_t dropped;
	json_t *r;

	(void)state;
	feed(k, "KTAP version 1\nok 1 a\n");
	json_decref(ktap_take(k, &dropped));
	feed(k, "ok 2 b\n");
	r = ktap_take(k, &dropped);
	assert_null(r);
	ktap_free(k);
}

static void test_limits(void **state)
{
	struct ktap *k = ktap_new();
	char line[2000];
	int64_t dropped;
	json_t *r;

	(void)state;
	feed(k, "KTAP version 1\n");
	for (int i = 0; i < KTAP_RESULTS_MAX + 10; i++) {
		snprintf(line, sizeof(line), "ok %d r%d", i % 1000, i);
		ktap_line(k, line, strlen(line));
	}
	r = ktap_take(k, &dropped);
	assert_int_equal(json_array_size(r), KTAP_RESULTS_MAX);
	assert_int_equal(dropped, 10);
	json_decref(r);

	feed(k, "KTAP version 1\n");
	memset(line, 'x', sizeof(line));
	memcpy(line, "ok 1 ", 5);
	for (int i = 0; i < 4000; i++)
		ktap_line(k, line, sizeof(line));
	r = ktap_take(k, &dropped);
	assert_int_equal(json_array_size(r), KTAP_ALL_TEXT_MAX / KTAP_NAME_MAX);
	assert_int_equal(strlen(json_get_str(json_array_get(r, 0), "name")), KTAP_NAME_MAX);
	assert_int_equal(json_array_size(r) + (size_t)dropped, 4000);
	json_decref(r);
	ktap_free(k);
}

static void test_depth(void **state)
{
	struct ktap *k = ktap_new();
	char line[200];
	int64_t dropped;
	int depth = 0;
	json_t *r, *at;

	(void)state;
	for (int i = 0; i < 30; i++) {
		snprintf(line, sizeof(line), "%*sKTAP version 1", i, "");
		ktap_line(k, line, strlen(line));
		snprintf(line, sizeof(line), "%*sok 1 x", i, "");
		ktap_line(k, line, strlen(line));
	}
	r = at = ktap_take(k, &dropped);
	while (at) {
		depth++;
		at = json_object_get(json_array_get(at, json_array_size(at) - 1), "nested");
	}
	assert_int_equal(depth, KTAP_DEPTH_MAX);
	json_decref(r);
	ktap_free(k);
}

/* Bytes that are no UTF-8 become U+FFFD, so that the journal can hold them. */
static void test_any_bytes(void **state)
{
	(void)state;
	gives("KTAP version 1\nok 1 a\xff\x80z\n", "a\xef\xbf\xbd\xef\xbf\xbdz=PASS");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flat),
		cmocka_unit_test(test_nothing_counts_before_a_version),
		cmocka_unit_test(test_noise_between),
		cmocka_unit_test(test_directives),
		cmocka_unit_test(test_plans),
		cmocka_unit_test(test_kunit),
		cmocka_unit_test(test_subtests_without_a_version),
		cmocka_unit_test(test_kselftest),
		cmocka_unit_test(test_parents),
		cmocka_unit_test(test_crashed_parents),
		cmocka_unit_test(test_several_documents),
		cmocka_unit_test(test_reader_is_as_new),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
