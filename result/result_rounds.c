// SPDX-License-Identifier: GPL-2.0-only
#include "result/result_rounds.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"

#define ROUND_MAX 1000000

static int small_int(const json_t *event, const char *name)
{
	int64_t n = json_get_int(event, name, 0);

	return n > 0 && n < ROUND_MAX ? (int)n : 0;
}

static bool is_bad(enum verdict v)
{
	return v == VERDICT_FAIL || v == VERDICT_ERROR || v == VERDICT_MISS;
}

void rounds_done(struct result_test *t)
{
	struct result_told *a = t->aside;

	if (!a)
		return;
	free(a->reason);
	free(a->title);
	free(a->guest);
	free(a->isolation);
	json_decref(a->findings);
	json_decref(a->nested);
	free(a);
	t->aside = NULL;
}

/* Moved there; strings that later attempts may not come with stay as copies. */
static void put_aside(struct result_test *t)
{
	rounds_done(t);
	t->aside = xcalloc(1, sizeof(*t->aside));
	*t->aside = (struct result_told){
		.attempt = t->told,
		.verdict = t->verdict,
		.reason = t->reason,
		.title = t->title,
		.findings = t->findings,
		.nested = t->nested,
		.nested_dropped = t->nested_dropped,
		.duration_ms = t->duration_ms,
	};
	str_set(&t->aside->guest, t->guest);
	str_set(&t->aside->isolation, t->isolation);
	t->reason = t->title = NULL;
	t->findings = t->nested = NULL;
}

static void take_back(struct result_test *t)
{
	struct result_told now = *t->aside;

	*t->aside = (struct result_told){
		.reason = t->reason,
		.title = t->title,
		.guest = t->guest,
		.isolation = t->isolation,
		.findings = t->findings,
		.nested = t->nested,
	};
	t->told = now.attempt;
	t->verdict = now.verdict;
	t->reason = now.reason;
	t->title = now.title;
	t->guest = now.guest;
	t->isolation = now.isolation;
	t->findings = now.findings;
	t->nested = now.nested;
	t->nested_dropped = now.nested_dropped;
	t->duration_ms = now.duration_ms;
	t->cut_off = false;
	rounds_done(t);
}

/* Its last attempt was what counts of a round; what confirms is not. */
static void end_round(struct result_test *t)
{
	if (t->confirming || t->last == VERDICT_NONE)
		return;
	t->flaky_before |= t->flaky;
	if (t->before != VERDICT_NONE && verdict_worse(t->before, t->last) == t->before)
		return;
	t->before = t->last;
	put_aside(t);
}

void rounds_begin(struct result_test *t, const json_t *event)
{
	int round = small_int(event, "round");
	bool confirming = json_is_true(json_object_get(event, "confirm"));

	round = round ? round - 1 : 0;
	t->counted &= round == t->round;
	if (round > t->round || (confirming && !t->confirming)) {
		end_round(t);
		t->failed_before = false;
	} else {
		t->failed_before |= t->last == VERDICT_FAIL || t->last == VERDICT_ERROR;
	}
	t->round = round;
	t->retries = small_int(event, "retry");
	t->confirming = confirming;
	t->last = VERDICT_NONE;
}

void rounds_end(struct result_test *t)
{
	bool bad = t->verdict == VERDICT_FAIL || t->verdict == VERDICT_ERROR;

	t->last = t->verdict;
	t->told = t->attempt;
	t->flaky = t->verdict == VERDICT_PASS && t->failed_before;
	if (t->confirming)
		t->confirmed = t->verdict;
	if (t->confirming || t->counted || (!bad && t->verdict != VERDICT_PASS))
		return;
	t->counted = true;
	t->rate.runs++;
	t->rate.failed += bad;
}

void rounds_sum_up(struct result_test *t)
{
	if (t->aside && (t->confirming ||
			 (is_bad(t->before) && verdict_worse(t->before, t->verdict) == t->before)))
		take_back(t);
	t->flaky = t->verdict == VERDICT_PASS && (t->flaky || t->flaky_before);
}
