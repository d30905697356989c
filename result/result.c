// SPDX-License-Identifier: GPL-2.0-only
/* From the events of a journal to what became of each subtest. */
#include "result/result.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "result/journal.h"
#include "result/result_attempt.h"
#include "result/result_index.h"
#include "result/result_json.h"
#include "result/result_rounds.h"

struct builder {
	struct result *r;
	struct result_index index;
};

void result_done(struct result *r)
{
	for (size_t i = 0; i < r->n; i++)
		result_test_done(&r->tests[i]);
	result_guests_done(r);
	free(r->tests);
	free(r->interrupted);
	json_decref(r->run);
	json_decref(r->host);
	json_decref(r->kernels);
	json_decref(r->files);
	*r = (struct result){0};
}

static void on_guest(struct builder *b, const json_t *ev)
{
	result_guest_put(b->r, ev);
}

static const char *event_kernel(const struct builder *b, const json_t *ev)
{
	const char *kernel = json_get_str(ev, "kernel");
	const struct result_guest *g = result_guest_find(b->r, json_get_str(ev, "guest"));

	return kernel ? kernel : g ? g->kernel : NULL;
}

/* ---- the events */

/* NULL for an event that names neither a subtest nor a phase. */
static struct result_test *event_test(struct builder *b, const json_t *ev)
{
	const char *file = json_get_str(ev, "file"), *subtest = json_get_str(ev, "subtest");

	if (!subtest)
		subtest = phase_row(phase_find(json_get_str(ev, "phase")));
	if (!file || !subtest)
		return NULL;
	return result_index_get(&b->index, file, subtest, event_kernel(b, ev));
}

static void on_file(struct builder *b, const json_t *ev)
{
	const char *file = json_get_str(ev, "file"), *kernel = json_get_str(ev, "kernel");
	const json_t *names = json_object_get(ev, "subtests");

	if (file)
		json_object_set(b->r->files, file, (json_t *)(uintptr_t)ev);
	for (size_t i = 0; file && i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));
		struct result_test *t;

		if (!name)
			continue;
		t = result_index_get(&b->index, file, name, kernel);
		if (!t->isolation)
			str_set(&t->isolation, json_get_str(ev, "isolation"));
	}
}

static int event_attempt(const json_t *ev, int otherwise)
{
	int64_t n = json_get_int(ev, "attempt", 0);

	return n > 0 && n < 1000000 ? (int)n : otherwise;
}

/* What is told of an attempt before. */
static void forget(struct result_test *t)
{
	t->verdict = VERDICT_NONE;
	t->flaky = false;
	t->duration_ms = 0;
	str_set(&t->reason, NULL);
	str_set(&t->title, NULL);
	json_decref(t->findings);
	json_decref(t->nested);
	t->findings = t->nested = NULL;
	t->nested_dropped = 0;
}

static void on_start(struct builder *b, const json_t *ev)
{
	struct result_test *t = event_test(b, ev);

	if (!t)
		return;
	rounds_begin(t, ev);
	forget(t);
	t->attempt = event_attempt(ev, t->attempt < 1000000 ? t->attempt + 1 : t->attempt);
	t->told = t->attempt;
	t->cut_off = true; /* until its end is read */
	str_set(&t->guest, json_get_str(ev, "guest"));
	result_attempt_start(t, ev);
}

/* Its end is all there is of it. */
static void start_late(struct result_test *t, const json_t *ev)
{
	bool again = t->last != VERDICT_NONE;

	rounds_begin(t, ev);
	if (again)
		forget(t);
}

static json_t *finding_json(const json_t *ev)
{
	static const char *const where[] = {"t_ns", "seq",     "ev",	  "guest",
					    "file", "subtest", "attempt", "phase"};
	json_t *f = json_copy((json_t *)(uintptr_t)ev);

	for (size_t i = 0; i < ARRAY_SIZE(where); i++)
		json_object_del(f, where[i]);
	return f;
}

static void on_finding(struct builder *b, const json_t *ev)
{
	struct result_test *t = event_test(b, ev);

	/* A finding without either follows from what has a verdict, or was allowed. */
	if (!t || event_attempt(ev, t->attempt) != t->attempt)
		return;
	if (!t->findings)
		t->findings = json_array();
	json_array_append_new(t->findings, finding_json(ev));
}

/* The last one tells. */
static void on_phase(struct builder *b, const json_t *ev)
{
	struct result_test *t = event_test(b, ev);

	if (!t || !t->phase)
		return;
	t->verdict = verdict_parse(json_get_str(ev, "verdict"));
	t->undecisive = !json_get_bool(ev, "decides", true);
	str_set(&t->reason, json_get_str(ev, "reason"));
	str_set(&t->title, json_get_str(ev, "title"));
	str_set(&t->guest, json_get_str(ev, "guest"));
}

static void on_nested(struct builder *b, const json_t *ev)
{
	struct result_test *t = event_test(b, ev);
	json_t *results = json_object_get(ev, "results");

	if (!t || event_attempt(ev, t->attempt) != t->attempt || !json_is_array(results))
		return;
	json_decref(t->nested);
	t->nested = json_incref(results);
	t->nested_dropped = json_get_int(ev, "dropped", 0);
}

/* Of the first bug that a reader is to know of; before there were rules, all were. */
static const char *first_title(const json_t *findings)
{
	for (size_t i = 0; i < json_array_size(findings); i++) {
		const json_t *f = json_array_get(findings, i);
		const char *action = json_get_str(f, "action");

		if (!action || str_eq(action, "fail") || str_eq(action, "note"))
			return json_get_str(f, "title");
	}
	return NULL;
}

static void on_end(struct builder *b, const json_t *ev)
{
	struct result_test *t = event_test(b, ev);
	const char *title = json_get_str(ev, "title");

	if (!t)
		return;
	if (!t->cut_off)
		start_late(t, ev);
	if (!title)
		title = first_title(t->findings);
	t->verdict = verdict_parse(json_get_str(ev, "verdict"));
	t->attempt = event_attempt(ev, t->attempt);
	t->cut_off = false;
	t->duration_ms = json_get_int(ev, "duration_ms", 0);
	t->mem_mib = json_get_int(ev, "mem_mib", 0);
	rounds_end(t);
	str_set(&t->title, title);
	str_set(&t->reason, json_get_str(ev, "reason"));
	if (json_get_str(ev, "guest"))
		str_set(&t->guest, json_get_str(ev, "guest"));
	if (json_get_str(ev, "isolation"))
		str_set(&t->isolation, json_get_str(ev, "isolation"));
	result_attempt_end(t, ev);
}

static void on_put_back(struct builder *b, const json_t *ev)
{
	struct result_test *t = event_test(b, ev);

	if (t && t->nattempts)
		t->attempts[t->nattempts - 1].put_back = true;
}

static void on_run(struct builder *b, const json_t *ev)
{
	json_decref(b->r->run);
	json_decref(b->r->host);
	b->r->run = result_run_json(ev);
	b->r->host = result_host_json(ev);
}

static void on_kernel(struct builder *b, const json_t *ev)
{
	result_kernel_put(b->r->kernels, ev);
}

static void on_resume(struct builder *b, const json_t *ev)
{
	(void)ev;
	b->r->finished = false;
	str_set(&b->r->interrupted, NULL);
	result_run_unfinish(b->r->run);
}

static void on_finish(struct builder *b, const json_t *ev)
{
	int64_t status = json_get_int(ev, "exit", -1);

	b->r->finished = true;
	b->r->exit_status = status >= 0 && status < 256 ? (int)status : -1;
	str_set(&b->r->interrupted, json_get_str(ev, "interrupted"));
	result_run_finish(b->r->run, ev);
}

static void note_time(struct result *r, const json_t *ev)
{
	int64_t t_ns = json_get_int(ev, "t_ns", 0);

	if (t_ns > 0 && !r->start_ns)
		r->start_ns = t_ns;
	if (t_ns > r->end_ns)
		r->end_ns = t_ns;
}

static int on_event(void *arg, const json_t *event)
{
	static const struct {
		const char *name;
		void (*fn)(struct builder *b, const json_t *ev);
	} events[] = {
		{"run", on_run},       {"kernel", on_kernel}, {"file", on_file},
		{"guest", on_guest},   {"start", on_start},   {"finding", on_finding},
		{"nested", on_nested}, {"end", on_end},	      {"resume", on_resume},
		{"finish", on_finish}, {"phase", on_phase},   {"put_back", on_put_back},
	};
	const char *name = json_get_str(event, "ev");
	struct builder *b = arg;

	note_time(b->r, event);
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		if (!strcmp(events[i].name, name))
			events[i].fn(b, event);
	return 0;
}

static void sum_up(struct result *r)
{
	struct verdict_counts all;

	for (size_t i = 0; i < r->n; i++)
		rounds_sum_up(&r->tests[i]);
	for (size_t i = 0; i < r->n; i++)
		if (!r->tests[i].phase)
			r->counts.n[r->tests[i].verdict]++;
		else if (!r->tests[i].undecisive)
			r->phases.n[r->tests[i].verdict]++;
	all = r->counts;
	for (size_t v = 0; v < ARRAY_SIZE(all.n); v++)
		all.n[v] += r->phases.n[v];
	if (!r->finished)
		r->exit_status = r->n ? verdict_exit(&all) : -1;
}

static void builder_init(struct builder *b, struct result *r)
{
	*r = (struct result){.exit_status = -1, .kernels = json_array(), .files = json_object()};
	*b = (struct builder){.r = r};
	result_index_init(&b->index);
}

static int builder_done(struct builder *b, int ret)
{
	result_index_take(&b->index, b->r);
	sum_up(b->r);
	result_index_done(&b->index);
	return ret;
}

int result_read(const char *journal_path, struct result *r, struct err *err)
{
	struct builder b;

	builder_init(&b, r);
	return builder_done(&b, journal_read(journal_path, on_event, &b, err));
}

int result_read_fd(int fd, const char *name, struct result *r, struct err *err)
{
	struct builder b;

	builder_init(&b, r);
	return builder_done(&b, journal_read_fd(fd, name, on_event, &b, err));
}
