/* SPDX-License-Identifier: GPL-2.0-only */
/* Foreign text in XML 1.0 and in HTML: nothing of it is markup, and a reader sees what is in it. */
#ifndef REPORT_XML_H
#define REPORT_XML_H

#include <stddef.h>

#include "base/str.h"

/*
 * Add s as character data that may also stand between double quotes. Control characters but newline
 * and tab become their pictures (U+2400...), what changes the direction of writing \uNNNN, and
 * bytes that are no UTF-8 U+FFFD: all of which XML forbids or a reader would be misled by. In an
 * attribute newline and tab are references, else a parser makes blanks of them.
 */
void xml_text(struct strbuf *b, const char *s, size_t len);
void xml_attr(struct strbuf *b, const char *s); /* NULL is "" */

#endif
