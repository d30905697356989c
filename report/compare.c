// SPDX-License-Identifier: GPL-2.0-only
#include "report/compare.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "report/table.h"
#include "run/noise.h"

struct state {
	const struct compare *c;
	struct strbuf *out;
	struct compare_counts *n;
	json_t *old; /* key to index in the old run's tests */
};

static bool is_failure(enum verdict v)
{
	return v == VERDICT_FAIL || v == VERDICT_ERROR;
}

/* Of a phase that decides nothing, none. */
static enum verdict verdict_of(const struct result_test *t)
{
	return !t || t->undecisive ? VERDICT_NONE : t->verdict;
}

static bool is_none(enum verdict v)
{
	return v == VERDICT_MISS || v == VERDICT_NONE;
}

/* ---- which is which */

static char *key_of(const struct result *r, const struct result_test *t)
{
	const char *arch = NULL, *variant = NULL;
	json_t *k;
	size_t i;

	json_array_foreach (r->kernels, i, k)
		if (!t->kernel || str_eq(json_get_str(k, "id"), t->kernel)) {
			arch = json_get_str(k, "arch");
			variant = json_get_str(k, "variant");
			break;
		}
	return xasprintf("%s\n%s\n%s\n%s", t->file, t->subtest, arch ? arch : "",
			 variant ? variant : "");
}

/* What is not UTF-8 in a name has become so when the journal was written. */
static json_t *index_of(const struct result *r)
{
	json_t *index = json_object();

	for (size_t i = 0; i < r->n; i++) {
		_cleanup_free_ char *key = key_of(r, &r->tests[i]);

		json_object_set_new(index, key, json_integer((json_int_t)i));
	}
	return index;
}

static const struct result_test *find(const struct state *s, const struct result_test *now)
{
	_cleanup_free_ char *key = key_of(s->c->now, now);
	int64_t i = json_get_int(s->old, key, -1);

	if (i < 0)
		return NULL;
	json_object_del(s->old, key);
	return &s->c->old->tests[i];
}

/* ---- lines */

static void add_line(struct state *s, const char *what, const struct result_test *t,
		     const char *why)
{
	_cleanup_free_ char *name = xasprintf("%s %s", t->file, t->subtest);

	strbuf_addf(s->out, "%-8s ", what);
	text_escape(s->out, name, strlen(name), 0);
	if (why) {
		strbuf_puts(s->out, ": ");
		text_escape(s->out, why, strlen(why), 0);
	}
	strbuf_putc(s->out, '\n');
}

static void add_duration(struct state *s, const char *what, const struct result_test *old,
			 const struct result_test *now, size_t n, int64_t median_ms)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	double change = 100.0 * (double)(now->duration_ms - median_ms) /
			(double)(median_ms > 0 ? median_ms : 1);

	table_duration(old->duration_ms, &why);
	strbuf_puts(&why, " to ");
	table_duration(now->duration_ms, &why);
	strbuf_addf(&why, ", %+.0f %% over the median of %zu runs", change, n);
	add_line(s, what, now, why.s);
}

static void judge_duration(struct state *s, const struct result_test *old,
			   const struct result_test *now)
{
	int64_t past[COMPARE_PAST_MAX], median_ms = 0;
	size_t n = s->c->past
			   ? s->c->past(s->c->arg, now->file, now->subtest, past, ARRAY_SIZE(past))
			   : 0;

	switch (noise_judge(past, n, now->duration_ms, &median_ms)) {
	case NOISE_SLOWER:
		s->n->slower++;
		add_duration(s, "slower", old, now, n, median_ms);
		break;
	case NOISE_FASTER:
		s->n->faster++;
		add_duration(s, "faster", old, now, n, median_ms);
		break;
	case NOISE_SAME:
		s->n->same++;
		break;
	default:
		s->n->unknown++;
		break;
	}
}

static const char *why_of(const struct result_test *t)
{
	if (t->verdict == VERDICT_NONE)
		return t->cut_off ? "cut off" : "not run";
	return t->title ? t->title : t->reason;
}

static void compare_test(struct state *s, const struct result_test *old,
			 const struct result_test *now)
{
	enum verdict before = verdict_of(old), verdict = verdict_of(now);

	if (is_failure(verdict) && is_failure(before)) {
		s->n->still++;
	} else if (is_failure(verdict)) {
		s->n->failed++;
		add_line(s, "failed", now, why_of(now));
	} else if (is_none(verdict) && old && !is_none(before) && !now->phase) {
		s->n->lost++;
		add_line(s, "lost", now, why_of(now));
	} else if (verdict == VERDICT_PASS && is_failure(before)) {
		s->n->fixed++;
		add_line(s, "fixed", now, why_of(old));
	} else if (verdict == VERDICT_PASS && before == VERDICT_PASS && !now->phase) {
		judge_duration(s, old, now);
	}
}

/* Whether guests of that file have come to a subtest. */
static bool has_run(const struct result *r, const char *file)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_eq(r->tests[i].file, file) && !r->tests[i].phase &&
		    !is_none(r->tests[i].verdict))
			return true;
	return false;
}

/* Where nothing goes wrong, a phase has no row. */
static void compare_gone(struct state *s, const struct result_test *old)
{
	if (!old->phase) {
		s->n->gone++;
		add_line(s, "gone", old, NULL);
	} else if (is_failure(old->verdict) && has_run(s->c->now, old->file)) {
		s->n->fixed++;
		add_line(s, "fixed", old, why_of(old));
	}
}

/* ---- all of it */

static void add_count(struct strbuf *out, unsigned int n, const char *words)
{
	bool begun = out->len && out->s[out->len - 1] != '\n';

	if (n)
		strbuf_addf(out, "%s%u %s", begun ? ", " : "", n, words);
}

static void add_counts(struct strbuf *out, const struct compare_counts *n)
{
	size_t before = out->len;

	add_count(out, n->failed, "failed that did not before");
	add_count(out, n->fixed, "fixed");
	add_count(out, n->still, "failed in both");
	add_count(out, n->lost, "without a verdict that had one");
	add_count(out, n->gone, "not in the second run");
	add_count(out, n->slower, "slower");
	add_count(out, n->faster, "faster");
	add_count(out, n->same, "as fast, within noise");
	add_count(out, n->unknown, "with too few earlier runs to judge their times by");
	strbuf_puts(out, out->len == before ? "nothing to compare\n" : "\n");
}

void compare_format(const struct compare *c, struct strbuf *out, struct compare_counts *counts)
{
	struct state s = {.c = c, .out = out, .n = counts, .old = index_of(c->old)};
	const char *key;
	json_t *at;

	*counts = (struct compare_counts){0};
	for (size_t k = 0; k < c->now->n; k++)
		compare_test(&s, find(&s, &c->now->tests[k]), &c->now->tests[k]);
	json_object_foreach (s.old, key, at) {
		const struct result_test *t = &c->old->tests[json_integer_value(at)];

		if (!is_none(verdict_of(t)))
			compare_gone(&s, t);
	}
	json_decref(s.old);
	add_counts(out, counts);
}
