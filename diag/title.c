// SPDX-License-Identifier: GPL-2.0-only
/* Titles: the words of a report that are the same each time it happens. */
#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "diag/format.h"
#include "diag/patterns.h"

/* What follows these is different each time. */
static const char *const variable_parts[] = {
	" at virtual address",
	", address:",
	" for address",
	", probably for",
	" [#",
	" - CPU#",
	" on CPU#",
	", CPU#",
};

static bool is_hex_word(const char *s, size_t len, size_t least)
{
	size_t n = 0;

	if (len > 2 && s[0] == '0' && s[1] == 'x')
		return true;
	while (n < len && isxdigit((unsigned char)s[n]))
		n++;
	return n >= least && (n == len || !isalnum((unsigned char)s[n]));
}

/* An address after " at " or " ", an error code after ": ". */
static bool at_number(const char *s, size_t len)
{
	if (len > 2 && s[0] == ':' && s[1] == ' ')
		return is_hex_word(s + 2, len - 2, 4);
	if (len > 4 && !memcmp(s, " at ", 4))
		return is_hex_word(s + 4, len - 4, 8);
	return len > 1 && s[0] == ' ' && is_hex_word(s + 1, len - 1, 8);
}

static size_t tidy_len(const char *text, size_t len)
{
	const char *hit;

	for (size_t i = 0; i < ARRAY_SIZE(variable_parts); i++) {
		hit = memmem(text, len, variable_parts[i], strlen(variable_parts[i]));
		if (hit)
			len = (size_t)(hit - text);
	}
	for (size_t i = 1; i < len; i++)
		if (at_number(text + i, len - i))
			len = i;
	return len;
}

static size_t hex_digits(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && isxdigit((unsigned char)s[n]))
		n++;
	return n;
}

/* "+0x12/0x340", which differs between builds; 0 when there is none. */
static size_t offset_len(const char *s, size_t len)
{
	size_t n, m;

	if (len < 4 || memcmp(s, "+0x", 3) != 0)
		return 0;
	n = hex_digits(s + 3, len - 3);
	if (!n || len < n + 7 || memcmp(s + 3 + n, "/0x", 3) != 0)
		return 0;
	m = hex_digits(s + 6 + n, len - 6 - n);
	return m ? 6 + n + m : 0;
}

static void title_copy(const char *text, size_t len, char out[TITLE_MAX + 1])
{
	size_t n = 0;

	for (size_t i = 0; i < len && n < TITLE_MAX; i++) {
		i += offset_len(text + i, len - i);
		if (i < len)
			out[n++] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
	}
	while (n && strchr(" :,-!", out[n - 1]))
		n--;
	out[n] = 0;
}

void title_tidy(const char *text, size_t len, char out[TITLE_MAX + 1])
{
	title_copy(text, tidy_len(text, len), out);
}

/* "BUG kmalloc-64 (Tainted: G  B ): Poison overwritten" less the brackets. */
static void drop_parens(char *title)
{
	char *open = strstr(title, " ("), *close = open ? strstr(open, "): ") : NULL;

	if (close)
		memmove(open, close + 1, strlen(close + 1) + 1);
}

void pattern_title(const struct pattern *p, const char *msg, size_t len, char out[TITLE_MAX + 1])
{
	_cleanup_strbuf_ struct strbuf b = {0};
	const char *cut;

	strbuf_puts(&b, p->title ? p->title : "");
	if (!p->title) {
		cut = p->cut ? memmem(msg, len, p->cut, strlen(p->cut)) : NULL;
		len = cut ? (size_t)(cut - msg) : len;
		strbuf_puts(&b, p->lead ? p->lead : "");
		if (p->lead && len > format_literal(p->text))
			strbuf_add(&b, msg + format_literal(p->text),
				   len - format_literal(p->text));
		if (!p->lead)
			strbuf_add(&b, msg, len);
	}
	out[0] = '\0';
	if (!b.s)
		return;
	if (p->flags & PATTERN_PARENS) {
		drop_parens(b.s);
		b.len = strlen(b.s);
	}
	if (p->title || p->flags & PATTERN_VERBATIM)
		title_copy(b.s, b.len, out);
	else
		title_tidy(b.s, b.len, out);
}
