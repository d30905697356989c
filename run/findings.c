// SPDX-License-Identifier: GPL-2.0-only
/* Bugs that the kernel shows: what they mean for a subtest, and their record. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "run/job.h"
#include "run/outside.h"
#include "run/stall.h"
#include "run/trial.h"

#define EXPECTED_MAX 64

/* Of a kind, and of what becomes of it: a storm of warnings is not worth a journal of its own. All
 * of them count. */
#define KEPT_MAX 50

/* Of a report, for others to be told. */
#define TOLD_TEXT_MAX 8192

/* A bug that is not in the journal yet. */
struct found {
	struct finding finding;
	enum bug_action action;
	const char *why; /* of the rule; NULL */
};

/* A subtest that caused it may wait for ever. */
static bool sticks(enum finding_kind k)
{
	return k == FINDING_OOPS || k == FINDING_LOCKUP || k == FINDING_RCU_STALL ||
	       k == FINDING_HUNG_TASK;
}

static void keep(struct findings *all, const struct finding *f, enum bug_action action,
		 const char *why)
{
	struct found *copy;

	if (all->kept[action][f->kind]++ >= KEPT_MAX)
		return;
	all->v = xrealloc(all->v, (all->n + 1) * sizeof(*all->v));
	copy = &all->v[all->n++];
	*copy = (struct found){.finding = *f, .action = action, .why = why};
	copy->finding.title = xstrdup(f->title);
	copy->finding.function = f->function ? xstrdup(f->function) : NULL;
	copy->finding.text = xstrdup(f->text);
}

/* ---- expect-bug */

const char *finding_expect(struct trial *t, const char *pattern)
{
	struct current *cur = &t->cur;

	if (!cur->subtest)
		return "expect-bug: no subtest runs";
	if (!*pattern)
		return "expect-bug: an empty pattern";
	/* Entered again behind a restart, it says so again. */
	for (size_t i = 0; i < cur->nexpected; i++)
		if (!strcmp(cur->expected[i].pattern, pattern))
			return NULL;
	if (cur->nexpected == EXPECTED_MAX)
		return "expect-bug: too many patterns";
	cur->expected = xrealloc(cur->expected, (cur->nexpected + 1) * sizeof(*cur->expected));
	cur->expected[cur->nexpected++] = (struct expected){.pattern = xstrdup(pattern)};
	return NULL;
}

static bool is_expected(struct current *cur, const struct finding *f)
{
	bool any = false;

	for (size_t i = 0; i < cur->nexpected; i++) {
		bool matches = bug_matches(cur->expected[i].pattern, f);

		cur->expected[i].seen |= matches;
		any |= matches;
	}
	return any;
}

/* ---- a busy host */

static bool is_of_host(struct trial *t, const struct finding *f)
{
	_cleanup_free_ char *how = NULL;
	int percent;

	if (!stall_of_host(job_of(t), f->kind, &percent))
		return false;
	how = xasprintf("QEMU got %d %% of the processor time that it wanted: %s", percent,
			f->title);
	str_set(&t->cur.busy, how);
	return true;
}

/* ---- as they are found */

/* The guest is not to be used for another subtest, or, before the first, not to be saved. */
static void spoil(struct trial *t)
{
	/* A bug during the boot keeps no subtest from running: another boot would show it again. */
	if (t->progressed)
		t->spoiled = true;
	else
		t->unsound = true;
}

/* Whether the bug fails anything; *why is the rule's reason, where a rule says so. */
static enum bug_action decide(struct trial *t, const struct finding *f, const char **why)
{
	enum bug_action action = failon_finding(&t->file->failon, f, why);
	enum bug_action otherwise = action;

	/* No rule can tolerate a panic: the guest is gone. */
	if (f->kind == FINDING_PANIC)
		otherwise = BUG_FAILS;
	if (is_expected(&t->cur, f))
		otherwise = BUG_EXPECTED;
	else if (otherwise == BUG_FAILS && is_of_host(t, f))
		otherwise = BUG_OF_HOST;
	if (otherwise != action)
		*why = NULL;
	return otherwise;
}

/* The first one names the failure; without a subtest, a panic does, which ends the guest. */
static void name_failure(struct current *cur, const struct finding *f)
{
	if (cur->reason && (cur->subtest || f->kind != FINDING_PANIC))
		return;
	str_set(&cur->reason, finding_reason(f->kind));
	str_set(&cur->title, f->title);
}

void finding_found(void *arg, const struct finding *f)
{
	struct trial *t = arg;
	struct current *cur = &t->cur;
	const char *why;
	enum bug_action action = decide(t, f, &why);

	keep(&t->findings, f, action, why);
	t->panicked |= f->kind == FINDING_PANIC;
	cur->died_as_expected |= f->kind == FINDING_PANIC && action == BUG_EXPECTED;
	t->explained |= bug_taints(f->kind);
	if (action != BUG_FAILS)
		cur->explained |= bug_taints(f->kind);
	if (cur->subtest && sticks(f->kind) && (action == BUG_FAILS || action == BUG_OF_HOST))
		cur->stuck = finding_reason(f->kind);
	if (action != BUG_FAILS)
		return;
	spoil(t);
	name_failure(cur, f);
}

/* ---- their record */

json_t *finding_json(const struct trial *t, const struct finding *f, enum bug_action action,
		     const char *why)
{
	json_t *fields = json_pack("{s:s, s:s, s:s}", "guest", t->guest, "kind",
				   finding_kind_name(f->kind), "action", bug_action_name(action));

	json_object_set_new(fields, "why", json_string_lossy(why));
	json_object_set_new(fields, "title", json_string_lossy(f->title));
	json_object_set_new(fields, "function", json_string_lossy(f->function));
	return fields;
}

/* null where the console did not show the line */
static json_t *line_json(const struct trial *t, uint64_t key)
{
	int64_t line = kernlog_log_line(t->kernlog, key);

	return line ? json_integer(line) : json_null();
}

json_t *finding_report(struct trial *t, const char *dir, int *written, const struct finding *f)
{
	struct err err = {0};
	char name[32];

	if (outdir_subtest_finding(&t->run->out, dir, *written + 1, f->text, &err) < 0) {
		log_warn("%s", err.msg);
		return json_null();
	}
	snprintf(name, sizeof(name), OUTDIR_FINDING "%d", ++*written);
	return json_string(name);
}

/* A bug that fails nothing is told in one line. */
static void note(struct trial *t, const struct found *f)
{
	static const char *const words[] = {
		[BUG_NOTED] = "noted",
		[BUG_ALLOWED] = "allowed",
		[BUG_EXPECTED] = "expected",
		[BUG_OF_HOST] = "not counted, since this host was too busy",
	};

	if (f->action != BUG_FAILS && t->log)
		trial_note(t, "ktest: %s: %s%s%s%s", words[f->action], f->finding.title,
			   f->why ? " (" : "", f->why ? f->why : "", f->why ? ")" : "");
}

static void record_in_subtest(struct trial *t, const struct found *f)
{
	const struct subtest *s = t->cur.subtest;
	json_t *fields = finding_json(t, &f->finding, f->action, f->why);

	json_object_set_new(fields, "first_line", line_json(t, f->finding.first_key));
	json_object_set_new(fields, "last_line", line_json(t, f->finding.last_key));
	json_object_set_new(fields, "report",
			    finding_report(t, s->dir, &t->cur.findings, &f->finding));
	json_object_set_new(fields, "subtest", json_string(s->name));
	json_object_set_new(fields, "attempt", json_integer(s->attempt));
	trial_event(t, "finding", fields);
}

/* For those that go on as this guest. */
static void tell(struct trial *t, const struct found *f)
{
	_cleanup_free_ char *text =
		xstrndup(f->finding.text, strnlen(f->finding.text, TOLD_TEXT_MAX));
	json_t *told = finding_json(t, &f->finding, f->action, f->why);

	if (!t->told)
		t->told = json_array();
	json_object_set_new(told, "phase", json_string(phase_name(outside_phase(t, &f->finding))));
	json_object_set_new(told, "text", json_string_lossy(text));
	json_array_append_new(t->told, told);
}

static void tell_again(struct trial *t, const json_t *told)
{
	const char *title = json_get_str(told, "title"), *text = json_get_str(told, "text"), *why;
	const char *function = json_get_str(told, "function");
	struct finding f = {
		.kind = finding_kind_find(json_get_str(told, "kind")),
		.stamp_us = -1,
		.title = (char *)(uintptr_t)(title ? title : ""),
		.function = (char *)(uintptr_t)function,
		.text = (char *)(uintptr_t)(text ? text : ""),
	};
	enum bug_action action = failon_finding(&t->file->failon, &f, &why);

	if (str_eq(json_get_str(told, "action"), bug_action_name(BUG_OF_HOST)))
		action = BUG_OF_HOST;
	t->when = phase_find(json_get_str(told, "phase"));
	if (t->when && f.kind < FINDING_KINDS && action != BUG_ALLOWED)
		outside_finding(t, &f, action, why);
}

void findings_tell_again(struct trial *t, const json_t *told)
{
	enum phase when = t->when;

	for (size_t i = 0; i < json_array_size(told); i++)
		tell_again(t, json_array_get(told, i));
	t->when = when;
}

static void record(struct trial *t, const struct found *f)
{
	note(t, f);
	if (t->unit->saves)
		tell(t, f);
	if (t->cur.subtest)
		record_in_subtest(t, f);
	else if (t->given_up || f->action == BUG_ALLOWED)
		trial_event(t, "finding", finding_json(t, &f->finding, f->action, f->why));
	else
		outside_finding(t, &f->finding, f->action, f->why);
}

static void record_lost(struct trial *t)
{
	char text[120];

	snprintf(text, sizeof(text),
		 "%" PRIu64 " messages of the kernel were overwritten before they were read",
		 t->lost);
	t->lost = 0;
	if (t->log)
		trial_note(t, "ktest: %s", text);
	trial_event(t, "note", json_pack("{s:s, s:s}", "guest", t->guest, "text", text));
}

void findings_record(struct trial *t)
{
	if (t->lost)
		record_lost(t);
	for (size_t i = 0; i < t->findings.n; i++) {
		record(t, &t->findings.v[i]);
		finding_done(&t->findings.v[i].finding);
	}
	t->findings.n = 0;
}
