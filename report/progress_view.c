// SPDX-License-Identifier: GPL-2.0-only
/* The lines of a run whose tests run side by side. */
#include "report/progress.h"

#include <string.h>

#include "base/loop.h"
#include "base/text.h"

#define TIME_COLUMNS 7
#define BAR_COLUMNS  30
#define BAR_MIN	     8

static void add_blanks(struct strbuf *out, size_t n)
{
	while (n--)
		strbuf_putc(out, ' ');
}

static void add_right(const struct strbuf *b, size_t columns, struct strbuf *out)
{
	add_blanks(out, b->len < columns ? columns - b->len : 0);
	strbuf_add(out, b->s, b->len);
}

static void add_name(const struct run_guest *g, size_t max, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	strbuf_puts(&b, g->file);
	if (g->subtest)
		strbuf_addf(&b, " %s", g->subtest);
	add_blanks(out, max - text_escape(out, b.s, b.len, max));
}

static size_t name_columns(const struct run_progress *p, size_t shown, size_t width)
{
	size_t max = 0;

	for (size_t i = 0; i < shown; i++) {
		_cleanup_strbuf_ struct strbuf b = {0};
		const struct run_guest *g = &p->guests[i];
		size_t n = text_escape(&b, g->file, strlen(g->file), 0);

		n += g->subtest ? 1 + text_escape(&b, g->subtest, strlen(g->subtest), 0) : 0;
		max = n > max ? n : max;
	}
	return max > width / 3 ? width / 3 : max;
}

/* "   1:23  disks unplug  (boot) what it said last" */
static void add_guest(const struct run_guest *g, size_t names, size_t width, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf time = {0}, rest = {0};
	size_t used = TIME_COLUMNS + 2 + names + 2;

	progress_time(g->elapsed_ns, &time);
	add_right(&time, TIME_COLUMNS, out);
	add_blanks(out, 2);
	add_name(g, names, out);
	/* That a subtest runs goes without saying. */
	if (g->phase && !(g->subtest && !strcmp(g->phase, "run")))
		strbuf_addf(&rest, "(%s)", g->phase);
	if (g->last)
		strbuf_addf(&rest, "%s%s", rest.len ? " " : "", g->last);
	if (!rest.len || used >= width)
		return;
	add_blanks(out, 2);
	text_escape(out, rest.s, rest.len, width - used);
}

static void add_bar(const struct run_progress *p, size_t columns, struct strbuf *out)
{
	size_t inner = columns - 2, full = inner * p->done / p->total;

	strbuf_putc(out, '[');
	for (size_t i = 0; i < inner; i++)
		strbuf_putc(out, i < full ? '#' : '.');
	strbuf_puts(out, "]  ");
}

/* "   4:05  [####......]  12 of 40 done, 1 failed, 1:10 left" */
static void add_whole(const struct run_progress *p, size_t width, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf time = {0}, words = {0}, line = {0};
	size_t room;

	progress_time(p->elapsed_ns, &time);
	add_right(&time, TIME_COLUMNS, &line);
	strbuf_puts(&line, "  ");
	strbuf_addf(&words, "%zu", p->done);
	if (p->total)
		strbuf_addf(&words, " of %zu", p->total);
	strbuf_puts(&words, " done");
	if (p->failed)
		strbuf_addf(&words, ", %zu failed", p->failed);
	if (p->left_ns >= 0) {
		strbuf_puts(&words, ", ");
		progress_time(p->left_ns, &words);
		strbuf_puts(&words, " left");
	}
	room = width > line.len + words.len + 2 ? width - line.len - words.len - 2 : 0;
	if (room >= BAR_MIN && p->total)
		add_bar(p, room < BAR_COLUMNS ? room : BAR_COLUMNS, &line);
	strbuf_add(&line, words.s, words.len);
	text_escape(out, line.s, line.len, width);
}

void progress_view(const struct run_progress *p, size_t width, size_t height, struct strbuf *out)
{
	size_t shown = p->nguests, names;

	if (shown + 1 > height)
		shown = height > 2 ? height - 2 : 0;
	names = name_columns(p, shown, width);
	for (size_t i = 0; i < shown; i++) {
		add_guest(&p->guests[i], names, width, out);
		strbuf_putc(out, '\n');
	}
	if (shown < p->nguests && height > 1) {
		add_blanks(out, TIME_COLUMNS + 2);
		strbuf_addf(out, "and %zu more\n", p->nguests - shown);
	}
	add_whole(p, width, out);
}
