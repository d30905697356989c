// SPDX-License-Identifier: GPL-2.0-only
#include "run/outside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "result/result.h"
#include "run/jobs.h"
#include "run/trial.h"

/* Reports that are kept; more of them count, too, and are in the log of the file. */
#define FINDINGS_MAX 100

static struct outside *add(struct run *run, const char *base, enum phase phase)
{
	struct outside *o = xcalloc(1, sizeof(*o));

	*o = (struct outside){.base = xstrdup(base), .phase = phase, .verdict = VERDICT_PASS};
	run->outside = xrealloc(run->outside, (run->noutside + 1) * sizeof(struct outside *));
	run->outside[run->noutside++] = o;
	return o;
}

static struct outside *of_trial(const struct trial *t, enum phase when)
{
	struct run *run = t->run;
	const char *base = t->file->base;

	for (size_t i = 0; i < run->noutside; i++)
		if (run->outside[i]->phase == when && !strcmp(run->outside[i]->base, base))
			return run->outside[i];
	return add(run, base, when);
}

/* ---- its files, as a subtest has them */

static void write_files(struct trial *t, struct outside *o, const char *text)
{
	_cleanup_free_ char *dir = outdir_name(o->base, phase_row(o->phase));
	const char *word = o->verdict == VERDICT_PASS ? "PASSED" : "FAILED";
	_cleanup_free_ char *status = xasprintf("========= %s %s in 0s", word, phase_row(o->phase));
	_cleanup_free_ char *log = xasprintf("%s%s\n", text, status);
	struct err err = {0};

	if (outdir_phase_log(&t->run->out, dir, log, &err) < 0 ||
	    outdir_subtest_status(&t->run->out, dir, status, 0, &err) < 0)
		log_warn("%s", err.msg);
	for (const char *c = log; *c; c++)
		o->lines += *c == '\n';
}

/* ---- its verdict */

static void stop_at_failure(struct trial *t, const struct outside *o)
{
	const struct settings *s = t->run->settings;

	if (o->undecisive || o->verdict == VERDICT_PASS || !(s->failfast || s->until_fail))
		return;
	t->run->failed_fast = true;
	jobs_cancel(t->run, t->unit);
}

static void record(struct trial *t, const struct outside *o)
{
	_cleanup_free_ char *more =
		o->failing > 1 ? xasprintf("%s (and %zu more)", o->title, o->failing - 1) : NULL;
	json_t *f =
		json_pack("{s:s, s:s, s:s?, s:b}", "phase", phase_name(o->phase), "verdict",
			  verdict_name(o->verdict), "reason", o->reason, "decides", !o->undecisive);

	json_object_set_new(f, "title", json_string_lossy(more ? more : o->title));
	if (t->guest)
		json_object_set_new(f, "guest", json_string(t->guest));
	trial_event(t, "phase", f);
	stop_at_failure(t, o);
}

/* The first that made it so bad names it. */
static void worsen(struct outside *o, enum verdict v, const char *reason, const char *title)
{
	if (o->title && verdict_worse(o->verdict, v) == o->verdict)
		return;
	o->verdict = v;
	str_set(&o->reason, reason);
	str_set(&o->title, title ? title : reason);
}

static void record_finding(struct trial *t, struct outside *o, const struct finding *f,
			   enum bug_action action, const char *why)
{
	_cleanup_free_ char *dir = outdir_name(o->base, phase_row(o->phase));
	json_t *fields = finding_json(t, f, action, why);
	int64_t first = o->lines + 1;

	json_object_set_new(fields, "phase", json_string(phase_name(o->phase)));
	json_object_set_new(fields, "report", finding_report(t, dir, &o->reports, f));
	write_files(t, o, f->text);
	json_object_set_new(fields, "first_line", json_integer(first));
	json_object_set_new(fields, "last_line", json_integer(o->lines - 1));
	trial_event(t, "finding", fields);
}

/* A bug of that title comes up, and fails the file or does not. False: all of that is known. */
static bool judge(struct trial *t, struct outside *o, enum bug_action action, const char *reason,
		  const char *title)
{
	_cleanup_free_ char *what = xasprintf("%s %s", bug_action_name(action), title);
	bool fails = action == BUG_FAILS, known = strv_has(&o->seen, what);
	/* With subtests named, a bug outside of them decides only with --fail-on boot. */
	bool decides = !t->file->named || t->file->failon.outside;
	bool worse = fails && (o->verdict == VERDICT_PASS || (decides && o->undecisive));

	if ((known || o->seen.n >= FINDINGS_MAX) && !worse)
		return false;
	if (fails && (o->verdict == VERDICT_PASS || o->undecisive))
		o->undecisive = !decides;
	if (!known) {
		strv_add(&o->seen, what);
		o->failing += fails;
	}
	worsen(o, fails ? VERDICT_FAIL : VERDICT_PASS, fails ? reason : NULL, title);
	return true;
}

/* Records of the boot may come when the hooks run already: their time tells. */
enum phase outside_phase(const struct trial *t, const struct finding *f)
{
	bool at_boot = t->when == PHASE_INIT && f->stamp_us >= 0 && f->stamp_us < t->init_us;

	return at_boot ? PHASE_BOOT : t->when;
}

void outside_finding(struct trial *t, const struct finding *f, enum bug_action action,
		     const char *why)
{
	struct outside *o = of_trial(t, outside_phase(t, f));
	size_t known = o->seen.n;

	if (!judge(t, o, action, finding_reason(f->kind), f->title))
		return;
	if (o->seen.n > known)
		record_finding(t, o, f, action, why);
	record(t, o);
}

void outside_tainted(struct trial *t, const char *title, enum bug_action action)
{
	struct outside *o = of_trial(t, t->when);
	_cleanup_free_ char *text = xasprintf("ktest: %s\n", title);

	if (!judge(t, o, action, "tainted", title))
		return;
	write_files(t, o, text);
	record(t, o);
}

void outside_failed(struct trial *t, enum verdict v, const char *reason, const char *title)
{
	struct outside *o = of_trial(t, t->when);
	_cleanup_free_ char *text =
		xasprintf("ktest: %s%s%s\n", reason, title ? ": " : "", title ? title : "");

	/* It counts, and what did not is not its name. */
	if (o->undecisive) {
		o->verdict = VERDICT_PASS;
		str_set(&o->title, NULL);
	}
	o->undecisive = false;
	worsen(o, v, reason, title);
	write_files(t, o, text);
	record(t, o);
}

/* ---- of all files */

static void resume_finding(struct outside *o, const json_t *f)
{
	const char *action = json_get_str(f, "action"), *title = json_get_str(f, "title");

	if (!action || !title)
		return;
	strv_addf(&o->seen, "%s %s", action, title);
	o->lines = json_get_int(f, "last_line", 0) + 1;
	o->reports++;
	/* The row's own title counts the others. */
	if (!strcmp(action, bug_action_name(BUG_FAILS)) && !o->failing++)
		str_set(&o->title, title);
}

void outside_resume(struct run *run, const struct result_test *t)
{
	struct outside *o = add(run, t->file, t->phase);

	o->verdict = t->verdict;
	o->undecisive = t->undecisive;
	str_set(&o->reason, t->reason);
	str_set(&o->title, t->title);
	for (size_t i = 0; i < json_array_size(t->findings); i++)
		resume_finding(o, json_array_get(t->findings, i));
}

void outside_count(const struct run *run, struct verdict_counts *c)
{
	for (size_t i = 0; i < run->noutside; i++)
		if (!run->outside[i]->undecisive)
			c->n[run->outside[i]->verdict]++;
}

void outside_done(struct run *run)
{
	for (size_t i = 0; i < run->noutside; i++) {
		free(run->outside[i]->base);
		free(run->outside[i]->reason);
		free(run->outside[i]->title);
		strv_done(&run->outside[i]->seen);
		free(run->outside[i]);
	}
	free(run->outside);
	run->outside = NULL;
	run->noutside = 0;
}
