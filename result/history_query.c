// SPDX-License-Identifier: GPL-2.0-only
/* Questions to the index. */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "result/history_db.h"

static void read_entry(sqlite3_stmt *s, struct history_entry *e)
{
	*e = (struct history_entry){
		.run = db_text(s, 0),
		.file = db_text(s, 1),
		.subtest = db_text(s, 2),
		.started_ns = sqlite3_column_int64(s, 3),
		.verdict = verdict_parse(db_text(s, 4)),
		.duration_ms = sqlite3_column_int64(s, 5),
		.reason = db_text(s, 6),
		.title = db_text(s, 7),
		.release = db_text(s, 8),
		.arch = db_text(s, 9),
		.variant = db_text(s, 10),
		.commit = db_text(s, 11),
		.host = db_text(s, 12),
		.accel = db_text(s, 13),
		.flaky = sqlite3_column_int64(s, 14) != 0,
	};
}

int history_tests(struct history *h, const char *file, const char *subtest, size_t max,
		  history_entry_fn *fn, void *arg, struct err *err)
{
	static const char sql[] =
		"SELECT * FROM (SELECT run, file, subtest, started, verdict, duration_ms, reason,"
		" title, \"release\", arch, variant, \"commit\", host, accel, flaky"
		" FROM tests JOIN runs ON id = run WHERE file = ?1 AND (?2 IS NULL OR subtest = ?2)"
		" ORDER BY started DESC, run DESC LIMIT ?3) ORDER BY started, run";
	_cleanup_stmt_ sqlite3_stmt *s =
		db_prepare(h, err, sql, "ssi", file, subtest, (int64_t)max);
	struct history_entry e;
	int r = s ? 1 : err->code;

	while (r > 0 && (r = db_step(h, s, err)) > 0) {
		read_entry(s, &e);
		fn(arg, &e);
	}
	return r;
}

int history_flaky(struct history *h, history_flake_fn *fn, void *arg, struct err *err)
{
	static const char sql[] =
		"SELECT file, subtest, \"release\", \"commit\", arch, count(*),"
		" sum(verdict = 'FAIL') AS failed, sum(flaky) AS flakes, max(started)"
		" FROM tests JOIN runs ON id = run WHERE verdict IN ('PASS', 'FAIL')"
		" GROUP BY file, subtest, \"release\", \"commit\", arch, variant, accel"
		" HAVING flakes > 0 OR (failed > 0 AND failed < count(*))"
		" ORDER BY (failed + flakes) * 1.0 / count(*) DESC, file, subtest";
	_cleanup_stmt_ sqlite3_stmt *s = db_prepare(h, err, sql, "");
	int r = s ? 1 : err->code;

	while (r > 0 && (r = db_step(h, s, err)) > 0) {
		struct history_flake f = {
			.file = db_text(s, 0),
			.subtest = db_text(s, 1),
			.release = db_text(s, 2),
			.commit = db_text(s, 3),
			.arch = db_text(s, 4),
			.runs = sqlite3_column_int64(s, 5),
			.failed = sqlite3_column_int64(s, 6),
			.flaky = sqlite3_column_int64(s, 7),
			.last_ns = sqlite3_column_int64(s, 8),
		};

		fn(arg, &f);
	}
	return r;
}

int history_estimates(struct history *h, const char *file, const struct history_place *where,
		      size_t max, history_estimate_fn *fn, void *arg, struct err *err)
{
	static const char sql[] =
		"SELECT subtest, duration_ms, mem_mib FROM tests JOIN runs ON id = run"
		" WHERE file = ? AND verdict = 'PASS' AND host IS ? AND accel IS ?"
		" AND (?4 IS NULL OR arch IS ?4) ORDER BY started DESC LIMIT ?";
	_cleanup_stmt_ sqlite3_stmt *s = db_prepare(h, err, sql, "ssssi", file, where->host,
						    where->accel, where->arch, (int64_t)max);
	int r = s ? 1 : err->code;

	while (r > 0 && (r = db_step(h, s, err)) > 0) {
		const struct history_estimate e = {
			.subtest = db_text(s, 0),
			.duration_ms = sqlite3_column_int64(s, 1),
			.mem_mib = sqlite3_column_int64(s, 2),
		};

		fn(arg, &e);
	}
	return r;
}

size_t history_durations(struct history *h, const char *run, const char *file, const char *subtest,
			 int64_t *ms, size_t max)
{
	static const char sql[] =
		"SELECT t.duration_ms FROM tests t JOIN runs r ON r.id = t.run, runs base"
		" WHERE base.id = ?1 AND t.file = ?2 AND t.subtest = ?3 AND t.verdict = 'PASS'"
		" AND r.started <= base.started AND r.host IS base.host AND r.accel IS base.accel"
		" AND (t.arch IS (SELECT arch FROM tests WHERE run = ?1 AND file = ?2"
		" AND subtest = ?3 LIMIT 1)) ORDER BY r.started DESC LIMIT ?4";
	struct err err = {0};
	_cleanup_stmt_ sqlite3_stmt *s =
		db_prepare(h, &err, sql, "sssi", run, file, subtest, (int64_t)max);
	size_t n = 0;

	while (s && n < max && db_step(h, s, &err) > 0)
		ms[n++] = sqlite3_column_int64(s, 0);
	return n;
}

static int find_last(struct history *h, int64_t back, char **id, struct err *err)
{
	_cleanup_stmt_ sqlite3_stmt *s = db_prepare(
		h, err, "SELECT id FROM runs ORDER BY started DESC, id DESC LIMIT 1 OFFSET ?", "i",
		back);
	int r = s ? db_step(h, s, err) : err->code;

	if (r > 0)
		*id = xstrdup(db_text(s, 0));
	return r;
}

static int find_prefix(struct history *h, const char *name, char **id, struct err *err)
{
	_cleanup_stmt_ sqlite3_stmt *s =
		db_prepare(h, err,
			   "SELECT id FROM runs WHERE substr(id, 1, length(?1)) = ?1"
			   " ORDER BY id = ?1 DESC, id LIMIT 2",
			   "s", name);
	int r = s ? db_step(h, s, err) : err->code;

	if (r <= 0)
		return r;
	*id = xstrdup(db_text(s, 0));
	if (str_eq(*id, name) || db_step(h, s, err) <= 0)
		return 1;
	return err_set(err, EINVAL, "'%s' is the beginning of several runs' ids: %s, %s", name, *id,
		       db_text(s, 0));
}

int history_find_run(struct history *h, const char *name, char **id, struct err *err)
{
	int64_t back = 0;
	int r;

	*id = NULL;
	if (!strcmp(name, "last") ||
	    (str_starts(name, "last~") && str_int(name + 5, 0, 1000000, &back) == 0))
		r = find_last(h, back, id, err);
	else
		r = find_prefix(h, name, id, err);
	if (r == 0)
		return err_set(err, ENOENT, "no run '%s' in the history", name);
	return r < 0 ? r : 0;
}
