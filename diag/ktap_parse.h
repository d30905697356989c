/* SPDX-License-Identifier: GPL-2.0-only */
/* What one line of KTAP says by itself: diag/ktap*.c only. */
#ifndef DIAG_KTAP_PARSE_H
#define DIAG_KTAP_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ktap_kind {
	KTAP_NONE,
	KTAP_VERSION,
	KTAP_PLAN,
	KTAP_RESULT,
	KTAP_SUBTEST, /* # Subtest: NAME */
	KTAP_BAIL,    /* Bail out! TEXT */
};

/* Texts point into the line. */
struct ktap_text {
	const char *s;
	size_t len;
};

struct ktap_line {
	enum ktap_kind kind;
	int indent;			 /* columns */
	int64_t plan;			 /* PLAN */
	bool ok;			 /* RESULT */
	struct ktap_text name;		 /* RESULT, SUBTEST */
	const char *directive;		 /* RESULT, PLAN: "SKIP", "TODO" ..., NULL: none */
	struct ktap_text directive_text; /* what stands behind it; BAIL: the reason */
};

/* A line without its newline and printk's prefix. */
struct ktap_line ktap_parse(const char *line, size_t len);

#endif
