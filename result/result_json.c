// SPDX-License-Identifier: GPL-2.0-only
/* results.json; doc/results.md describes it, doc/results.schema.json checks it. */
#include "result/result_json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/str.h"
#include "result/outdir.h"
#include "result/result.h"

#define RESULTS_VERSION 1

/* RFC 3339, UTC, milliseconds; null for a time that is none. */
static json_t *time_json(const json_t *event)
{
	int64_t t_ns = json_get_int(event, "t_ns", -1);
	time_t seconds = (time_t)(t_ns / NSEC_PER_SEC);
	char day[32], text[48];
	struct tm tm;

	if (t_ns < 0 || !gmtime_r(&seconds, &tm))
		return json_null();
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%03dZ", day, (int)(t_ns % NSEC_PER_SEC / NSEC_PER_MSEC));
	return json_string(text);
}

static json_t *value_or_null(const json_t *object, const char *key)
{
	json_t *v = json_object_get(object, key);

	return v ? json_incref(v) : json_null();
}

/* What version 1 promises first, null where the journal lacks it; then what else there is. */
static json_t *with_promised(const json_t *from, const char *const *keys)
{
	json_t *o = json_object();

	for (; *keys; keys++)
		json_object_set_new(o, *keys, value_or_null(from, *keys));
	if (json_is_object(from))
		json_object_update_missing(o, (json_t *)(uintptr_t)from);
	return o;
}

json_t *result_run_json(const json_t *event)
{
	json_t *run = json_object();

	json_object_set_new(run, "id", value_or_null(event, "id"));
	json_object_set_new(run, "started", time_json(event));
	json_object_set_new(run, "finished", json_null());
	json_object_set_new(run, "exit", json_null());
	json_object_set_new(run, "interrupted", json_null());
	return run;
}

void result_run_finish(json_t *run, const json_t *event)
{
	json_object_set_new(run, "finished", time_json(event));
	json_object_set_new(run, "interrupted", value_or_null(event, "interrupted"));
}

void result_run_unfinish(json_t *run)
{
	json_object_set_new(run, "finished", json_null());
	json_object_set_new(run, "interrupted", json_null());
}

json_t *result_host_json(const json_t *event)
{
	static const char *const keys[] = {"accel", "qemu", "cpus", NULL};

	return with_promised(json_object_get(event, "host"), keys);
}

void result_kernel_put(json_t *kernels, const json_t *event)
{
	static const char *const keys[] = {"id",       "release", "arch", "variant",
					   "build_id", "commit",  NULL};
	json_t *kernel = with_promised(event, keys);
	const char *id = json_get_str(event, "id");

	json_object_del(kernel, "t_ns");
	json_object_del(kernel, "seq");
	json_object_del(kernel, "ev");
	for (size_t i = 0; i < json_array_size(kernels); i++)
		if (str_eq(json_get_str(json_array_get(kernels, i), "id"), id)) {
			json_array_set_new(kernels, i, kernel);
			return;
		}
	json_array_append_new(kernels, kernel);
}

char *result_log_path(const struct result_test *t)
{
	_cleanup_free_ char *dir = outdir_name(t->file, t->subtest);

	if (!t->attempt && !t->phase)
		return NULL;
	if (t->told && t->told != t->attempt)
		return xasprintf("out/%s/attempt.%d/log", dir, t->told);
	return xasprintf("out/%s/log", dir);
}

/* Null for what ran once. */
static json_t *repeat_json(const struct result_test *t)
{
	double low, high;

	if (t->rate.runs < 2)
		return json_null();
	rate_interval(&t->rate, &low, &high);
	return json_pack("{s:I, s:I, s:f, s:f, s:f}", "runs", (json_int_t)t->rate.runs, "failed",
			 (json_int_t)t->rate.failed, "rate", rate_value(&t->rate), "low", low,
			 "high", high);
}

static json_t *confirmed_json(const struct result_test *t)
{
	bool bad = t->confirmed == VERDICT_FAIL || t->confirmed == VERDICT_ERROR;

	return bad || t->confirmed == VERDICT_PASS ? json_boolean(bad) : json_null();
}

static json_t *test_json(const struct result_test *t)
{
	_cleanup_free_ char *log = result_log_path(t);
	json_t *o = json_object();
	bool ended = t->verdict != VERDICT_NONE;

	json_object_set_new(o, "file", json_string_lossy(t->file));
	json_object_set_new(o, "subtest", json_string_lossy(t->subtest));
	json_object_set_new(o, "phase", json_string_lossy(phase_name(t->phase)));
	json_object_set_new(o, "decides", json_boolean(!t->undecisive));
	json_object_set_new(o, "verdict", json_string(verdict_name(t->verdict)));
	json_object_set_new(o, "reason", json_string_lossy(t->reason));
	json_object_set_new(o, "title", json_string_lossy(t->title));
	json_object_set_new(o, "kernel", json_string_lossy(t->kernel));
	json_object_set_new(o, "params", json_object());
	json_object_set_new(o, "guest", json_string_lossy(t->guest));
	json_object_set_new(o, "duration_ms", ended ? json_integer(t->duration_ms) : json_null());
	json_object_set_new(o, "isolation", json_string_lossy(t->isolation));
	json_object_set_new(o, "attempt", json_integer(t->attempt));
	json_object_set_new(o, "told", json_integer(t->told));
	json_object_set_new(o, "flaky", json_boolean(t->flaky));
	json_object_set_new(o, "repeat", repeat_json(t));
	json_object_set_new(o, "confirmed", confirmed_json(t));
	json_object_set_new(o, "cut_off", json_boolean(t->cut_off));
	json_object_set_new(o, "findings", t->findings ? json_incref(t->findings) : json_array());
	json_object_set_new(o, "nested", t->nested ? json_incref(t->nested) : json_array());
	json_object_set_new(o, "log", json_string_lossy(log));
	return o;
}

json_t *result_json(const struct result *r)
{
	json_t *o = json_object(), *tests = json_array();
	json_t *run = r->run ? json_copy(r->run) : json_object();

	json_object_set_new(run, "exit",
			    r->exit_status >= 0 ? json_integer(r->exit_status) : json_null());
	json_object_set_new(o, "version", json_integer(RESULTS_VERSION));
	json_object_set_new(o, "run", run);
	json_object_set_new(o, "host", r->host ? json_incref(r->host) : json_object());
	json_object_set_new(o, "kernels", r->kernels ? json_incref(r->kernels) : json_array());
	for (size_t i = 0; i < r->n; i++)
		json_array_append_new(tests, test_json(&r->tests[i]));
	json_object_set_new(o, "tests", tests);
	return o;
}

char *result_text(const struct result *r)
{
	_cleanup_json_ json_t *o = result_json(r);
	_cleanup_free_ char *text = json_dumps(o, JSON_INDENT(1));

	return xasprintf("%s\n", text);
}
