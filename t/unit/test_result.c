// SPDX-License-Identifier: GPL-2.0-only
/* What is derived from a journal. */
#include "t/unit/unit.h"

#include <sys/mman.h>

#include "base/file.h"
#include "base/json.h"
#include "report/table.h"
#include "result/journal.h"
#include "result/result.h"
#include "t/unit/golden.h"
#include "t/unit/schema.h"

#define TABLE_WIDTH 100

static json_t *journal_schema, *results_schema;

static int group_setup(void **state)
{
	const char *src = getenv("KTEST_SRC");
	_cleanup_free_ char *journal = xasprintf("%s/doc/journal.schema.json", src ? src : ".");
	_cleanup_free_ char *results = xasprintf("%s/doc/results.schema.json", src ? src : ".");

	(void)state;
	journal_schema = json_load_file(journal, JSON_REJECT_DUPLICATES, NULL);
	results_schema = json_load_file(results, JSON_REJECT_DUPLICATES, NULL);
	return !journal_schema || !results_schema;
}

static int group_teardown(void **state)
{
	(void)state;
	json_decref(journal_schema);
	json_decref(results_schema);
	return 0;
}

/* ---- golden runs */

static int check_event(void *arg, const json_t *event)
{
	struct schema s = {.root = journal_schema};

	if (!schema_check(&s, journal_schema, event, ""))
		fail_msg("%s: %s: %s", (const char *)arg, json_get_str(event, "ev"), s.why);
	return 0;
}

static void check_run(const char *dir)
{
	_cleanup_free_ char *path = golden_path(dir, "journal.jsonl");
	_cleanup_free_ char *readme = golden_path(dir, "README");
	_cleanup_strbuf_ struct strbuf table = {0}, text = {0};
	struct schema s = {.root = results_schema};
	struct result r;
	struct err err = {0};
	json_t *json;
	char *dump;

	assert_true(path_exists(readme));
	if (journal_read(path, check_event, (void *)(uintptr_t)dir, &err) < 0 ||
	    result_read(path, &r, &err) < 0)
		fail_msg("%s", err.msg);
	json = result_json(&r);
	if (!schema_check(&s, results_schema, json, ""))
		fail_msg("%s: results.json: %s", dir, s.why);
	dump = json_dumps(json, JSON_INDENT(1));
	strbuf_addf(&text, "%s\n", dump);
	golden_compare(dir, "results.json", text.s);
	table_format(&r, TABLE_WIDTH, false, &table);
	golden_compare(dir, "table.txt", table.s);
	free(dump);
	json_decref(json);
	result_done(&r);
}

static void test_golden(void **state)
{
	(void)state;
	golden_each(check_run);
}

/* ---- the schemas see what is wrong */

static void test_schema_of_events(void **state)
{
	static const char *const bad[] = {
		"{\"t_ns\":1,\"seq\":0}",
		"{\"t_ns\":-1,\"seq\":0,\"ev\":\"x\"}",
		"{\"t_ns\":1,\"seq\":0.5,\"ev\":\"x\"}",
		"{\"t_ns\":1,\"seq\":0,\"ev\":\"\"}",
		"{\"t_ns\":1,\"seq\":0,\"ev\":\"run\",\"version\":1}",
		"{\"t_ns\":1,\"seq\":0,\"ev\":\"note\",\"text\":null}",
		"{\"t_ns\":1,\"seq\":0,\"ev\":\"resume\",\"id\":\"x\",\"argv\":[1]}",
		"{\"t_ns\":1,\"seq\":0,\"ev\":\"finish\"}",
		"{\"t_ns\":1,\"seq\":0,\"ev\":\"guest\",\"guest\":\"vm1\",\"group\":\"vm1\","
		"\"kernel\":\"k1\",\"file\":\"f\",\"state\":\"dead\"}",
		"{\"t_ns\":1,\"seq\":0,\"ev\":\"start\",\"file\":\"f\",\"subtest\":\"s\","
		"\"attempt\":0,\"guest\":\"vm1\",\"group\":\"vm1\"}",
		"{\"t_ns\":1,\"seq\":0,\"ev\":\"end\",\"file\":\"f\",\"subtest\":\"s\","
		"\"attempt\":1,\"verdict\":\"MAYBE\",\"reason\":null,\"title\":null,"
		"\"duration_ms\":1}",
	};
	static const char *const good[] = {
		"{\"t_ns\":1,\"seq\":0,\"ev\":\"something new\",\"text\":3}",
		"{\"t_ns\":1,\"seq\":0,\"ev\":\"note\",\"text\":\"x\",\"more\":[]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad) + ARRAY_SIZE(good); i++) {
		bool is_bad = i < ARRAY_SIZE(bad);
		struct schema s = {.root = journal_schema};
		_cleanup_json_ json_t *j =
			json_loads(is_bad ? bad[i] : good[i - ARRAY_SIZE(bad)], 0, NULL);

		assert_non_null(j);
		assert_int_equal(schema_check(&s, journal_schema, j, ""), !is_bad);
	}
}

static void test_schema_of_results(void **state)
{
	_cleanup_free_ char *path = golden_path("failures", "results.json");
	static const char *const keys[] = {"verdict", "findings", "log", "attempt", "flaky"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		_cleanup_json_ json_t *j = json_load_file(path, 0, NULL);
		struct schema s = {.root = results_schema};
		json_t *test = json_array_get(json_object_get(j, "tests"), 3);

		assert_true(schema_check(&s, results_schema, j, ""));
		json_object_set_new(test, keys[i], json_real(1.5));
		assert_false(schema_check(&s, results_schema, j, ""));
		json_object_del(test, keys[i]);
		assert_false(schema_check(&s, results_schema, j, ""));
	}
}

/* ---- what no run of ours writes, but a reader may meet */

static void derive(const char *events, struct result *r)
{
	_cleanup_free_ char *text = xasprintf("{\"ev\":\"run\",\"version\":1}\n%s", events);
	int fd = memfd_create("journal", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(result_read_fd(fd, "memory", r, NULL), 0);
	close(fd);
}

#define EV(kind, rest) "{\"ev\":\"" kind "\"," rest "}\n"
#define FS	       "\"file\":\"f\",\"subtest\":\"s\""

static void test_malformed_events(void **state)
{
	struct result r;
	json_t *j;

	(void)state;
	derive(EV("start", "\"file\":3,\"subtest\":[]") EV("end", "\"verdict\":\"FAIL\"")
		       EV("finding", "\"file\":\"f\"") EV("guest", "\"kernel\":{}") EV(
			       "kernel", "\"id\":null") EV("file", "\"file\":\"f\",\"subtests\":{}")
			       EV("file", "\"file\":\"f\",\"subtests\":[1,null,\"s\"]")
				       EV("end", FS ",\"verdict\":7,\"attempt\":-4")
					       EV("finish", "\"exit\":\"ok\""),
	       &r);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.tests[0].verdict, VERDICT_NONE);
	assert_int_equal(r.tests[0].attempt, 0);
	assert_int_equal(r.exit_status, -1);
	j = result_json(&r);
	assert_true(json_is_null(json_object_get(json_object_get(j, "run"), "exit")));
	assert_true(json_is_null(json_object_get(json_object_get(j, "host"), "accel")));
	json_decref(j);
	result_done(&r);
}

static void test_unknown_verdict(void **state)
{
	struct result r;

	(void)state;
	derive(EV("start", FS) EV("end", FS ",\"verdict\":\"MAYBE\""), &r);
	assert_int_equal(r.tests[0].verdict, VERDICT_NONE);
	assert_int_equal(r.exit_status, 125);
	result_done(&r);
}

static void test_no_subtests(void **state)
{
	struct result r;

	(void)state;
	derive("", &r);
	assert_int_equal(r.n, 0);
	assert_false(r.finished);
	assert_int_equal(r.exit_status, -1);
	result_done(&r);
}

/* Attempts count on where the journal does not number them. */
static void test_attempts(void **state)
{
	struct result r;

	(void)state;
	derive(EV("start", FS) EV("end", FS ",\"verdict\":\"FAIL\"") EV("start", FS), &r);
	assert_int_equal(r.tests[0].attempt, 2);
	assert_true(r.tests[0].cut_off);
	assert_int_equal(r.tests[0].verdict, VERDICT_NONE);
	assert_true(r.tests[0].failed_before);
	result_done(&r);
}

static void test_title_of_first_finding(void **state)
{
	struct result r;

	(void)state;
	derive(EV("start", FS) EV("finding", FS ",\"kind\":\"oops\",\"title\":\"first\"")
		       EV("finding", FS ",\"kind\":\"oops\",\"title\":\"second\"")
			       EV("end", FS ",\"verdict\":\"FAIL\",\"title\":null"),
	       &r);
	assert_string_equal(r.tests[0].title, "first");
	assert_int_equal(json_array_size(r.tests[0].findings), 2);
	result_done(&r);
}

/* Thousands of subtests take no time to speak of. */
static void test_many(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	struct result r;

	(void)state;
	strbuf_puts(&b, "{\"ev\":\"file\",\"file\":\"f\",\"subtests\":[\"s0\"");
	for (int i = 1; i < 50000; i++)
		strbuf_addf(&b, ",\"s%d\"", i);
	strbuf_puts(&b, "]}\n");
	for (int i = 49999; i >= 0; i--)
		strbuf_addf(&b,
			    EV("end", "\"file\":\"f\",\"subtest\":\"s%d\",\"verdict\":\"PASS\""),
			    i);
	derive(b.s, &r);
	assert_int_equal(r.n, 50000);
	assert_int_equal(r.counts.n[VERDICT_PASS], 50000);
	assert_string_equal(r.tests[49999].subtest, "s49999");
	result_done(&r);
}

static void test_no_journal(void **state)
{
	struct result r;
	struct err err = {0};

	(void)state;
	assert_int_equal(result_read("/nowhere/journal.jsonl", &r, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "/nowhere/journal.jsonl"));
	result_done(&r);
}

static void test_text(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct result r;
	json_t *a, *b;

	(void)state;
	derive(EV("start", FS) EV("end", FS ",\"verdict\":\"PASS\""), &r);
	text = result_text(&r);
	a = result_json(&r);
	b = json_loads(text, 0, NULL);
	assert_true(json_equal(a, b));
	json_decref(a);
	json_decref(b);
	result_done(&r);
}

static int print_event(void *arg, const json_t *event)
{
	struct schema s = {.root = journal_schema};

	if (schema_check(&s, journal_schema, event, ""))
		return 0;
	printf("%s: %s %d: %s\n", (const char *)arg, json_get_str(event, "ev"),
	       (int)json_get_int(event, "seq", -1), s.why);
	return 1;
}

static int check_journals(char **paths)
{
	int bad = group_setup(NULL);
	struct err err;

	for (; *paths && !bad; paths++) {
		err = (struct err){0};
		bad = journal_read(*paths, print_event, *paths, &err);
		if (bad < 0)
			printf("%s\n", err.msg);
	}
	group_teardown(NULL);
	return bad != 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_schema_of_events),
		cmocka_unit_test(test_schema_of_results),
		cmocka_unit_test(test_malformed_events),
		cmocka_unit_test(test_unknown_verdict),
		cmocka_unit_test(test_no_subtests),
		cmocka_unit_test(test_attempts),
		cmocka_unit_test(test_title_of_first_finding),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_no_journal),
		cmocka_unit_test(test_text),
	};

	if (argc > 1)
		return check_journals(argv + 1);
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
