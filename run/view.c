// SPDX-License-Identifier: GPL-2.0-only
/* What a run says of itself while it runs: trial_progress(). */
#include <stdlib.h>

#include "run/again.h"
#include "run/jobs.h"
#include "run/schedule.h"

/* Between two views of several at once; each has its ticks. */
#define VIEW_NS (50 * NSEC_PER_MSEC)

/* ---- time left */

struct left {
	const struct run *run;
	int64_t mean_ms; /* of the subtests that have ended; -1: none has */
	int64_t sum_ms, longest_ms;
	bool unknown;
};

static int64_t mean_ms(const struct run *run)
{
	int64_t sum = 0, n = 0;

	for (size_t i = 0; i < run->plan.n; i++)
		for (size_t k = 0; k < run->plan.files[i].n; k++) {
			const struct subtest *s = &run->plan.files[i].subtests[k];

			if (!s->done || s->duration_ms <= 0)
				continue;
			sum += s->duration_ms;
			n++;
		}
	return n ? sum / n : -1;
}

static int64_t running_ms(const struct run *run, const struct subtest *s)
{
	for (size_t i = 0; i < run->ntrials; i++)
		if (run->trials[i]->cur.subtest == s)
			return (loop_now_ns() - run->trials[i]->cur.start_ns) / NSEC_PER_MSEC;
	return 0;
}

static int64_t expected_ms(const struct left *l, const struct subtest *s)
{
	return s->expected_ms ? s->expected_ms : l->mean_ms;
}

static int64_t subtest_left(struct left *l, const struct subtest *s)
{
	int rounds = again_rounds(l->run->settings), more = rounds - s->round - 1;
	int64_t each = expected_ms(l, s), now = each - running_ms(l->run, s);

	if (s->done && more <= 0)
		return 0;
	l->unknown |= each < 0 || rounds == AGAIN_FOR_EVER;
	if (l->unknown)
		return 0;
	now = s->done || now < 0 ? 0 : now;
	return now + (more > 0 ? more * each : 0);
}

int64_t jobs_left_ns(const struct run *run)
{
	struct left l = {.run = run, .mean_ms = mean_ms(run)};
	size_t n = 0, lanes = run->ntrials ? run->ntrials : 1;
	struct unit *const *units = run->schedule ? schedule_units(run->schedule, &n) : NULL;

	for (size_t i = 0; i < n; i++) {
		int64_t ms = 0;

		for (size_t k = 0; k < unit_count(units[i]); k++)
			ms += subtest_left(&l, unit_subtest(units[i], k));
		l.sum_ms += ms;
		l.longest_ms = ms > l.longest_ms ? ms : l.longest_ms;
	}
	if (l.unknown || !n)
		return -1;
	l.sum_ms /= (int64_t)lanes;
	return (l.sum_ms > l.longest_ms ? l.sum_ms : l.longest_ms) * NSEC_PER_MSEC;
}

/* ---- the view */

static void count(const struct run *run, struct run_progress *p)
{
	int rounds = again_rounds(run->settings);

	for (size_t i = 0; i < run->plan.n; i++) {
		const struct test_file *f = &run->plan.files[i];

		p->total += rounds == AGAIN_FOR_EVER ? 0 : f->n * (size_t)rounds;
		for (size_t k = 0; k < f->n; k++) {
			enum verdict v = again_verdict(&f->subtests[k]);

			p->done += (size_t)f->subtests[k].round + f->subtests[k].done;
			p->failed += v != VERDICT_NONE && v != VERDICT_PASS && v != VERDICT_SKIP;
		}
	}
}

static void describe(const struct trial *t, struct run_guest *g)
{
	int64_t since = t->cur.subtest ? t->cur.start_ns : t->phase_ns;
	const struct subtest *s = t->cur.subtest;

	/* What it is started for. */
	if (!s && unit_count(t->unit) == 1)
		s = unit_subtest(t->unit, 0);
	*g = (struct run_guest){
		.file = t->file->base,
		.subtest = s ? s->name : NULL,
		.phase = t->phase,
		.last = t->log ? conlog_last_line(t->log, 0) : NULL,
		.elapsed_ns = loop_now_ns() - since,
	};
}

static void show_several(struct run *run, struct run_progress *p)
{
	_cleanup_free_ struct run_guest *guests = xcalloc(run->ntrials, sizeof(*guests));

	for (size_t i = 0; i < run->ntrials; i++)
		describe(run->trials[i], &guests[i]);
	p->several = true;
	p->guests = guests;
	p->nguests = run->ntrials;
	p->left_ns = jobs_left_ns(run);
	run->ui->progress(run->ui->arg, p);
}

void trial_progress(const struct trial *t)
{
	struct run *run = t->run;
	struct run_progress p = {
		.file = t->file->base,
		.subtest = t->cur.subtest ? t->cur.subtest->name : NULL,
		.phase = t->phase,
		.elapsed_ns = loop_now_ns() - run->start_ns,
		.left_ns = -1,
	};

	if (!run->ui->progress || (run->several && loop_now_ns() - run->shown_ns < VIEW_NS))
		return;
	run->shown_ns = loop_now_ns();
	count(run, &p);
	if (run->several)
		show_several(run, &p);
	else
		run->ui->progress(run->ui->arg, &p);
}

void trial_phase(struct trial *t, const char *phase)
{
	t->phase = phase;
	t->phase_ns = loop_now_ns();
	trial_progress(t);
}
