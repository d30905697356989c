/* SPDX-License-Identifier: GPL-2.0-only */
/* One report of the kernel, followed from its first line to its end. */
#ifndef DIAG_REPORT_H
#define DIAG_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag/patterns.h"
#include "diag/symbol.h"

#define REPORT_LINES_MAX 500
#define REPORT_TEXT_MAX	 (64 << 10) /* bytes kept of its lines */

/* A line of at least 20 '=', as sanitizers and lockdep put above their reports. */
struct ruler {
	size_t len; /* 0: the line before was not one */
	int64_t n;
	int64_t stamp_us;
	uint64_t key;
};

/* l is the line behind the ones before; remembers it if it is a ruler. */
void ruler_read(struct ruler *r, const struct kline *l, int64_t n);

struct report {
	const struct pattern *p; /* NULL: none is open */
	enum report_end end;
	int64_t stamp_us;			   /* of the line that began it; -1: none */
	int64_t first, last;			   /* lines */
	int64_t certain;			   /* the last line that surely belongs to it */
	uint64_t first_key, last_key, certain_key; /* kline_key() of these */
	struct strbuf text;			   /* its lines up to last */
	size_t certain_len;			   /* of text, up to certain */
	int lines;				   /* followed so far */
	int strangers;				   /* lines in a row that may be anybody's */
	bool joined;				   /* the second line of the oops was there */
	bool in_trace;
	char title[TITLE_MAX + 1]; /* less access and function */
	char access[16];	   /* "Read", "Write" of KASAN */
	char function[SYMBOL_MAX];
	char frame[SYMBOL_MAX]; /* the first frame that says something */
};

void report_done(struct report *r);

/* n is the line's number; above the ruler above it, if there is one. */
void report_begin(struct report *r, const struct pattern *p, const struct ruler *above,
		  const struct kline *l, int64_t n);

/* A line that begins a report elsewhere belongs to the open one; it is to be given to
 * report_follow. */
bool report_takes(const struct report *r, const struct pattern *p);

/* "[ cut here ]" is open and p says what it is. The report goes on as p. */
bool report_adopts(const struct report *r, const struct pattern *p);
void report_adopt(struct report *r, const struct pattern *p, const struct kline *l, int64_t n);

/* The next line of the kernel. True when the report has ended, with this line or before it. */
bool report_follow(struct report *r, const struct kline *l, int64_t n);

/* The report as a finding; its strings belong to the caller, who calls finding_done. */
void report_finding(const struct report *r, struct finding *f);

#endif
