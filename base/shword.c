// SPDX-License-Identifier: GPL-2.0-only
#include "base/shword.h"

#include <string.h>

static const char unclosed[] = "a quote is not closed";
static const char nul[] = "it holds a NUL byte";

static bool more(const struct shtext *t)
{
	return t->s < t->end;
}

static bool one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

void shtext_skip(struct shtext *t, bool newlines)
{
	while (more(t) && one_of(*t->s, newlines ? " \t\n" : " \t"))
		t->s++;
}

static const char *single_quoted(struct shtext *t, struct strbuf *b)
{
	for (t->s++; more(t) && *t->s != '\''; t->s++) {
		if (!*t->s)
			return nul;
		strbuf_putc(b, *t->s);
	}
	if (!more(t))
		return unclosed;
	t->s++;
	return NULL;
}

static const char *double_quoted(struct shtext *t, struct strbuf *b)
{
	for (t->s++; more(t) && *t->s != '"'; t->s++) {
		if (*t->s == '$' || *t->s == '`')
			return "a shell would expand it";
		if (*t->s == '\\' && t->s + 1 < t->end && one_of(t->s[1], "$`\"\\\n")) {
			t->s++;
			if (*t->s == '\n')
				continue;
		}
		if (!*t->s)
			return nul;
		strbuf_putc(b, *t->s);
	}
	if (!more(t))
		return unclosed;
	t->s++;
	return NULL;
}

static int digit(char c, unsigned int base)
{
	static const char digits[] = "0123456789abcdef";
	const char *d;

	if (c >= 'A' && c <= 'F')
		c = (char)(c - 'A' + 'a');
	d = one_of(c, digits) ? strchr(digits, c) : NULL;
	return d && d - digits < (long)base ? (int)(d - digits) : -1;
}

/* Up to max digits; -1 if there is none. */
static long number(struct shtext *t, unsigned int base, int max)
{
	long v = -1;

	for (int i = 0; i < max && more(t); i++, t->s++) {
		int d = digit(*t->s, base);

		if (d < 0)
			break;
		v = (v < 0 ? 0 : v) * (long)base + d;
	}
	return v;
}

static void add_utf8(struct strbuf *b, unsigned long c)
{
	if (c < 0x80) {
		strbuf_putc(b, (char)c);
	} else if (c < 0x800) {
		strbuf_putc(b, (char)(0xc0 | c >> 6));
		strbuf_putc(b, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		strbuf_putc(b, (char)(0xe0 | c >> 12));
		strbuf_putc(b, (char)(0x80 | (c >> 6 & 0x3f)));
		strbuf_putc(b, (char)(0x80 | (c & 0x3f)));
	} else {
		strbuf_putc(b, (char)(0xf0 | c >> 18));
		strbuf_putc(b, (char)(0x80 | (c >> 12 & 0x3f)));
		strbuf_putc(b, (char)(0x80 | (c >> 6 & 0x3f)));
		strbuf_putc(b, (char)(0x80 | (c & 0x3f)));
	}
}

/* \nnn, \xHH, \uHHHH, \UHHHHHHHH: t is at the letter, or at the first octal digit. */
static const char *numeric_escape(struct shtext *t, struct strbuf *b)
{
	char kind = *t->s;
	long v;

	if (digit(kind, 8) >= 0) {
		v = number(t, 8, 3);
	} else {
		t->s++;
		v = number(t, 16, kind == 'x' ? 2 : kind == 'u' ? 4 : 8);
	}
	if (v <= 0 || v > 0x10ffff)
		return "an escape that names no character";
	if (kind == 'u' || kind == 'U')
		add_utf8(b, (unsigned long)v);
	else
		strbuf_putc(b, (char)v);
	return NULL;
}

/* bash(1), QUOTING: what stands behind the backslash in $'...'. */
static const char *ansi_escape(struct shtext *t, struct strbuf *b)
{
	static const char from[] = "abeEfnrtv\\'\"?", to[] = "\a\b\033\033\f\n\r\t\v\\'\"?";
	char c = more(t) ? *t->s : '\0';

	if (digit(c, 8) >= 0 || one_of(c, "xuU"))
		return numeric_escape(t, b);
	if (c == 'c' && t->s + 1 < t->end && (t->s[1] & 0x1f)) {
		strbuf_putc(b, t->s[1] & 0x1f);
		t->s += 2;
		return NULL;
	}
	if (!one_of(c, from))
		return more(t) ? "an escape that bash does not have" : unclosed;
	strbuf_putc(b, to[strchr(from, c) - from]);
	t->s++;
	return NULL;
}

static const char *ansi_quoted(struct shtext *t, struct strbuf *b)
{
	const char *why = NULL;

	t->s += 2;
	while (!why && more(t) && *t->s != '\'') {
		if (!*t->s)
			return nul;
		if (*t->s != '\\') {
			strbuf_putc(b, *t->s++);
			continue;
		}
		t->s++;
		why = ansi_escape(t, b);
	}
	if (why)
		return why;
	if (!more(t))
		return unclosed;
	t->s++;
	return NULL;
}

static const char *escaped(struct shtext *t, struct strbuf *b)
{
	if (t->s + 1 >= t->end)
		return "it ends in a backslash";
	if (!t->s[1])
		return nul;
	if (t->s[1] != '\n')
		strbuf_putc(b, t->s[1]);
	t->s += 2;
	return NULL;
}

static const char *unquoted(struct shtext *t, struct strbuf *b, bool first)
{
	if (!*t->s)
		return nul;
	if (one_of(*t->s, "$`") || (first && *t->s == '~'))
		return "a shell would expand it";
	if (one_of(*t->s, ";&|<>("))
		return "a shell would act upon it";
	strbuf_putc(b, *t->s++);
	return NULL;
}

const char *shtext_word(struct shtext *t, struct strbuf *b)
{
	const char *why = NULL, *start = t->s;

	strbuf_puts(b, "");
	while (!why && more(t) && !one_of(*t->s, " \t\n)")) {
		if (*t->s == '\'')
			why = single_quoted(t, b);
		else if (*t->s == '"')
			why = double_quoted(t, b);
		else if (*t->s == '\\')
			why = escaped(t, b);
		else if (*t->s == '$' && t->s + 1 < t->end && t->s[1] == '\'')
			why = ansi_quoted(t, b);
		else
			why = unquoted(t, b, t->s == start);
	}
	return why;
}
