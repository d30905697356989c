/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Words quoted for a shell, read as data: nothing is expanded. What a shell would expand or act
 * upon ($x, `x`, $(x), a ~ in front, ; & | < >, an unquoted parenthesis) is refused.
 */
#ifndef BASE_SHWORD_H
#define BASE_SHWORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* What is read, from s up to end; no NUL need follow. */
struct shtext {
	const char *s, *end;
};

/* Skip blanks and, with newlines, those too. */
void shtext_skip(struct shtext *t, bool newlines);

/*
 * Add the word at t to b and go behind it: it ends at an unquoted blank, newline or ')', or at the
 * end, none of which is taken. Quotes: '...', "...", \x and bash's $'...'. NULL, or why it is no
 * word (static); t then stands where the trouble is.
 */
const char *shtext_word(struct shtext *t, struct strbuf *b);

#endif
