/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of what begins a report on the console, and how such a report is read. */
#ifndef DIAG_PATTERNS_H
#define DIAG_PATTERNS_H

#include <stdbool.h>
#include <stddef.h>

#include "diag/scan.h"

#define TITLE_MAX 200 /* bytes without the NUL */

enum report_end {
	END_LINE,   /* the line is all there is */
	END_TRACE,  /* "---[ end trace" */
	END_EQUALS, /* a line of '=' */
	END_STACK,  /* the end of its first call trace */
	END_INDENT, /* the first line that is not indented */
	END_LIST,   /* as END_INDENT, with the headings of the workqueue lists */
	END_PANIC,  /* "---[ end Kernel panic" */
};

enum report_function {
	FN_NONE,
	FN_LINE,  /* "func+0x1/0x2" on the first line */
	FN_PC,	  /* the program counter of the register dump */
	FN_AT,	  /* "at: func+0x1/0x2": where lockdep saw the lock taken */
	FN_STACK, /* the first frame that says something */
};

enum {
	PATTERN_IGNORE = 1,    /* looks like a bug and is none */
	PATTERN_CUT = 2,       /* "[ cut here ]": which report it is comes some lines later */
	PATTERN_JOINS = 4,     /* the second line of an oops, or the first of one */
	PATTERN_PARENS = 8,    /* "(...)" is left out of the title */
	PATTERN_PREAMBLE = 16, /* an oops of the same event follows */
	PATTERN_LOCKDEP = 32,  /* part of an open lockdep report */
	PATTERN_VERBATIM = 64, /* the title is the line, but for code offsets */
};

struct pattern {
	const char *text;     /* the message starts with it */
	const char *contains; /* and holds this later on; NULL: anything */
	enum finding_kind kind;
	enum report_end end;
	enum report_function function;
	unsigned int flags;
	const char *title; /* NULL: the line itself, up to cut or its variable part */
	const char *lead;  /* replaces text in a title made from the line; NULL: keep text */
	const char *cut;
};

/* The pattern of a message (prefix removed), NULL for none. PATTERN_IGNORE ones come out as NULL.
 */
const struct pattern *pattern_match(const char *msg, size_t len);

/* The title of a report less the function, at most TITLE_MAX bytes, printable. */
void pattern_title(const struct pattern *p, const char *msg, size_t len, char out[TITLE_MAX + 1]);

/* A printable copy of text, cut where addresses, CPUs or error codes begin. */
void title_tidy(const char *text, size_t len, char out[TITLE_MAX + 1]);

#endif
