// SPDX-License-Identifier: GPL-2.0-only
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define ELLIPSIS "..."

static size_t sequence_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	if (lead >= 0xf0 && lead <= 0xf4)
		return 4;
	return 0;
}

size_t utf8_decode(const char *s, size_t len, uint32_t *cp)
{
	/* The lowest code point that needs a sequence of this many bytes. */
	static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *u = (const unsigned char *)s;
	size_t n = len ? sequence_length(*u) : 0;
	uint32_t c;

	if (n == 0 || n > len)
		return 0;
	c = n == 1 ? *u : *u & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (u[i] & 0x3fu);
	}
	if (c < lowest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	if (cp)
		*cp = c;
	return n;
}

bool text_printable(uint32_t cp)
{
	if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
		return false;
	/* Marks of direction, joiners, line and paragraph separators, isolates, byte order mark. */
	return !((cp >= 0x200b && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e) ||
		 (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff);
}

/* What stands for the character at s; its bytes in s are returned. */
static size_t escape_one(const char *s, size_t len, char *out, size_t size)
{
	uint32_t cp = 0;
	size_t n = utf8_decode(s, len, &cp);

	if (n == 0)
		snprintf(out, size, "\\x%02x", (unsigned char)*s);
	else if (cp == '\\')
		snprintf(out, size, "\\\\");
	else if (cp == '\n' || cp == '\t' || cp == '\r')
		snprintf(out, size, "\\%c", cp == '\n' ? 'n' : cp == '\t' ? 't' : 'r');
	else if (text_printable(cp))
		snprintf(out, size, "%.*s", (int)n, s);
	else
		snprintf(out, size, cp < 0x100 ? "\\x%02x" : "\\u%04x", cp);
	return n ? n : 1;
}

static size_t columns(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

size_t text_escape(struct strbuf *b, const char *s, size_t len, size_t max)
{
	size_t width = 0, i = 0;
	/* Where to cut: the last place that leaves room for the dots. */
	size_t cut = b->len, cut_width = 0;
	char one[16];

	while (i < len && (!max || width <= max)) {
		i += escape_one(s + i, len - i, one, sizeof(one));
		strbuf_puts(b, one);
		width += columns(one);
		if (max && width + strlen(ELLIPSIS) <= max) {
			cut = b->len;
			cut_width = width;
		}
	}
	if (!max || width <= max)
		return width;
	b->len = cut;
	b->s[cut] = '\0';
	for (width = cut_width; width < max && width < cut_width + strlen(ELLIPSIS); width++)
		strbuf_putc(b, '.');
	return width;
}
