// SPDX-License-Identifier: GPL-2.0-only
#include "diag/scan.h"

#include <stdlib.h>
#include <string.h>

#include "diag/patterns.h"
#include "diag/prefix.h"
#include "diag/report.h"

#define LINE_USED_MAX 4096

/*
 * CPUs stamp before they queue, so stamps go backwards a little. A dmesg that a test dumps at once
 * falls into the same span and is known by its being a repetition.
 */
#define STAMP_SLACK_US 100000
#define BEGINNINGS     16

/* A storm of warnings is not worth a journal of its own; panics count always. */
#define FINDINGS_MAX 200

struct beginning {
	int64_t stamp;
	uint64_t hash;
};

struct scan {
	struct scan_options o;
	scan_finding_fn *fn;
	void *arg;
	int64_t line;	    /* number of the next one */
	int64_t ruler;	    /* number of the last line of '=' */
	int64_t last_stamp; /* -1: none yet */
	unsigned int found; /* since the last flush */
	bool panicked;	    /* what follows a panic is its noise */
	struct report report;
	struct beginning seen[BEGINNINGS]; /* the latest reports */
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

bool finding_fatal(enum finding_kind k)
{
	return k == FINDING_PANIC;
}

void finding_done(struct finding *f)
{
	free(f->title);
	free(f->function);
	*f = (struct finding){0};
}

struct scan *scan_new(const struct scan_options *o, scan_finding_fn *fn, void *arg)
{
	struct scan *s = xcalloc(1, sizeof(*s));

	s->o = *o;
	s->fn = fn;
	s->arg = arg;
	s->last_stamp = -1;
	s->ruler = -1;
	return s;
}

void scan_free(struct scan *s)
{
	free(s);
}

static void report_close(struct scan *s)
{
	struct finding f;

	if (!s->report.p)
		return;
	if (s->found++ < FINDINGS_MAX || s->report.p->kind == FINDING_PANIC) {
		report_finding(&s->report, &f);
		s->fn(s->arg, &f);
		finding_done(&f);
	}
	s->report.p = NULL;
}

static uint64_t hash_bytes(const char *p, size_t len)
{
	uint64_t h = 0xcbf29ce484222325ULL; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)p[i]) * 0x100000001b3ULL;
	return h;
}

/* The same words at the same microsecond are a dmesg, not a second bug. */
static bool is_repetition(struct scan *s, int64_t stamp, const char *msg, size_t len)
{
	struct beginning b = {stamp, hash_bytes(msg, len)};

	if (stamp < 0)
		return false;
	for (size_t i = 0; i < BEGINNINGS && i < s->nseen; i++)
		if (s->seen[i].stamp == b.stamp && s->seen[i].hash == b.hash)
			return true;
	s->seen[s->nseen++ % BEGINNINGS] = b;
	return false;
}

static int report_start(struct scan *s, const struct pattern *p, const char *msg, size_t len,
			int64_t n)
{
	int64_t first = s->ruler >= 0 && s->ruler == n - 1 ? s->ruler : n;

	if (report_adopts(&s->report, p)) {
		report_adopt(&s->report, p, msg, len, n);
		return (int)p->kind + 1;
	}
	report_close(s);
	report_begin(&s->report, p, msg, len, first, n);
	if (p->kind == FINDING_PANIC)
		s->panicked = true;
	if (p->flags & PATTERN_CUT)
		return 0;
	if (p->end == END_LINE)
		report_close(s);
	return (int)p->kind + 1;
}

static int kernel_line(struct scan *s, int64_t stamp, const char *msg, size_t len, int64_t n)
{
	const struct pattern *p = s->panicked ? NULL : pattern_match(msg, len);

	if (p && !report_takes(&s->report, p)) {
		if (is_repetition(s, stamp, msg, len))
			return 0;
		return report_start(s, p, msg, len, n);
	}
	/* The ruler that ends a report opens none. */
	if (len && msg[0] == '=' && is_ruler(msg, len) &&
	    !(s->report.p && s->report.end == END_EQUALS))
		s->ruler = n;
	if (s->report.p && report_follow(&s->report, msg, len, n))
		report_close(s);
	return 0;
}

/*
 * The kernel's message in a line: *at where it begins. A test that has not ended its line has the
 * kernel's behind it, so a stamp is looked for anywhere.
 */
static bool find_stamped(const char *line, size_t len, size_t *at, int64_t *stamp)
{
	const char *p = line, *end = line + len;

	if (len && line[0] != '[') {
		*at = printk_prefix(line, len, stamp);
		if (*stamp >= 0)
			return true;
	}
	for (; p < end && (p = memchr(p, '[', (size_t)(end - p))); p++) {
		*at = (size_t)(p - line) + printk_prefix(p, (size_t)(end - p), stamp);
		if (*stamp >= 0)
			return true;
	}
	return false;
}

int scan_line(struct scan *s, const char *line, size_t len)
{
	int64_t n = s->line++, stamp;
	size_t at;

	if (len > LINE_USED_MAX)
		len = LINE_USED_MAX;
	while (len && line[len - 1] == '\r')
		len--;
	if (!s->o.require_stamp) {
		at = printk_prefix(line, len, &stamp);
		return kernel_line(s, -1, line + at, len - at, n);
	}
	if (!find_stamped(line, len, &at, &stamp) || stamp + STAMP_SLACK_US < s->last_stamp)
		return 0;
	if (stamp > s->last_stamp)
		s->last_stamp = stamp;
	return kernel_line(s, stamp, line + at, len - at, n);
}

void scan_flush(struct scan *s, bool rebooted)
{
	report_close(s);
	s->panicked = false;
	s->found = 0;
	if (!rebooted)
		return;
	s->last_stamp = -1;
	s->nseen = 0;
}
