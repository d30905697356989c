// SPDX-License-Identifier: GPL-2.0-only
#include "report/table.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

#define GAP	    2
#define COLOUR_OFF  "\033[0m"
#define MIN_COLUMNS 8

enum column { COL_VERDICT, COL_TIME, COL_NAME, COL_KERNEL, COL_REASON, COL_TITLE, COLUMNS };

static const bool to_the_right[COLUMNS] = {[COL_TIME] = true};

static const char *const colours[] = {
	[VERDICT_NONE] = "\033[2m",  [VERDICT_PASS] = "\033[32m",  [VERDICT_FAIL] = "\033[31m",
	[VERDICT_SKIP] = "\033[33m", [VERDICT_ERROR] = "\033[35m", [VERDICT_MISS] = "\033[36m",
};

struct table {
	const struct result *r;
	size_t width; /* of a line, 0: any */
	size_t col[COLUMNS];
	bool colour;
};

void table_duration(int64_t ms, struct strbuf *out)
{
	int64_t s = ms / 1000;

	if (ms < 0)
		strbuf_puts(out, "-");
	else if (s < 10)
		strbuf_addf(out, "%" PRId64 ".%02ds", s, (int)(ms % 1000 / 10));
	else if (s < 100)
		strbuf_addf(out, "%" PRId64 ".%ds", s, (int)(ms % 1000 / 100));
	else if (s < 3600)
		strbuf_addf(out, "%" PRId64 "m%02ds", s / 60, (int)(s % 60));
	else
		strbuf_addf(out, "%" PRId64 "h%02dm", s / 3600, (int)(s / 60 % 60));
}

void table_rate(const struct rate *r, struct strbuf *out)
{
	double low, high;

	if (r->runs < 2)
		return;
	rate_interval(r, &low, &high);
	strbuf_addf(out, "%" PRId64 " of %" PRId64 " failed (%.1f to %.1f %%)", r->failed, r->runs,
		    100 * low, 100 * high);
}

const char *table_confirmed(const struct result_test *t)
{
	switch (t->confirmed) {
	case VERDICT_FAIL:
	case VERDICT_ERROR:
		return "confirmed";
	case VERDICT_PASS:
		return "not confirmed";
	default:
		return "could not be confirmed";
	}
}

static void add_name(const struct result_test *t, size_t max, struct strbuf *out)
{
	_cleanup_free_ char *name = xasprintf("%s %s", t->file, t->subtest);

	text_escape(out, name, strlen(name), max);
}

static void add_reason(const struct result_test *t, struct strbuf *out)
{
	if (t->cut_off)
		strbuf_puts(out, "cut off");
	else if (t->verdict == VERDICT_NONE)
		strbuf_puts(out, "not run");
	else if (t->reason)
		text_escape(out, t->reason, strlen(t->reason), 20);
	if (t->undecisive)
		strbuf_puts(out, ", not counted");
	if (t->flaky)
		strbuf_addf(out, "%sflaky, attempt %d", out->len ? ", " : "", t->told);
	if (t->confirmed != VERDICT_NONE)
		strbuf_addf(out, "%s%s", out->len ? ", " : "", table_confirmed(t));
	if (t->rate.runs > 1 && out->len)
		strbuf_puts(out, ", ");
	table_rate(&t->rate, out);
}

/* A cell as text of at most max columns, 0: any. */
static void cell(const struct result_test *t, enum column c, size_t max, struct strbuf *out)
{
	switch (c) {
	case COL_VERDICT:
		strbuf_puts(out, verdict_name(t->verdict));
		break;
	case COL_TIME:
		table_duration(t->verdict == VERDICT_NONE ? -1 : t->duration_ms, out);
		break;
	case COL_NAME:
		add_name(t, max, out);
		break;
	case COL_KERNEL:
		if (t->kernel)
			text_escape(out, t->kernel, strlen(t->kernel), 20);
		break;
	case COL_REASON:
		add_reason(t, out);
		break;
	case COL_TITLE:
		if (t->title)
			text_escape(out, t->title, strlen(t->title), max);
		break;
	default:
		break;
	}
}

static size_t columns(const struct strbuf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += (b->s[i] & 0xc0) != 0x80;
	return n;
}

static void widen(struct table *tab, enum column c)
{
	for (size_t i = 0; i < tab->r->n; i++) {
		_cleanup_strbuf_ struct strbuf b = {0};
		size_t n;

		cell(&tab->r->tests[i], c, 0, &b);
		n = columns(&b);
		if (n > tab->col[c])
			tab->col[c] = n;
	}
}

static size_t left_of(const struct table *tab, enum column end)
{
	size_t n = 0;

	for (int c = 0; c < (int)end; c++)
		n += tab->col[c] ? tab->col[c] + GAP : 0;
	return n;
}

/* The title gets what is left of the line; the names at most half of it. */
static void lay_out(struct table *tab)
{
	bool kernels = json_array_size(tab->r->kernels) > 1;
	size_t used;

	for (int c = 0; c < COLUMNS; c++)
		if (c != COL_KERNEL || kernels)
			widen(tab, (enum column)c);
	if (!tab->width)
		return;
	if (tab->col[COL_NAME] > tab->width / 2)
		tab->col[COL_NAME] = tab->width / 2;
	used = left_of(tab, COL_TITLE);
	if (tab->col[COL_TITLE] && used + tab->col[COL_TITLE] > tab->width)
		tab->col[COL_TITLE] =
			used + MIN_COLUMNS < tab->width ? tab->width - used : MIN_COLUMNS;
}

static void add_blanks(struct strbuf *out, size_t n)
{
	while (n--)
		strbuf_putc(out, ' ');
}

static void add_cell(const struct table *tab, const struct result_test *t, enum column c,
		     struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	bool coloured = tab->colour && c == COL_VERDICT;
	size_t pad;

	cell(t, c, tab->col[c], &b);
	pad = tab->col[c] > columns(&b) ? tab->col[c] - columns(&b) : 0;
	if (to_the_right[c])
		add_blanks(out, pad);
	if (coloured)
		strbuf_puts(out, colours[t->verdict]);
	strbuf_add(out, b.s, b.len);
	if (coloured)
		strbuf_puts(out, COLOUR_OFF);
	if (!to_the_right[c])
		add_blanks(out, pad);
}

static void add_row(const struct table *tab, const struct result_test *t, struct strbuf *out)
{
	for (int c = 0; c < COLUMNS; c++) {
		if (!tab->col[c])
			continue;
		if (c)
			add_blanks(out, GAP);
		add_cell(tab, t, (enum column)c, out);
	}
	while (out->len && out->s[out->len - 1] == ' ')
		out->s[--out->len] = '\0';
	strbuf_putc(out, '\n');
}

static void add_kernels(const struct result *r, struct strbuf *out)
{
	for (size_t i = 0; json_array_size(r->kernels) > 1 && i < json_array_size(r->kernels);
	     i++) {
		const json_t *k = json_array_get(r->kernels, i);
		const char *const parts[] = {json_get_str(k, "id"), json_get_str(k, "release"),
					     json_get_str(k, "arch"), json_get_str(k, "variant")};
		const char *gap = "";

		for (size_t p = 0; p < ARRAY_SIZE(parts); p++) {
			if (!parts[p])
				continue;
			strbuf_puts(out, gap);
			text_escape(out, parts[p], strlen(parts[p]), 60);
			gap = p ? " " : ": ";
		}
		strbuf_putc(out, '\n');
	}
}

static void add_count(unsigned int n, const char *words, bool *any, struct strbuf *out)
{
	if (n)
		strbuf_addf(out, "%s%u %s", *any ? ", " : ": ", n, words);
	*any |= n != 0;
}

static void add_ending(const struct result *r, struct strbuf *out)
{
	if (r->interrupted) {
		strbuf_puts(out, "; interrupted by ");
		text_escape(out, r->interrupted, strlen(r->interrupted), 20);
	} else if (!r->finished) {
		strbuf_puts(out, "; the run was cut off");
	}
	strbuf_putc(out, '\n');
}

/* Phases that failed, and count. */
static void add_phases(const struct result *r, struct strbuf *out)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct result_test *t = &r->tests[i];

		if (!t->phase || t->undecisive || t->verdict == VERDICT_PASS)
			continue;
		strbuf_puts(out, "; ");
		add_name(t, 60, out);
		strbuf_puts(out, t->verdict == VERDICT_FAIL ? " failed" : " is broken");
	}
}

static void add_counts(const struct result *r, struct strbuf *out)
{
	unsigned int flaky = 0, cut_off = 0;
	size_t subtests = 0;
	bool any = false;

	for (size_t i = 0; i < r->n; i++) {
		flaky += r->tests[i].flaky;
		cut_off += r->tests[i].cut_off;
		subtests += !r->tests[i].phase;
	}
	strbuf_addf(out, "%zu subtest%s", subtests, subtests == 1 ? "" : "s");
	add_count(r->counts.n[VERDICT_PASS], "passed", &any, out);
	add_count(r->counts.n[VERDICT_FAIL], "failed", &any, out);
	add_count(r->counts.n[VERDICT_SKIP], "skipped", &any, out);
	add_count(r->counts.n[VERDICT_ERROR], "broken", &any, out);
	add_count(r->counts.n[VERDICT_MISS], "without a verdict", &any, out);
	add_count(cut_off, "cut off", &any, out);
	add_count(r->counts.n[VERDICT_NONE] - cut_off, "not run", &any, out);
	add_count(flaky, "flaky", &any, out);
	add_phases(r, out);
	add_ending(r, out);
}

void table_format(const struct result *r, int width, bool colour, struct strbuf *out)
{
	struct table tab = {.r = r, .colour = colour};

	tab.width = width > 0 ? (size_t)width : 0;
	lay_out(&tab);
	for (size_t i = 0; i < r->n; i++)
		add_row(&tab, &r->tests[i], out);
	add_kernels(r, out);
	add_counts(r, out);
}

void table_print(FILE *f, const struct result *r, int width, bool colour)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	table_format(r, width, colour, &b);
	fwrite(b.s, 1, b.len, f);
	fflush(f);
}
