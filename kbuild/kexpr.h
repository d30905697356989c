/* SPDX-License-Identifier: GPL-2.0-only */
/* Expressions of Kconfig: read, valued, shown with the values of their symbols. */
#ifndef KBUILD_KEXPR_H
#define KBUILD_KEXPR_H

#include "base/arena.h"
#include "base/str.h"
#include "kbuild/klex.h"

enum kexpr_op {
	KEXPR_SYMBOL, /* or a number, or y, m, n */
	KEXPR_TEXT,   /* was quoted */
	KEXPR_MACRO,  /* its text, as it stands */
	KEXPR_NOT,    /* of left */
	KEXPR_AND,
	KEXPR_OR,
	KEXPR_EQ,
	KEXPR_NE,
	KEXPR_LT,
	KEXPR_LE,
	KEXPR_GT,
	KEXPR_GE,
};

struct kexpr {
	enum kexpr_op op;
	const struct kexpr *left, *right;
	const char *text; /* of the first three */
};

#define KEXPR_DEPTH_MAX 200  /* of parentheses and negations */
#define KEXPR_NODES_MAX 2000 /* of one expression */

/* The expression at l, up to the first token that is no part of it. NULL if there is none. */
const struct kexpr *kexpr_parse(struct klex *l, struct arena *mem);

/* What an expression comes to; a macro is unknown. In ascending order. */
enum ktri {
	KTRI_N,
	KTRI_M,
	KTRI_Y,
	KTRI_UNKNOWN,
};

struct kconfig;
struct dotconfig;

/* What expressions are valued by: the symbols that there are and what they are set to. */
struct kvalues {
	const struct kconfig *k;
	const struct dotconfig *c;
};

enum ktri ktri_of(const char *value); /* "y", "m"; anything else is n */
enum ktri kexpr_value(const struct kexpr *e, const struct kvalues *v); /* NULL is y */

/* "A (=y) && !B (=n)". */
void kexpr_show(const struct kexpr *e, const struct kvalues *v, struct strbuf *out);

#endif
