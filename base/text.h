/* SPDX-License-Identifier: GPL-2.0-only */
/* Foreign text on its way to a person: one line, no control characters, cut to a width. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/*
 * The UTF-8 sequence at s, of at most len bytes (RFC 3629: no overlong form, no surrogate): its
 * length and, where cp is not NULL, its code point. 0 if there is none.
 */
size_t utf8_decode(const char *s, size_t len, uint32_t *cp);

/* A character that shows as itself: no control, no change of the direction of writing. */
bool text_printable(uint32_t cp);

/*
 * Add s with everything that is not printable as \n, \t, \xNN or \uNNNN, and a backslash doubled.
 * Of what becomes more than max columns only the head is added, ending in "..."; max 0: no limit.
 * Every character counts as one column. Returns the columns added.
 */
size_t text_escape(struct strbuf *b, const char *s, size_t len, size_t max);

#endif
