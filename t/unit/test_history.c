// SPDX-License-Identifier: GPL-2.0-only
/* The index of kept journals; t/cli/82-history.t does the same by the commands. */
#include "t/unit/unit.h"

#include "base/file.h"
#include "base/str.h"
#include "result/history.h"
#include "run/keep.h"

/* $HOME is the test's own directory. */
static int enter(void **state)
{
	int r = unit_enter(state);

	return r || setenv("HOME", unit_dir, 1);
}

static int keep_file(const char *path, const char *id)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return keep_journal(fd, id, NULL);
}

static void keep(const char *id, int64_t t_s, const char *verdict, int64_t ms)
{
	_cleanup_free_ char *text = xasprintf(
		"{\"t_ns\":%lld000000000,\"ev\":\"run\",\"version\":1,\"id\":\"%s\","
		"\"host\":{\"name\":\"box\",\"accel\":\"tcg\"}}\n"
		"{\"ev\":\"kernel\",\"id\":\"k1\",\"release\":\"6.1\",\"arch\":\"x86_64\"}\n"
		"{\"ev\":\"start\",\"file\":\"f\",\"subtest\":\"s\",\"kernel\":\"k1\"}\n"
		"{\"ev\":\"start\",\"file\":\"f\",\"subtest\":\"cut off\",\"kernel\":\"k1\"}\n"
		"{\"ev\":\"end\",\"file\":\"f\",\"subtest\":\"s\",\"kernel\":\"k1\",\"verdict\":\"%"
		"s\","
		"\"duration_ms\":%lld,\"mem_mib\":77}\n",
		(long long)t_s, id, verdict, (long long)ms);

	unit_write("journal", text);
	assert_int_equal(keep_file("journal", id), 0);
}

static void add_entry(void *arg, const struct history_entry *e)
{
	strbuf_addf(arg, "%s %s %s %d %s %s;", e->run, e->subtest, verdict_name(e->verdict),
		    (int)e->duration_ms, e->release, e->host);
}

static void knows(struct history *h, const char *want)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	struct err err = {0};

	assert_int_equal(history_tests(h, "f", NULL, 100, add_entry, &b, &err), 0);
	assert_string_equal(b.s ? b.s : "", want);
}

static void test_sync(void **state)
{
	struct history *h = NULL;
	size_t added;

	(void)state;
	keep("a", 100, "PASS", 5);
	assert_int_equal(history_open(&h, true, NULL), 0);
	assert_int_equal(history_sync(h, &added, NULL), 0);
	assert_int_equal(added, 1);
	assert_int_equal(history_sync(h, &added, NULL), 0);
	assert_int_equal(added, 0);
	knows(h, "a s PASS 5 6.1 box;");
	/* The copy of a resumed run takes the place of the first one. */
	keep("a", 100, "FAIL", 6);
	history_note("a");
	knows(h, "a s FAIL 6 6.1 box;");
	keep("b", 50, "PASS", 7);
	history_note("b");
	knows(h, "b s PASS 7 6.1 box;a s FAIL 6 6.1 box;");
	assert_int_equal(history_rebuild(h, &added, NULL), 0);
	assert_int_equal(added, 2);
	knows(h, "b s PASS 7 6.1 box;a s FAIL 6 6.1 box;");
	history_close(h);
}

static void found(struct history *h, const char *name, int code, const char *want)
{
	_cleanup_free_ char *id = NULL;
	struct err err = {0};

	assert_int_equal(history_find_run(h, name, &id, &err), code);
	if (code == 0)
		assert_string_equal(id, want);
	else
		assert_non_null(strstr(err.msg, name));
}

static void test_find(void **state)
{
	struct history *h = NULL;
	size_t added;

	(void)state;
	keep("2026-1", 1, "PASS", 1);
	keep("2026-10", 2, "PASS", 1);
	assert_int_equal(history_open(&h, true, NULL), 0);
	assert_int_equal(history_rebuild(h, &added, NULL), 0);
	found(h, "2026-1", 0, "2026-1"); /* though another begins so */
	found(h, "2026-10", 0, "2026-10");
	found(h, "2026", -EINVAL, NULL);
	found(h, "2027", -ENOENT, NULL);
	found(h, "2026%", -ENOENT, NULL);
	found(h, "last~9", -ENOENT, NULL);
	found(h, "last~x", -ENOENT, NULL);
	history_close(h);
}

static void test_durations(void **state)
{
	struct history *h = NULL;
	int64_t ms[10];
	size_t added;

	(void)state;
	keep("d1", 1001, "PASS", 11);
	keep("d2", 1002, "FAIL", 99);
	keep("d3", 1003, "PASS", 13);
	keep("d4", 1004, "PASS", 14);
	assert_int_equal(history_open(&h, true, NULL), 0);
	assert_int_equal(history_sync(h, &added, NULL), 0);
	assert_true(history_durations(h, "d3", "f", "s", ms, 10) >= 2);
	assert_int_equal(ms[0], 13); /* of passes, the run itself and before it */
	assert_int_equal(ms[1], 11);
	assert_int_equal(history_durations(h, "d4", "f", "s", ms, 1), 1);
	assert_int_equal(ms[0], 14);
	assert_int_equal(history_durations(h, "d4", "f", "nothing", ms, 10), 0);
	assert_int_equal(history_durations(h, "nothing", "f", "s", ms, 10), 0);
	history_close(h);
}

static void add_estimate(void *arg, const struct history_estimate *e)
{
	strbuf_addf(arg, "%s %d %d;", e->subtest, (int)e->duration_ms, (int)e->mem_mib);
}

static void estimates(struct history *h, const struct history_place *where, const char *want)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	assert_int_equal(history_estimates(h, "f", where, 2, add_estimate, &b, NULL), 0);
	assert_string_equal(b.s ? b.s : "", want);
}

static void test_estimates(void **state)
{
	const struct history_place here = {"box", "tcg", "x86_64"}, any_arch = {"box", "tcg", NULL},
				   elsewhere = {"other", "tcg", "x86_64"},
				   faster = {"box", "kvm", "x86_64"}, on_host = {"box", NULL, NULL};
	struct history *h = NULL;
	size_t added;

	(void)state;
	keep("e1", 2001, "PASS", 11);
	keep("e2", 2002, "PASS", 12);
	keep("e3", 2003, "FAIL", 99);
	keep("e4", 2004, "PASS", 14);
	assert_int_equal(history_open(&h, true, NULL), 0);
	assert_int_equal(history_sync(h, &added, NULL), 0);
	estimates(h, &here, "s 14 77;s 12 77;");
	estimates(h, &any_arch, "s 14 77;s 12 77;");
	estimates(h, &elsewhere, "");
	estimates(h, &faster, "");
	estimates(h, &on_host, "");
	history_close(h);
}

static void test_read_run(void **state)
{
	struct err err = {0};
	struct result r;

	(void)state;
	keep("r", 1, "PASS", 5);
	assert_int_equal(history_read_run("r", &r, &err), 0);
	assert_int_equal(r.n, 2);
	result_done(&r);
	unit_write(".local/share/ktest/runs/bad.jsonl.gz", "\x1f\x8b\x08 no gzip stream");
	assert_true(history_read_run("bad", &r, &err) < 0);
	assert_non_null(strstr(err.msg, "bad.jsonl.gz"));
	result_done(&r);
	assert_true(history_read_run("nowhere", &r, &err) < 0);
	result_done(&r);
	unlink(".local/share/ktest/runs/bad.jsonl.gz");
}

/* A directory where the database should be: nothing can be done, and it is said. */
static void test_cannot_open(void **state)
{
	struct history *h = NULL;
	struct err err = {0};

	(void)state;
	unlink(".local/share/ktest/history.db");
	assert_int_equal(mkdir(".local/share/ktest/history.db", 0700), 0);
	assert_true(history_open(&h, true, &err) < 0);
	assert_non_null(strstr(err.msg, "history.db"));
	history_note("r"); /* stops nothing */
	rmdir(".local/share/ktest/history.db");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sync),	  cmocka_unit_test(test_find),
		cmocka_unit_test(test_durations), cmocka_unit_test(test_estimates),
		cmocka_unit_test(test_read_run),  cmocka_unit_test(test_cannot_open),
	};

	return cmocka_run_group_tests(tests, enter, unit_leave);
}
