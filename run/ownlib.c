// SPDX-License-Identifier: GPL-2.0-only
/* Verdicts that a file of a library or run_tests of its own prints, line by line. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "run/trial.h"

/* One subtest ends because the next begins, or because all has ended. */
static void end_unfinished(struct trial *t)
{
	const char *found = t->cur.reason;

	if (!t->cur.subtest)
		return;
	subtest_end(t, VERDICT_FAIL, found ? found : "lost",
		    found ? NULL : "it ended without a verdict", -1, 0);
}

/* A subtest that nobody knew of: with a name that is taken it has nowhere to go. */
static struct subtest *add_unknown(struct trial *t, const char *name)
{
	_cleanup_free_ char *dir = outdir_name(t->file->base, name);
	struct subtest *s;
	char title[300];

	if (plan_name_free(&t->run->plan, dir)) {
		s = plan_add_subtest(t->file, name);
		outdir_subtest_add(&t->run->out, s->dir, NULL);
		return s;
	}
	snprintf(title, sizeof(title),
		 "subtest '%.100s' would write out/%.100s, which another does", name, dir);
	if (!t->name_taken)
		outside_failed(t, VERDICT_ERROR, "name", title);
	t->name_taken = true;
	return NULL;
}

static void line_test(struct trial *t, const struct line_event *ev)
{
	struct subtest *s = plan_find(t->file, ev->name);

	end_unfinished(t);
	if (!s && t->file->needs.tests_unknown && !phase_of_row(ev->name))
		s = add_unknown(t, ev->name);
	if (!s || s->done)
		return;
	t->progressed = true;
	subtest_begin(t, s);
	trial_limit(t, t->file->timeout_ns);
}

/* The verdict of the library, unless the kernel's log knows better. */
static void line_verdict(struct trial *t, const struct line_event *ev, enum verdict v,
			 const char *reason)
{
	if (!t->cur.subtest || strcmp(t->cur.subtest->name, ev->name) != 0)
		return;
	trial_flush(t);
	if (t->cur.reason)
		subtest_end(t, VERDICT_FAIL, t->cur.reason, NULL, -1, 0);
	else
		subtest_end(t, v, reason, v == VERDICT_SKIP ? ev->reason : NULL, -1, 0);
}

int64_t ownlib_watchdog_s(const struct trial *t, const struct line_event *ev)
{
	int64_t stretch = t->file->needs.watchdog_multiplier;

	return stretch && ev->seconds < INT32_MAX ? ev->seconds * stretch : ev->seconds;
}

enum conlog_action ownlib_line(struct trial *t, enum line_kind kind, const struct line_event *ev)
{
	switch (kind) {
	case LINE_TEST:
		line_test(t, ev);
		return CONLOG_DROP;
	case LINE_PASSED:
		line_verdict(t, ev, VERDICT_PASS, NULL);
		return CONLOG_DROP;
	case LINE_FAILED:
		line_verdict(t, ev, VERDICT_FAIL, "exit status");
		return CONLOG_DROP;
	case LINE_TIMEOUT:
		line_verdict(t, ev, VERDICT_FAIL, "timeout");
		return CONLOG_DROP;
	case LINE_NOTRUN:
		line_verdict(t, ev, VERDICT_SKIP, NULL);
		return CONLOG_DROP;
	default:
		return CONLOG_KEEP;
	}
}

static bool any_failed(const struct test_file *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->subtests[i].verdict != VERDICT_PASS &&
		    f->subtests[i].verdict != VERDICT_SKIP)
			return true;
	return false;
}

void ownlib_exited(struct trial *t, int64_t status)
{
	char title[100];

	end_unfinished(t);
	snprintf(title, sizeof(title),
		 "the file ended with status %" PRId64 " and no verdict on it", status);
	subtest_miss_all(t, VERDICT_ERROR, "lost", title);
	/* One of unknown subtests may have more than it named. */
	if (t->file->needs.tests_unknown && status && !any_failed(t->file)) {
		snprintf(title, sizeof(title),
			 "the file ended with status %" PRId64 ", but no subtest of it failed",
			 status);
		outside_failed(t, VERDICT_ERROR, "lost", title);
	}
	t->progressed = true;
}
