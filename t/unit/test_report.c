// SPDX-License-Identifier: GPL-2.0-only
/* The formats for other programs, of the runs in t/golden; and of what is hostile. */
#include "t/unit/unit.h"

#include "base/json.h"
#include "base/str.h"
#include "report/events.h"
#include "report/junit.h"
#include "report/kcidb.h"
#include "report/ktap.h"
#include "report/logs.h"
#include "report/xml.h"
#include "t/unit/golden.h"
#include "t/unit/schema.h"

static json_t *kcidb_schema;

static int load_schema(void)
{
	const char *src = getenv("KTEST_SRC");
	_cleanup_free_ char *path =
		xasprintf("%s/t/data/report/kcidb.schema.json", src ? src : ".");

	kcidb_schema = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	return !kcidb_schema;
}

/* ---- golden runs */

static void check_kcidb(const char *dir, const struct result *r)
{
	_cleanup_json_ json_t *o = report_kcidb(r, -1);
	_cleanup_free_ char *dump = json_dumps(o, JSON_INDENT(1));
	_cleanup_free_ char *text = xasprintf("%s\n", dump);
	struct schema s = {.root = kcidb_schema};

	if (!schema_check(&s, kcidb_schema, o, ""))
		fail_msg("%s: kcidb.json: %s", dir, s.why);
	golden_compare(dir, "kcidb.json", text);
}

static void check_run(const char *dir)
{
	_cleanup_free_ char *path = golden_path(dir, "journal.jsonl");
	_cleanup_strbuf_ struct strbuf ktap = {0}, junit = {0}, events = {0};
	struct result r;

	assert_int_equal(result_read(path, &r, NULL), 0);
	report_ktap(&r, &ktap);
	golden_compare(dir, "ktap.txt", ktap.s);
	report_junit(&r, -1, &junit);
	golden_compare(dir, "junit.xml", junit.s);
	check_kcidb(dir, &r);
	assert_int_equal(report_events(path, &events, NULL), 0);
	golden_compare(dir, "events", events.s);
	result_done(&r);
}

static void test_golden(void **state)
{
	(void)state;
	golden_each(check_run);
}

static void test_schema_sees_what_is_wrong(void **state)
{
#define V53  "{\"version\":{\"major\":5,\"minor\":3}"
#define TEST "\"id\":\"k:1\",\"origin\":\"k\",\"build_id\":\"k:1\""
	static const char *const bad[] = {
		"{}",
		"{\"version\":{\"major\":4,\"minor\":3}}",
		V53 ",\"extra\":1}",
		V53 ",\"tests\":[{\"id\":\"k:1\"}]}",
		V53 ",\"tests\":[{\"id\":\"1\",\"origin\":\"k\",\"build_id\":\"k:1\"}]}",
		V53 ",\"tests\":[{" TEST ",\"path\":\"a b\"}]}",
		V53 ",\"tests\":[{" TEST ",\"path\":null}]}",
		V53 ",\"tests\":[{" TEST ",\"status\":\"NONE\"}]}",
		V53 ",\"builds\":[{\"id\":\"k:1\",\"origin\":\"k\"}]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_json_ json_t *o = json_loads(bad[i], 0, NULL);
		struct schema s = {.root = kcidb_schema};

		assert_non_null(o);
		assert_false(schema_check(&s, kcidb_schema, o, ""));
	}
}

/* ---- text */

static void test_xml_text(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0}, a = {0};
	static const char hostile[] =
		"<a href=\"x\">&'\n\t\r\x1b\x7f\xff\xc3\xa9\xe2\x80\xae\xef\xbf\xbf";

	(void)state;
	xml_text(&b, hostile, sizeof(hostile) - 1);
	assert_string_equal(b.s,
			    "&lt;a href=&quot;x&quot;&gt;&amp;&#39;\n\t\xe2\x90\x8d\xe2\x90\x9b"
			    "\xe2\x90\xa1\xef\xbf\xbd\xc3\xa9\\u202e\\uffff");
	xml_attr(&a, "a\nb\t");
	xml_attr(&a, NULL);
	assert_string_equal(a.s, "a&#10;b&#9;");
}

/* ---- logs */

static struct result_test test = {.file = (char *)(uintptr_t) "f",
				  .subtest = (char *)(uintptr_t) "s",
				  .attempt = 1,
				  .verdict = VERDICT_FAIL};

static int make_log(const char *text)
{
	assert_int_equal(mkdir_p("out/f.s", 0755, NULL), 0);
	assert_int_equal(file_write("out/f.s/log", text, strlen(text), 0644, NULL), 0);
	return open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void test_log(void **state)
{
	int fd = make_log("one\ntwo\nthree\nfour\nfive");
	struct log_part p;

	(void)state;
	assert_true(log_read(fd, &test, 100, 100, &p));
	assert_string_equal(p.head.s, "one\ntwo\nthree\nfour\nfive");
	assert_int_equal(p.tail.len, 0);
	assert_int_equal(p.left_out, 0);
	log_part_done(&p);
	/* Cut at the ends of lines. */
	assert_true(log_read(fd, &test, 6, 7, &p));
	assert_string_equal(p.head.s, "one\n");
	assert_string_equal(p.tail.s, "five");
	assert_int_equal(p.left_out, 15);
	log_part_done(&p);
	close(fd);
}

static void test_no_log(void **state)
{
	int fd = make_log("secret");
	struct log_part p;

	(void)state;
	assert_false(log_read(-1, &test, 100, 100, &p));
	log_part_done(&p);
	assert_int_equal(rename("out/f.s/log", "secret"), 0);
	assert_int_equal(symlink("../../secret", "out/f.s/log"), 0);
	assert_false(log_read(fd, &test, 100, 100, &p));
	log_part_done(&p);
	unlink("out/f.s/log");
	assert_int_equal(mkfifo("out/f.s/log", 0600), 0);
	assert_false(log_read(fd, &test, 100, 100, &p));
	log_part_done(&p);
	unlink("out/f.s/log");
	close(fd);
}

static void test_log_in_junit(void **state)
{
	int fd = make_log("00001 <oops>\n00002 ]]>\x1b\n");
	struct result r = {.tests = &test, .n = 1};
	_cleanup_strbuf_ struct strbuf b = {0};

	(void)state;
	report_junit(&r, fd, &b);
	assert_non_null(strstr(b.s, "<system-out>00001 &lt;oops&gt;\n00002 ]]&gt;\xe2\x90\x9b\n"
				    "</system-out>"));
	close(fd);
}

static void test_excerpt_in_kcidb(void **state)
{
	_cleanup_free_ char *big = xmalloc(100001);
	struct result r = {.tests = &test, .n = 1};
	struct schema s = {.root = kcidb_schema};
	_cleanup_json_ json_t *o = NULL;
	const char *excerpt;
	int fd;

	(void)state;
	memset(big, 'x', 100000);
	for (int i = 99; i < 100000; i += 100)
		big[i] = i % 300 == 99 ? '\n' : (char)0xff;
	big[100000] = '\0';
	fd = make_log(big);
	o = report_kcidb(&r, fd);
	if (!schema_check(&s, kcidb_schema, o, ""))
		fail_msg("%s", s.why);
	excerpt = json_get_str(json_array_get(json_object_get(o, "tests"), 0), "log_excerpt");
	assert_non_null(excerpt);
	assert_true(strlen(excerpt) > 15000);
	close(fd);
}

/* A journal is foreign: nested results that are none are passed over. */
static void test_malformed_nested(void **state)
{
	struct result_test t = test;
	struct result r = {.tests = &t, .n = 1};
	_cleanup_strbuf_ struct strbuf ktap = {0}, junit = {0};
	_cleanup_json_ json_t *o = NULL;

	(void)state;
	t.nested = json_loads("[1, {}, {\"name\":\"x\"}, {\"name\":3,\"verdict\":\"PASS\"},"
			      "{\"name\":\"a\",\"verdict\":\"PASS\",\"nested\":[7]},"
			      "{\"name\":\"b\",\"verdict\":\"PASS\",\"nested\":\"c\",\"text\":[]}]",
			      0, NULL);
	assert_non_null(t.nested);
	report_ktap(&r, &ktap);
	assert_non_null(strstr(ktap.s, "    1..2\n    ok 1 a\n    ok 2 b\n"));
	report_junit(&r, -1, &junit);
	assert_non_null(strstr(junit.s, "classname=\"f.s\" name=\"b\""));
	o = report_kcidb(&r, -1);
	assert_int_equal(json_array_size(json_object_get(o, "tests")), 2);
	json_decref(t.nested);
}

int main(void)
{
	/* Files of the tree come first: the logs lie in a directory of the test's own. */
	const struct CMUnitTest all[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_schema_sees_what_is_wrong),
		cmocka_unit_test(test_xml_text),
		cmocka_unit_test(test_malformed_nested),
		cmocka_unit_test_setup(test_log, unit_enter),
		cmocka_unit_test(test_no_log),
		cmocka_unit_test(test_log_in_junit),
		cmocka_unit_test_teardown(test_excerpt_in_kcidb, unit_leave),
	};
	int bad = load_schema();

	bad += cmocka_run_group_tests(all, NULL, NULL);
	json_decref(kcidb_schema);
	return bad;
}
