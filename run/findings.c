// SPDX-License-Identifier: GPL-2.0-only
/* Bugs that the kernel shows: what they mean for a subtest, and their record. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/log.h"
#include "run/trial.h"

/* Whether a finding makes its subtest fail. */
static bool counts(const struct trial *t, const struct finding *f)
{
	return !(t->file->needs.allow_taint && f->kind == FINDING_WARNING);
}

/* A subtest that caused it may wait for ever. */
static bool sticks(enum finding_kind k)
{
	return k == FINDING_OOPS || k == FINDING_LOCKUP || k == FINDING_RCU_STALL ||
	       k == FINDING_HUNG_TASK;
}

static void keep(struct findings *all, const struct finding *f)
{
	struct finding *copy;

	all->v = xrealloc(all->v, (all->n + 1) * sizeof(*all->v));
	copy = &all->v[all->n++];
	*copy = *f;
	copy->title = xstrdup(f->title);
	copy->function = f->function ? xstrdup(f->function) : NULL;
	copy->text = xstrdup(f->text);
}

void finding_found(void *arg, const struct finding *f)
{
	struct trial *t = arg;
	struct current *cur = &t->cur;

	keep(&t->findings, f);
	t->panicked |= f->kind == FINDING_PANIC;
	if (!counts(t, f))
		return;
	/* A bug during the boot keeps no subtest from running: another boot would show it again. */
	if (t->progressed)
		t->spoiled = true;
	else
		t->unsound = true;
	if (cur->subtest && sticks(f->kind))
		cur->stuck = finding_reason(f->kind);
	if (cur->reason)
		return;
	str_set(&cur->reason, finding_reason(f->kind));
	str_set(&cur->title, f->title);
}

/* null where the console did not show the line */
static json_t *line_json(const struct trial *t, uint64_t key)
{
	int64_t line = t->cur.subtest ? kernlog_log_line(t->kernlog, key) : 0;

	return line ? json_integer(line) : json_null();
}

/* The name of the file that holds the report, beside the log. */
static json_t *write_report(struct trial *t, const struct finding *f)
{
	struct current *cur = &t->cur;
	struct err err = {0};
	char name[32];

	if (outdir_subtest_finding(&t->run->out, cur->subtest->dir, cur->findings + 1, f->text,
				   &err) < 0) {
		log_warn("%s", err.msg);
		return json_null();
	}
	snprintf(name, sizeof(name), OUTDIR_FINDING "%d", ++cur->findings);
	return json_string(name);
}

static void record(struct trial *t, const struct finding *f)
{
	const struct subtest *s = t->cur.subtest;
	json_t *fields =
		json_pack("{s:s, s:s}", "guest", t->guest, "kind", finding_kind_name(f->kind));

	json_object_set_new(fields, "title", json_string_lossy(f->title));
	json_object_set_new(fields, "function", json_string_lossy(f->function));
	json_object_set_new(fields, "first_line", line_json(t, f->first_key));
	json_object_set_new(fields, "last_line", line_json(t, f->last_key));
	json_object_set_new(fields, "report", s ? write_report(t, f) : json_null());
	if (s) {
		json_object_set_new(fields, "subtest", json_string(s->name));
		json_object_set_new(fields, "attempt", json_integer(s->attempt));
	}
	trial_event(t, "finding", fields);
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
		finding_done(&t->findings.v[i]);
	}
	t->findings.n = 0;
}
