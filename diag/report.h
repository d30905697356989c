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

struct report {
	const struct pattern *p; /* NULL: none is open */
	enum report_end end;
	int64_t first, last; /* lines */
	int64_t certain;     /* the last line that surely belongs to it */
	int lines;	     /* followed so far */
	int strangers;	     /* lines in a row that may be anybody's */
	bool cut;	     /* it began with "[ cut here ]" */
	bool joined;	     /* the second line of the oops was there */
	bool in_trace;
	char title[TITLE_MAX + 1]; /* less access and function */
	char access[16];	   /* "Read", "Write" of KASAN */
	char function[SYMBOL_MAX];
	char frame[SYMBOL_MAX]; /* the first frame that says something */
};

/* msg is the line less its prefix; n its number. first is n, or that of a ruler just above it. */
void report_begin(struct report *r, const struct pattern *p, const char *msg, size_t len,
		  int64_t first, int64_t n);

/* A line that begins a report elsewhere belongs to the open one; it is to be given to
 * report_follow. */
bool report_takes(const struct report *r, const struct pattern *p);

/* "[ cut here ]" is open and p says what it is. The report goes on as p. */
bool report_adopts(const struct report *r, const struct pattern *p);
void report_adopt(struct report *r, const struct pattern *p, const char *msg, size_t len,
		  int64_t n);

/* The next line of the kernel. True when the report has ended, with this line or before it. */
bool report_follow(struct report *r, const char *msg, size_t len, int64_t n);

/* What is known of it; title and function belong to the caller, who calls finding_done. */
void report_finding(const struct report *r, struct finding *f);

/* A line of at least 20 '=' and nothing else. */
bool is_ruler(const char *msg, size_t len);

#endif
