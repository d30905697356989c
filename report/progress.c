// SPDX-License-Identifier: GPL-2.0-only
#include "report/progress.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/loop.h"
#include "base/text.h"

#define ERASE_LINE     "\r\033[K"
#define REDRAW_NS      (100 * NSEC_PER_MSEC)
#define WIDTH_UNKNOWN  80
#define HEIGHT_UNKNOWN 24

struct progress {
	FILE *f;
	int width;
	bool shown;
	bool mid_line;	  /* other text stands on the line and has not ended */
	char *lines;	  /* the last drawn, a newline between two; NULL: none yet */
	int64_t drawn_ns; /* when it was */
};

void progress_time(int64_t ns, struct strbuf *b)
{
	int64_t s = ns < 0 ? 0 : ns / NSEC_PER_SEC;

	if (s >= 3600)
		strbuf_addf(b, "%" PRId64 ":", s / 3600);
	strbuf_addf(b, s >= 3600 ? "%02d:%02d" : "%d:%02d", (int)(s / 60 % 60), (int)(s % 60));
}

void progress_format(const struct run_progress *p, size_t width, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	progress_time(p->elapsed_ns, &b);
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
	free(p->lines);
	free(p);
}

/* Asked each time: it changes. */
static void terminal_size(const struct progress *p, size_t *width, size_t *height)
{
	struct winsize ws;
	bool known = fileno(p->f) >= 0 && ioctl(fileno(p->f), TIOCGWINSZ, &ws) == 0;

	*width = known && ws.ws_col > 1 ? ws.ws_col : (size_t)p->width;
	*height = known && ws.ws_row > 1 ? ws.ws_row : HEIGHT_UNKNOWN;
}

/* The last column stays free: some terminals go on to the next line from there. */
static size_t line_width(const struct progress *p)
{
	size_t width, height;

	terminal_size(p, &width, &height);
	return width - 1;
}

/* Rows that a line takes: more than one where the terminal has become narrower since. */
static size_t rows_of(const char *line, size_t len, size_t width)
{
	size_t columns = 0;

	for (size_t i = 0; i < len; i++)
		columns += (line[i] & 0xc0) != 0x80;
	return columns ? (columns - 1) / width + 1 : 1;
}

/* To where the first of the lines that stand begins; whatever follows is erased. */
static void go_back(const struct progress *p)
{
	size_t width, height, len, rows = 0;

	terminal_size(p, &width, &height);
	for (const char *s = p->lines;; s += len + 1) {
		len = strcspn(s, "\n");
		rows += rows_of(s, len, width);
		if (!s[len])
			break;
	}
	if (rows > height)
		rows = height;
	if (rows > 1)
		fprintf(p->f, "\r\033[%zuA\033[J", rows - 1);
	else
		fputs(ERASE_LINE, p->f);
}

static void draw(struct progress *p)
{
	if (!p->lines || p->mid_line)
		return;
	if (!p->shown)
		fputs(ERASE_LINE, p->f);
	fputs(p->lines, p->f);
	fflush(p->f);
	p->shown = true;
	p->drawn_ns = loop_now_ns();
}

static void take_lines(struct progress *p, struct strbuf *b)
{
	if (p->shown)
		go_back(p);
	free(p->lines);
	p->lines = strbuf_detach(b);
	draw(p);
}

void progress_text(struct progress *p, const char *text, size_t len)
{
	struct strbuf b = {0};

	text_escape(&b, text, len, line_width(p));
	take_lines(p, &b);
}

void progress_show(struct progress *p, const struct run_progress *now)
{
	struct strbuf b = {0};
	size_t width, height;

	terminal_size(p, &width, &height);
	if (now->several)
		progress_view(now, width - 1, height - 1, &b);
	else
		progress_format(now, width - 1, &b);
	take_lines(p, &b);
}

void progress_erase(struct progress *p)
{
	if (!p->shown)
		return;
	go_back(p);
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
