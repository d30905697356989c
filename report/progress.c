// SPDX-License-Identifier: GPL-2.0-only
#include "report/progress.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/loop.h"
#include "base/text.h"

#define ERASE_LINE    "\r\033[K"
#define REDRAW_NS     (100 * NSEC_PER_MSEC)
#define WIDTH_UNKNOWN 80

struct progress {
	FILE *f;
	int width;
	bool shown;
	bool mid_line;	  /* other text stands on the line and has not ended */
	char *line;	  /* the last one drawn, NULL: none yet */
	int64_t drawn_ns; /* when it was */
};

static void add_elapsed(int64_t ns, struct strbuf *b)
{
	int64_t s = ns < 0 ? 0 : ns / NSEC_PER_SEC;

	if (s >= 3600)
		strbuf_addf(b, "%" PRId64 ":", s / 3600);
	strbuf_addf(b, s >= 3600 ? "%02d:%02d" : "%d:%02d", (int)(s / 60 % 60), (int)(s % 60));
}

void progress_format(const struct run_progress *p, size_t width, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	add_elapsed(p->elapsed_ns, &b);
	strbuf_addf(&b, "  %zu", p->done);
	if (p->total)
		strbuf_addf(&b, " of %zu", p->total);
	strbuf_puts(&b, " done");
	if (p->failed)
		strbuf_addf(&b, ", %zu failed", p->failed);
	if (p->file)
		strbuf_addf(&b, "  %s", p->file);
	if (p->file && p->subtest)
		strbuf_addf(&b, " %s", p->subtest);
	/* That a subtest runs goes without saying. */
	if (p->phase && !(p->subtest && !strcmp(p->phase, "run")))
		strbuf_addf(&b, " (%s)", p->phase);
	text_escape(out, b.s, b.len, width);
}

struct progress *progress_new(FILE *f, int width)
{
	struct progress *p = xcalloc(1, sizeof(*p));

	p->f = f;
	p->width = width > 1 ? width : WIDTH_UNKNOWN;
	return p;
}

void progress_free(struct progress *p)
{
	if (!p)
		return;
	progress_erase(p);
	free(p->line);
	free(p);
}

static int terminal_width(const struct progress *p)
{
	struct winsize ws;

	if (fileno(p->f) >= 0 && ioctl(fileno(p->f), TIOCGWINSZ, &ws) == 0 && ws.ws_col > 1)
		return ws.ws_col;
	return p->width;
}

static void draw(struct progress *p)
{
	if (!p->line || p->mid_line)
		return;
	fprintf(p->f, "%s%s", ERASE_LINE, p->line);
	fflush(p->f);
	p->shown = true;
	p->drawn_ns = loop_now_ns();
}

/* The last column stays free: some terminals go on to the next line from there. */
static size_t line_width(const struct progress *p)
{
	return (size_t)terminal_width(p) - 1;
}

static void take_line(struct progress *p, struct strbuf *b)
{
	free(p->line);
	p->line = strbuf_detach(b);
	draw(p);
}

void progress_text(struct progress *p, const char *text, size_t len)
{
	struct strbuf b = {0};

	text_escape(&b, text, len, line_width(p));
	take_line(p, &b);
}

void progress_show(struct progress *p, const struct run_progress *now)
{
	struct strbuf b = {0};

	progress_format(now, line_width(p), &b);
	take_line(p, &b);
}

void progress_erase(struct progress *p)
{
	if (!p->shown)
		return;
	fputs(ERASE_LINE, p->f);
	fflush(p->f);
	p->shown = false;
}

void progress_write(struct progress *p, const char *text, size_t len)
{
	if (!len)
		return;
	progress_erase(p);
	fwrite(text, 1, len, p->f);
	p->mid_line = text[len - 1] != '\n';
	if (loop_now_ns() - p->drawn_ns >= REDRAW_NS)
		draw(p);
	fflush(p->f);
}
