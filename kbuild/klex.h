/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kconfig text to tokens (the kernel's Documentation/kbuild/kconfig-language.rst and
 * kconfig-macro-language.rst). Macros are not run: $(success,...) and the like stay as they stand,
 * only the variables that one is told of are replaced.
 */
#ifndef KBUILD_KLEX_H
#define KBUILD_KLEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum ktoken {
	KTOKEN_END, /* of the line; a comment is one too */
	KTOKEN_WORD,
	KTOKEN_QUOTED,
	KTOKEN_MACRO, /* a word, bare or quoted, that a macro is part of */
	KTOKEN_NOT,
	KTOKEN_AND,
	KTOKEN_OR,
	KTOKEN_EQ,
	KTOKEN_NE,
	KTOKEN_LT,
	KTOKEN_LE,
	KTOKEN_GT,
	KTOKEN_GE,
	KTOKEN_OPEN,
	KTOKEN_CLOSE,
	KTOKEN_OTHER, /* anything else, a character */
};

struct kvar {
	const char *name, *value;
};

/* A line, and the token that was read last. */
struct klex {
	const char *s, *end;
	const struct kvar *vars; /* a row without name ends them */
	enum ktoken token;
	struct strbuf text; /* of a word */
};

void klex_line(struct klex *l, const char *s, size_t len); /* and its first token */
void klex_next(struct klex *l);
bool klex_is(const struct klex *l, const char *word); /* the token is this bare word */
void klex_done(struct klex *l);

/*
 * Lines of a file, a backslash at the end of one joining the next to it. {.s, .end} begins.
 */
struct klines {
	const char *s, *end;
	int lineno; /* of the last one; where joined ones begin */
	struct strbuf joined;
};

bool klines_next(struct klines *in, const char **line, size_t *len);
/* Past the help text that the lines which follow are: indented, more than those after it. */
void klines_skip_help(struct klines *in);
void klines_done(struct klines *in);

#endif
