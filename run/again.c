// SPDX-License-Identifier: GPL-2.0-only
#include "run/again.h"

int again_rounds(const struct settings *s)
{
	if (s->repeat)
		return (int)s->repeat;
	return s->until_fail ? AGAIN_FOR_EVER : 1;
}

static bool is_bad(enum verdict v)
{
	return v != VERDICT_NONE && v != VERDICT_PASS && v != VERDICT_SKIP;
}

enum verdict again_verdict(const struct subtest *s)
{
	if (s->confirming || !s->worst)
		return s->confirming ? s->worst : s->verdict;
	return verdict_worse(s->worst, s->verdict);
}

bool again_failed(const struct settings *s, const struct subtest *st, enum verdict v)
{
	return is_bad(v) && !st->confirming && st->retries >= s->retry;
}

static void redo(struct subtest *s)
{
	s->done = s->ran = false;
	s->verdict = VERDICT_NONE;
}

/* ---- within a round */

static bool retry(const struct settings *s, struct subtest *st)
{
	if (!st->done || !is_bad(st->verdict) || st->confirming || st->retries >= s->retry)
		return false;
	st->retries++;
	redo(st);
	return true;
}

/* From here on its unit is a guest booted for it. */
static bool confirm(const struct settings *s, struct unit *u)
{
	struct subtest *st = unit_count(u) == 1 ? unit_subtest(u, 0) : NULL;

	if (!s->confirm || !st || u->isolation != ISOLATION_CLONE || st->confirming ||
	    st->verdict != VERDICT_FAIL)
		return false;
	st->worst = again_verdict(st);
	st->confirming = true;
	u->isolation = ISOLATION_BOOT;
	redo(st);
	return true;
}

/* ---- from round to round */

/* The one that it is to run in. What is skipped, or could not even be started, would be again. */
static int next_round(const struct subtest *s)
{
	if (!s->done)
		return s->round;
	return s->verdict == VERDICT_SKIP || !s->ran ? AGAIN_FOR_EVER : s->round + 1;
}

static int first_round(const struct unit *u)
{
	int first = AGAIN_FOR_EVER;

	for (size_t i = 0; i < unit_count(u); i++) {
		int n = next_round(unit_subtest(u, i));

		first = n < first ? n : first;
	}
	return first;
}

static void enter_round(struct subtest *s, int round)
{
	s->worst = again_verdict(s);
	s->confirming = s->put_back = false;
	s->retries = 0;
	s->round = round;
	redo(s);
}

bool again_due(const struct settings *s, const struct test_file *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (!f->subtests[i].done || next_round(&f->subtests[i]) < again_rounds(s))
			return true;
	return !f->n;
}

static bool repeat(const struct settings *s, struct unit *u)
{
	int round = first_round(u);

	if (round >= again_rounds(s))
		return false;
	/* A guest that confirms, or is there for one put back, stands in place of the usual. */
	if (unit_count(u) == 1 && (unit_subtest(u, 0)->confirming || unit_subtest(u, 0)->put_back))
		u->isolation = u->file->isolation;
	for (size_t i = 0; i < unit_count(u); i++) {
		struct subtest *st = unit_subtest(u, i);

		if (st->done && next_round(st) == round)
			enter_round(st, round);
	}
	u->round = round;
	return true;
}

bool again_next(const struct settings *s, struct unit *u)
{
	bool any = false;

	for (size_t i = 0; i < unit_count(u); i++)
		any |= retry(s, unit_subtest(u, i));
	return any || confirm(s, u) || repeat(s, u);
}

void again_record(const struct subtest *s, json_t *event)
{
	if (s->round)
		json_object_set_new(event, "round", json_integer(s->round + 1));
	if (s->retries)
		json_object_set_new(event, "retry", json_integer(s->retries));
	if (s->confirming)
		json_object_set_new(event, "confirm", json_true());
}
