// SPDX-License-Identifier: GPL-2.0-only
#include "report/xml.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

#define REPLACEMENT "\xef\xbf\xbd"

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static void add_ascii(struct strbuf *b, unsigned char c, bool attribute)
{
	const char *e = entity((char)c);

	if (e)
		strbuf_puts(b, e);
	else if (c == '\n' || c == '\t')
		attribute ? strbuf_addf(b, "&#%d;", c) : strbuf_putc(b, (char)c);
	else if (c < ' ')
		strbuf_addf(b, "\xe2\x90%c", 0x80 + c); /* U+2400 and on */
	else if (c == 0x7f)
		strbuf_puts(b, "\xe2\x90\xa1");
	else
		strbuf_putc(b, (char)c);
}

static void add(struct strbuf *b, const char *s, size_t len, bool attribute)
{
	size_t n;
	uint32_t cp;

	for (; len; s += n, len -= n) {
		n = utf8_decode(s, len, &cp);
		if (!n)
			strbuf_puts(b, REPLACEMENT);
		else if (cp < 0x80)
			add_ascii(b, (unsigned char)*s, attribute);
		else if (!text_printable(cp) || (cp & 0xfffe) == 0xfffe)
			strbuf_addf(b, "\\u%04x", cp);
		else
			strbuf_add(b, s, n);
		n = n ? n : 1;
	}
}

void xml_text(struct strbuf *b, const char *s, size_t len)
{
	strbuf_reserve(b, len);
	add(b, s, len, false);
}

void xml_attr(struct strbuf *b, const char *s)
{
	add(b, s ? s : "", s ? strlen(s) : 0, true);
}
