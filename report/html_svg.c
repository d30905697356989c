// SPDX-License-Identifier: GPL-2.0-only
/* The pictures of the page. Geometry is in pixels of a drawing that the page scales. */
#include <inttypes.h>
#include <string.h>

#include "base/loop.h"
#include "report/html_parts.h"
#include "report/table.h"
#include "report/xml.h"

#define WIDTH	    1100
#define LABEL	    70 /* what the names of guests take */
#define LABEL_WIDTH 40 /* what a time takes */
#define ROW	    22
#define BAR	    14
#define AXIS	    20
#define ROWS_MAX    400
#define BARS_MAX    5000

struct scale {
	int64_t start_ns, span_ns;
};

static double at(const struct scale *s, int64_t t_ns)
{
	int64_t off = t_ns - s->start_ns;

	if (off < 0)
		off = 0;
	if (off > s->span_ns)
		off = s->span_ns;
	return LABEL + (double)off * (WIDTH - LABEL - 2) / (double)s->span_ns;
}

/* The first of 1, 2, 5, 10, 30 s ... that gives at most ten marks. */
static int64_t tick_of(int64_t span_ns)
{
	static const int seconds[] = {1,   2,	 5,    10,   30,    60,	   120,	  300,
				      600, 1800, 3600, 7200, 21600, 86400, 604800};

	for (size_t i = 0; i < ARRAY_SIZE(seconds); i++)
		if (span_ns / (seconds[i] * NSEC_PER_SEC) <= 10)
			return seconds[i] * NSEC_PER_SEC;
	return span_ns / 10;
}

static void add_axis(struct strbuf *b, const struct scale *s, int height)
{
	int64_t tick = tick_of(s->span_ns);

	for (int i = 0; i <= 10 && i * tick <= s->span_ns; i++) {
		_cleanup_strbuf_ struct strbuf label = {0};
		double x = at(s, s->start_ns + i * tick);

		strbuf_addf(b, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>\n", x, x,
			    AXIS - 4, height);
		table_duration(i * tick / NSEC_PER_MSEC, &label);
		if (x + LABEL_WIDTH < WIDTH)
			strbuf_addf(b, "<text x=\"%.1f\" y=\"12\">%s</text>\n", x, label.s);
	}
}

static void add_bar(struct strbuf *b, const struct scale *s, int y, int64_t from, int64_t to,
		    const char *class, const char *title)
{
	double x = at(s, from), w = at(s, to) - x;

	strbuf_addf(b,
		    "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"><title>",
		    class, x, y, w < 1.5 ? 1.5 : w, BAR);
	xml_text(b, title, strlen(title));
	strbuf_puts(b, "</title></rect>\n");
}

static void add_guest(struct strbuf *b, const struct scale *s, const struct result_guest *g, int y)
{
	int64_t end = g->end_ns ? g->end_ns : s->start_ns + s->span_ns;
	int64_t ready = g->ready_ns ? g->ready_ns : end;
	_cleanup_free_ char *title = xasprintf("%s%s%s%s%s", g->name, g->kernel ? ", kernel " : "",
					       g->kernel ? g->kernel : "", g->reason ? ": " : "",
					       g->reason ? g->reason : "");

	strbuf_addf(b, "<text x=\"0\" y=\"%d\">", y + BAR - 3);
	xml_text(b, g->name, strnlen(g->name, 9));
	strbuf_puts(b, "</text>\n");
	add_bar(b, s, y, g->start_ns, ready, "boot", title);
	if (g->ready_ns)
		add_bar(b, s, y, ready, end, "up", title);
}

static int row_of(const struct result *r, const char *guest)
{
	for (size_t i = 0; guest && i < r->nguests && i < ROWS_MAX; i++)
		if (!strcmp(r->guests[i].name, guest))
			return (int)i;
	return -1;
}

static void add_attempts(struct strbuf *b, const struct scale *s, const struct result *r,
			 const struct result_test *t, int *room)
{
	for (size_t i = 0; i<t->nattempts && * room> 0; i++, --*room) {
		const struct result_attempt *a = &t->attempts[i];
		int row = row_of(r, a->guest);
		_cleanup_strbuf_ struct strbuf title = {0};

		if (row < 0 || !a->start_ns)
			continue;
		strbuf_addf(&title, "%s %s: %s ", t->file, t->subtest, verdict_name(a->verdict));
		table_duration(a->duration_ms, &title);
		add_bar(b, s, AXIS + row * ROW + 4, a->start_ns,
			a->end_ns ? a->end_ns : s->start_ns + s->span_ns,
			html_verdict_class(a->verdict), title.s);
	}
}

void html_timeline(struct strbuf *b, const struct result *r)
{
	struct scale s = {r->start_ns, r->end_ns - r->start_ns};
	size_t rows = r->nguests < ROWS_MAX ? r->nguests : ROWS_MAX;
	int height = AXIS + (int)rows * ROW, room = BARS_MAX;

	if (!rows || s.span_ns <= 0)
		return;
	strbuf_addf(b,
		    "<h2>Timeline</h2>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" "
		    "aria-label=\"guests and their subtests over time\">\n",
		    WIDTH, height);
	add_axis(b, &s, height);
	for (size_t i = 0; i < rows; i++)
		add_guest(b, &s, &r->guests[i], AXIS + (int)i * ROW + 4);
	for (size_t i = 0; i < r->n && room > 0; i++)
		add_attempts(b, &s, r, &r->tests[i], &room);
	strbuf_puts(b, "</svg>\n");
	if (rows < r->nguests || !room)
		html_element(b, "p", "dim", "The picture leaves out what goes beyond its limits.");
}

void html_sparkline(struct strbuf *b, const struct html_past *past, size_t n)
{
	int64_t most = 1;

	if (n < 2)
		return;
	for (size_t i = 0; i < n; i++)
		if (past[i].duration_ms > most)
			most = past[i].duration_ms;
	strbuf_addf(b,
		    "<svg class=\"spark\" width=\"%zu\" height=\"18\" role=\"img\" "
		    "aria-label=\"earlier runs\">",
		    n * 4);
	for (size_t i = 0; i < n; i++) {
		double h = 2 + 16.0 * (double)past[i].duration_ms / (double)most;
		_cleanup_strbuf_ struct strbuf time = {0};

		table_duration(past[i].duration_ms, &time);
		strbuf_addf(b,
			    "<rect class=\"%s\" x=\"%zu\" y=\"%.1f\" width=\"3\" height=\"%.1f\">"
			    "<title>%s %s</title></rect>",
			    html_verdict_class(past[i].verdict), i * 4, 18 - h, h,
			    verdict_name(past[i].verdict), time.s);
	}
	strbuf_puts(b, "</svg>");
}
