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
	PATTERN_ALLOW = 1,     /* looks like a bug and is not one */
	PATTERN_CUT = 2,       /* "[ cut here ]": which report it is comes some lines later */
	PATTERN_JOINS = 4,     /* the second line of an oops, or the first of one */
	PATTERN_PARENS = 8,    /* "(...)" is left out of the title */
	PATTERN_PREAMBLE = 16, /* an oops of the same event follows */
	PATTERN_LOCKDEP = 32,  /* part of an open lockdep report */
	PATTERN_VERBATIM = 64, /* the title is the line, but for code offsets */
};

/* The printk level of a message: one bit each, as the source of the message gives it. */
enum {
	ON_EMERG = 1 << 0,
	ON_ALERT = 1 << 1,
	ON_CRIT = 1 << 2,
	ON_ERR = 1 << 3,
	ON_WARN = 1 << 4,
	ON_INFO = 1 << 6,
	ON_ANY = 0xff, /* KERN_DEFAULT, which /proc/sys/kernel/printk sets */
};

struct pattern {
	const char *text; /* the message begins so: a format of diag/format.h */
	unsigned int levels;
	enum finding_kind kind;
	enum report_end end;
	enum report_function function;
	unsigned int flags;
	const char *title; /* NULL: the line itself, up to cut or its variable part */
	const char *lead; /* replaces the literal start of text in a title made from the line; NULL:
			     it stays */
	const char *cut;
};

/*
 * The pattern of a message of this level (prefix removed), NULL for none, and for messages that an
 * allow row names.
 */
const struct pattern *pattern_match(const char *msg, size_t len, int level);

/* The title of a report less the function, at most TITLE_MAX bytes, printable. */
void pattern_title(const struct pattern *p, const char *msg, size_t len, char out[TITLE_MAX + 1]);

/* A printable copy of text, cut where addresses, CPUs or error codes begin. */
void title_tidy(const char *text, size_t len, char out[TITLE_MAX + 1]);

#endif
