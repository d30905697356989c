// SPDX-License-Identifier: GPL-2.0-only
#include "report/kcidb.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/loop.h"
#include "base/str.h"
#include "report/logs.h"
#include "report/nested.h"
#include "report/table.h"

#define ORIGIN "ktest"

struct submission {
	const struct result *r;
	const char *run; /* its id */
	int dir_fd;
	json_t *checkouts, *builds, *tests;
};

static void set_text(json_t *o, const char *key, const char *value)
{
	if (value)
		json_object_set_new(o, key, json_string_lossy(value));
}

/* An object of this origin with the id that is built from what tells it apart. */
static json_t *object_new(const char *id)
{
	json_t *o = json_object();
	_cleanup_free_ char *full = xasprintf(ORIGIN ":%s", id);

	set_text(o, "id", full);
	set_text(o, "origin", ORIGIN);
	return o;
}

static void set_time(json_t *o, const char *key, int64_t t_ns)
{
	time_t seconds = (time_t)(t_ns / NSEC_PER_SEC);
	char text[40];
	struct tm tm;

	if (t_ns <= 0 || !gmtime_r(&seconds, &tm))
		return;
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S+00:00", &tm);
	set_text(o, key, text);
}

/* ---- kernels */

static json_t *checkout_json(const struct submission *s, const json_t *k, const char *id)
{
	json_t *o = object_new(id);
	const char *commit = json_get_str(k, "commit");

	/* A full one: the schema knows no shorter. */
	if (commit && strlen(commit) == 40 && strspn(commit, "0123456789abcdef") == 40)
		set_text(o, "git_commit_hash", commit);
	set_text(o, "git_commit_name", json_get_str(k, "release"));
	set_time(o, "start_time", s->r->start_ns);
	return o;
}

static json_t *build_json(const json_t *k, const char *id)
{
	_cleanup_free_ char *checkout = xasprintf(ORIGIN ":%s", id);
	json_t *o = object_new(id), *misc = json_object();

	set_text(o, "checkout_id", checkout);
	set_text(o, "architecture", json_get_str(k, "arch"));
	set_text(o, "config_name", json_get_str(k, "variant"));
	set_text(misc, "release", json_get_str(k, "release"));
	set_text(misc, "name", json_get_str(k, "name"));
	set_text(misc, "build_id", json_get_str(k, "build_id"));
	json_object_set_new(o, "misc", misc);
	return o;
}

static void add_kernel(struct submission *s, const json_t *k, const char *name)
{
	_cleanup_free_ char *id = xasprintf("%s-%s", s->run, name);

	json_array_append_new(s->checkouts, checkout_json(s, k, id));
	json_array_append_new(s->builds, build_json(k, id));
}

static void add_kernels(struct submission *s)
{
	json_t *k;
	size_t i;

	json_array_foreach (s->r->kernels, i, k)
		if (json_get_str(k, "id"))
			add_kernel(s, k, json_get_str(k, "id"));
	if (!json_array_size(s->builds))
		add_kernel(s, NULL, "none");
}

/* The one it ran on; that of the run for what did not come to run. */
static const char *kernel_of(const struct submission *s, const struct result_test *t)
{
	json_t *k;
	size_t i;

	json_array_foreach (s->r->kernels, i, k)
		if (json_get_str(k, "id") &&
		    (!t->kernel || str_eq(json_get_str(k, "id"), t->kernel)))
			return json_get_str(k, "id");
	json_array_foreach (s->r->kernels, i, k)
		if (json_get_str(k, "id"))
			return json_get_str(k, "id");
	return "none";
}

/* ---- tests */

/* In a path each part is of letters, digits, '_' and '-', and a dot parts them. */
static char *path_of(const char *file, const char *subtest, const char *nested)
{
	char *path = xasprintf("%s.%s%s%s", file, subtest, nested ? "." : "", nested ? nested : "");
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

	for (char *c = path; *c; c++)
		if (!strchr(allowed, *c))
			*c = '_';
	return path;
}

static json_t *test_new(struct submission *s, const struct result_test *t, const char *nested)
{
	_cleanup_free_ char *path = path_of(t->file, t->subtest, nested);
	_cleanup_free_ char *build = xasprintf(ORIGIN ":%s-%s", s->run, kernel_of(s, t));
	/* Two names may come to one path, which must not make them one test. */
	_cleanup_free_ char *id =
		xasprintf("%s-%s-%zu", s->run, path, json_array_size(s->tests) + 1);
	json_t *o = object_new(id);

	set_text(o, "build_id", build);
	set_text(o, "path", path);
	json_array_append_new(s->tests, o);
	return o;
}

static json_t *environment(const struct submission *s, const struct result_test *t)
{
	json_t *o = json_object(), *misc = json_object();
	const char *accel = json_get_str(s->r->host, "accel");
	_cleanup_free_ char *comment =
		str_eq(t->guest, "host")
			? xstrdup("without a VM")
			: xasprintf("QEMU%s%s", accel ? ", " : "", accel ? accel : "");

	set_text(o, "comment", comment);
	set_text(misc, "qemu", json_get_str(s->r->host, "qemu"));
	set_text(misc, "host", json_get_str(s->r->host, "name"));
	set_text(misc, "guest", t->guest);
	json_object_set_new(o, "misc", misc);
	return o;
}

static void add_excerpt(json_t *o, const struct result_test *t, int dir_fd)
{
	struct log_part log;

	if (log_read(dir_fd, t, 0, KCIDB_EXCERPT_MAX, &log)) {
		struct strbuf *b = log.tail.len ? &log.tail : &log.head;

		/* A byte gives one character at most; NUL would end the text. */
		for (size_t i = 0; i < b->len; i++)
			b->s[i] = b->s[i] ? b->s[i] : '?';
		set_text(o, "log_excerpt", b->len ? b->s : "");
	}
	log_part_done(&log);
}

static json_t *misc_of(const struct result_test *t)
{
	json_t *misc = json_object();

	set_text(misc, "reason", t->reason);
	set_text(misc, "title", t->title);
	set_text(misc, "isolation", t->isolation);
	json_object_set_new(misc, "attempt", json_integer(t->attempt));
	json_object_set_new(misc, "flaky", json_boolean(t->flaky));
	if (t->rate.runs > 1)
		json_object_set_new(misc, "repeat",
				    json_pack("{s:I, s:I}", "runs", (json_int_t)t->rate.runs,
					      "failed", (json_int_t)t->rate.failed));
	if (t->confirmed != VERDICT_NONE)
		set_text(misc, "confirmed", table_confirmed(t));
	if (json_array_size(t->findings))
		json_object_set(misc, "findings", t->findings);
	return misc;
}

static void add_nested(void *arg, const char *path, const struct nested *n)
{
	struct submission *s = ((void **)arg)[0];
	const struct result_test *t = ((void **)arg)[1];
	json_t *o = test_new(s, t, path), *misc = json_object();

	set_text(o, "status", n->pardoned ? "DONE" : verdict_name(n->verdict));
	set_text(misc, "name", n->name);
	set_text(misc, "verdict", verdict_name(n->verdict));
	set_text(misc, "directive", n->directive);
	set_text(misc, "text", n->text);
	json_object_set_new(o, "misc", misc);
}

static void add_test(struct submission *s, const struct result_test *t)
{
	json_t *o = test_new(s, t, NULL);
	const struct result_attempt *told = result_attempt_told(t);
	void *nested[] = {s, (void *)(uintptr_t)t};

	/* Without a status: it was not run. */
	if (t->verdict != VERDICT_NONE || t->cut_off)
		set_text(o, "status",
			 t->cut_off	 ? "MISS"
			 : t->undecisive ? "DONE"
					 : verdict_name(t->verdict));
	if (told)
		set_time(o, "start_time", told->start_ns);
	if (t->verdict != VERDICT_NONE)
		json_object_set_new(o, "duration", json_real((double)t->duration_ms / 1000));
	json_object_set_new(o, "environment", environment(s, t));
	json_object_set_new(o, "misc", misc_of(t));
	if (t->verdict != VERDICT_PASS && t->verdict != VERDICT_SKIP)
		add_excerpt(o, t, s->dir_fd);
	nested_each(t, add_nested, nested);
}

/* Nulls that a journal brought along in findings are not allowed here. */
static void drop_nulls(json_t *v, int depth)
{
	const char *key;
	void *next;
	json_t *item;
	size_t i;

	json_object_foreach_safe(v, next, key, item)
	{
		if (json_is_null(item))
			json_object_del(v, key);
		else if (depth < 32)
			drop_nulls(item, depth + 1);
	}
	json_array_foreach (v, i, item)
		if (depth < 32)
			drop_nulls(item, depth + 1);
}

json_t *report_kcidb(const struct result *r, int dir_fd)
{
	const char *run = json_get_str(r->run, "id");
	struct submission s = {.r = r, .run = run ? run : "run", .dir_fd = dir_fd};
	json_t *o = json_pack("{s:{s:i, s:i}}", "version", "major", 5, "minor", 3), *own;

	s.checkouts = json_array();
	s.builds = json_array();
	s.tests = json_array();
	add_kernels(&s);
	for (size_t i = 0; i < r->n; i++)
		add_test(&s, &r->tests[i]);
	json_object_set_new(o, "checkouts", s.checkouts);
	json_object_set_new(o, "builds", s.builds);
	json_object_set_new(o, "tests", s.tests);
	own = json_deep_copy(o);
	json_decref(o);
	drop_nulls(own, 0);
	return own;
}
