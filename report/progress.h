/* SPDX-License-Identifier: GPL-2.0-only */
/* A line at the bottom of a terminal that says how far a run is, or several. */
#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

#include <stddef.h>
#include <stdio.h>

#include "base/str.h"
#include "run/run.h"

/* The line as text of at most width columns: no control characters, no newline. */
void progress_format(const struct run_progress *p, size_t width, struct strbuf *out);

/*
 * progress_view.c: where tests run side by side, a line for each of them and one for the whole, at
 * most height lines; the last one ends in no newline.
 */
void progress_view(const struct run_progress *p, size_t width, size_t height, struct strbuf *out);
/* "1:23", "1:02:03" */
void progress_time(int64_t ns, struct strbuf *out);

struct progress;

/*
 * Draw on f, a terminal, which stays the caller's. width is used where the terminal does not tell
 * its own; it is asked each time, since windows change.
 */
struct progress *progress_new(FILE *f, int width);
void progress_free(struct progress *p); /* NULL allowed; a line that stands is erased */

/* Any text as the line; what does not fit is cut. */
void progress_text(struct progress *p, const char *text, size_t len);

/* Draw the line, or the lines, anew. Nothing is drawn into a line of other text that has not ended.
 */
void progress_show(struct progress *p, const struct run_progress *now);

/* Take the line away: whatever is written next begins where it stood. */
void progress_erase(struct progress *p);

/*
 * Write text to f, the line taken away before and put back behind it. Put back at most ten times a
 * second: between, in a flood, it is away until progress_show.
 */
void progress_write(struct progress *p, const char *text, size_t len);

#endif
