// SPDX-License-Identifier: GPL-2.0-only
#include "diag/scan.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "diag/patterns.h"
#include "diag/report.h"

#define LINE_USED_MAX 4096
#define CALLERS_MAX   8
#define CALLER_MAX    16

/* Lines that began a report or belonged to the beginning of one: the latest of them. */
#define SEEN_MAX 64

/* A task or processor that prints; where the kernel does not tell callers, all of them together. */
struct speaker {
	char caller[CALLER_MAX]; /* caller_len bytes */
	size_t caller_len;
	int64_t last; /* number of its last line */
	struct report report;
	struct ruler ruler;
};

struct scan {
	scan_finding_fn *fn;
	void *arg;
	int64_t line;  /* number of the next one */
	bool panicked; /* what follows a panic is its noise */
	struct speaker speakers[CALLERS_MAX];
	size_t nspeakers;
	uint64_t seen[SEEN_MAX];
	unsigned int nseen;
};

static const struct {
	const char *name, *reason;
} kinds[] = {
	[FINDING_PANIC] = {"panic", "panic"},
	[FINDING_OOPS] = {"oops", "oops"},
	[FINDING_BUG] = {"bug", "bug"},
	[FINDING_WARNING] = {"warning", "warning"},
	[FINDING_KASAN] = {"kasan", "kasan"},
	[FINDING_KMSAN] = {"kmsan", "kmsan"},
	[FINDING_KCSAN] = {"kcsan", "kcsan"},
	[FINDING_KFENCE] = {"kfence", "kfence"},
	[FINDING_UBSAN] = {"ubsan", "ubsan"},
	[FINDING_LOCKDEP] = {"lockdep", "lockdep"},
	[FINDING_LOCKUP] = {"lockup", "hang"},
	[FINDING_HUNG_TASK] = {"hung_task", "hang"},
	[FINDING_RCU_STALL] = {"rcu_stall", "hang"},
	[FINDING_LEAK] = {"leak", "leak"},
};

const char *finding_kind_name(enum finding_kind k)
{
	return kinds[k].name;
}

const char *finding_reason(enum finding_kind k)
{
	return kinds[k].reason;
}

enum finding_kind finding_kind_find(const char *name)
{
	enum finding_kind k = FINDING_PANIC;

	while (k < FINDING_KINDS && !str_eq(name, finding_kind_name(k)))
		k++;
	return k;
}

bool finding_fatal(enum finding_kind k)
{
	return k == FINDING_PANIC;
}

void finding_done(struct finding *f)
{
	free(f->title);
	free(f->function);
	free(f->text);
	*f = (struct finding){0};
}

uint64_t kline_key(const struct kline *l)
{
	return XXH3_64bits_withSeed(l->text, l->len, (uint64_t)l->stamp_us);
}

struct scan *scan_new(scan_finding_fn *fn, void *arg)
{
	struct scan *s = xcalloc(1, sizeof(*s));

	s->fn = fn;
	s->arg = arg;
	return s;
}

void scan_free(struct scan *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->nspeakers; i++)
		report_done(&s->speakers[i].report);
	free(s);
}

static void report_close(struct scan *s, struct report *r)
{
	struct finding f;

	if (!r->p)
		return;
	report_finding(r, &f);
	s->fn(s->arg, &f);
	finding_done(&f);
	r->p = NULL;
}

/* The speaker of a line. If there is no room for another, the one silent for longest goes. */
static struct speaker *speaker_of(struct scan *s, const struct kline *l)
{
	size_t len = l->caller_len < CALLER_MAX ? l->caller_len : CALLER_MAX;
	struct speaker *oldest = s->speakers;

	for (size_t i = 0; i < s->nspeakers; i++) {
		struct speaker *sp = &s->speakers[i];

		if (sp->caller_len == len && !memcmp(sp->caller, l->caller, len))
			return sp;
		if (sp->last < oldest->last)
			oldest = sp;
	}
	if (s->nspeakers < CALLERS_MAX)
		oldest = &s->speakers[s->nspeakers++];
	report_close(s, &oldest->report);
	oldest->ruler.len = 0;
	oldest->caller_len = len;
	memcpy(oldest->caller, l->caller, len);
	return oldest;
}

static bool is_repetition(struct scan *s, const struct kline *l)
{
	uint64_t key = kline_key(l);

	if (l->stamp_us < 0)
		return false;
	for (size_t i = 0; i < SEEN_MAX && i < s->nseen; i++)
		if (s->seen[i] == key)
			return true;
	s->seen[s->nseen++ % SEEN_MAX] = key;
	return false;
}

static void report_start(struct scan *s, struct speaker *sp, const struct pattern *p,
			 const struct kline *l, int64_t n)
{
	if (report_adopts(&sp->report, p)) {
		report_adopt(&sp->report, p, l, n);
		return;
	}
	report_close(s, &sp->report);
	report_begin(&sp->report, p, &sp->ruler, l, n);
	if (p->kind == FINDING_PANIC)
		s->panicked = true;
	if (p->end == END_LINE)
		report_close(s, &sp->report);
}

static void speaker_line(struct scan *s, struct speaker *sp, const struct kline *l, int64_t n)
{
	const struct pattern *p = NULL;

	if (!s->panicked && !l->follows)
		p = pattern_match(l->text, l->record_len, l->level);
	if (p && is_repetition(s, l))
		return;
	if (p && !report_takes(&sp->report, p)) {
		report_start(s, sp, p, l, n);
		sp->ruler.len = 0;
		return;
	}
	/* The ruler that ends a report opens none. */
	if (!(sp->report.p && sp->report.end == END_EQUALS))
		ruler_read(&sp->ruler, l, n);
	if (sp->report.p && report_follow(&sp->report, l, n))
		report_close(s, &sp->report);
}

void scan_line(struct scan *s, const struct kline *l)
{
	struct speaker *sp = speaker_of(s, l);
	struct kline line = *l;

	if (line.len > LINE_USED_MAX)
		line.len = LINE_USED_MAX;
	if (line.record_len < line.len || line.record_len > LINE_USED_MAX)
		line.record_len = line.len;
	sp->last = s->line;
	speaker_line(s, sp, &line, s->line++);
}

void scan_idle(struct scan *s)
{
	for (size_t i = 0; i < s->nspeakers; i++)
		report_close(s, &s->speakers[i].report);
}

void scan_flush(struct scan *s)
{
	scan_idle(s);
	s->panicked = false;
}

void scan_reboot(struct scan *s)
{
	scan_flush(s);
	s->nseen = 0;
}
