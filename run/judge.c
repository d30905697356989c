// SPDX-License-Identifier: GPL-2.0-only
/* Verdicts by how a test file's process ended, and by taints. */
#include <stdio.h>
#include <string.h>

#include "base/proc.h"
#include "run/outside.h"
#include "run/trial.h"

static const char *how_ended(const struct ending *e, char *how, size_t size)
{
	if (e->signal)
		snprintf(how, size, "was killed by %s", signal_name(e->signal));
	else
		snprintf(how, size, "ended with exit status %d", e->status);
	return how;
}

const char *init_judge(const struct ending *e, char *title, size_t size)
{
	char how[64];

	snprintf(title, size,
		 e->begun ? "an init hook %s" : "the test file %s before its init hooks",
		 how_ended(e, how, sizeof(how)));
	return e->begun ? "init" : "file";
}

void init_failed(struct trial *t, enum verdict v, const char *reason, const char *title)
{
	struct test_file *f = t->file;

	/* Another guest may have told already, that ran beside this one. */
	if (!f->broken)
		outside_failed(t, v, reason, title);
	f->broken = reason;
	str_set(&f->broken_title, title);
	subtest_miss_all(t, VERDICT_MISS, reason, title);
}

static void tainted_title(unsigned long taints, char *title, size_t size)
{
	static const struct {
		int bit;
		const char *name;
	} names[] = {
		{4, "machine check (M)"}, {5, "bad page (B)"},	   {7, "oops (D)"},
		{9, "warning (W)"},	  {14, "soft lockup (L)"},
	};
	size_t n = (size_t)snprintf(title, size, "the kernel became tainted:");

	for (size_t i = 0; i < ARRAY_SIZE(names) && n < size; i++)
		if (taints & 1UL << names[i].bit)
			n += (size_t)snprintf(title + n, size - n, " %s", names[i].name);
}

void taint_outside(struct trial *t, unsigned long taints)
{
	enum bug_action action = failon_tainted(&t->file->failon);
	char title[120];

	taints &= ~t->explained;
	if (!taints)
		return;
	/* A saved guest would not tell again. */
	t->unsound = true;
	if (action == BUG_ALLOWED)
		return;
	tainted_title(taints, title, sizeof(title));
	outside_tainted(t, title, action);
}

/* Whether new taints fail the subtest. */
static bool taints_fail(struct trial *t, unsigned long taints)
{
	enum bug_action action = failon_tainted(&t->file->failon);
	char title[120];

	if (!taints || action == BUG_ALLOWED)
		return false;
	if (action == BUG_FAILS)
		return true;
	tainted_title(taints, title, sizeof(title));
	trial_note(t, "ktest: noted: %s", title);
	return false;
}

/* The first pattern of expect-bug without a bug that matches; NULL: all came. */
static const char *first_unseen(const struct current *cur)
{
	for (size_t i = 0; i < cur->nexpected; i++)
		if (!cur->expected[i].seen)
			return cur->expected[i].pattern;
	return NULL;
}

void subtest_judge(struct trial *t, const struct ending *e)
{
	struct current *cur = &t->cur;
	char how[64], title[300];
	unsigned long tainted;

	trial_flush(t);
	/* An oops may have been left harmless: the library puts that back behind a subtest. */
	if (cur->nexpected && e->signal)
		t->spoiled = true;
	tainted = e->tainted & ~cur->explained;
	if (cur->reason) {
		subtest_end(t, VERDICT_FAIL, cur->reason, NULL, e->status, e->signal);
	} else if (!e->begun && !cur->skip) {
		snprintf(title, sizeof(title), "the test file %s before this subtest began",
			 how_ended(e, how, sizeof(how)));
		subtest_end(t, VERDICT_ERROR, "file", title, e->status, e->signal);
	} else if (e->signal) {
		subtest_end(t, VERDICT_FAIL, "signal", signal_name(e->signal), -1, e->signal);
	} else if (e->status) {
		snprintf(title, sizeof(title), "exit status %d", e->status);
		subtest_end(t, VERDICT_FAIL, "exit status", title, e->status, 0);
	} else if (taints_fail(t, tainted)) {
		t->spoiled = true;
		tainted_title(tainted, title, sizeof(title));
		subtest_end(t, VERDICT_FAIL, "tainted", title, 0, 0);
	} else if (cur->skip) {
		subtest_end(t, VERDICT_SKIP, NULL, cur->skip, 0, 0);
	} else if (first_unseen(cur)) {
		snprintf(title, sizeof(title), "no bug came that matches '%.200s'",
			 first_unseen(cur));
		subtest_end(t, VERDICT_FAIL, "expect-bug", title, 0, 0);
	} else {
		subtest_end(t, VERDICT_PASS, NULL, NULL, 0, 0);
	}
}
