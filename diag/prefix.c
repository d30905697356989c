// SPDX-License-Identifier: GPL-2.0-only
#include "diag/prefix.h"

#include <stdbool.h>

/* Longer runs of digits are no time stamp: 10^12 s still fits in microseconds. */
#define SECONDS_DIGITS_MAX 12

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "<4>", also "<123>" as syslog facilities make it. 0 when there is none. */
static size_t level_len(const char *s, size_t len)
{
	size_t i = 1;

	if (s[0] != '<')
		return 0;
	while (i < len && i < 4 && is_digit(s[i]))
		i++;
	return i > 1 && i < len && s[i] == '>' ? i + 1 : 0;
}

/* "12.345678]" with the bracket and the blanks before it already read. */
static size_t stamp_len(const char *s, size_t len, int64_t *us)
{
	size_t i = 0, fraction;
	int64_t v = 0;

	for (; i < len && i < SECONDS_DIGITS_MAX && is_digit(s[i]); i++)
		v = v * 10 + (s[i] - '0');
	if (!i || i >= len || s[i] != '.')
		return 0;
	for (fraction = ++i; i < len && i < fraction + 6 && is_digit(s[i]); i++)
		v = v * 10 + (s[i] - '0');
	if (i != fraction + 6 || i >= len || s[i] != ']')
		return 0;
	*us = v;
	return i + 1;
}

/* "T123]" or "C0]": the caller, with CONFIG_PRINTK_CALLER. */
static size_t caller_len(const char *s, size_t len)
{
	size_t i = 1;

	if (!len || (s[0] != 'T' && s[0] != 'C'))
		return 0;
	while (i < len && i < 12 && is_digit(s[i]))
		i++;
	return i > 1 && i < len && s[i] == ']' ? i + 1 : 0;
}

/* "[" to "]", which may be the stamp or the caller; 0 when it is neither. */
static size_t bracket_len(const char *s, size_t len, struct prefix *p)
{
	size_t blanks = 1, n = 0;

	while (blanks < len && blanks < 16 && s[blanks] == ' ')
		blanks++;
	if (p->stamp_us < 0)
		n = stamp_len(s + blanks, len - blanks, &p->stamp_us);
	if (!n) {
		n = caller_len(s + blanks, len - blanks);
		p->caller = s + blanks;
		p->caller_len = n ? n - 1 : 0;
	}
	return n ? blanks + n : 0;
}

struct prefix prefix_read(const char *line, size_t len)
{
	struct prefix p = {.stamp_us = -1, .caller = ""};
	bool bracket = false;
	size_t n;

	for (; p.len < len; p.len += n) {
		if (line[p.len] == '\r') {
			n = 1;
			continue;
		}
		if (line[p.len] == '<')
			n = level_len(line + p.len, len - p.len);
		else if (line[p.len] == '[')
			n = bracket_len(line + p.len, len - p.len, &p);
		else
			n = 0;
		if (!n)
			break;
		bracket = line[p.len] == '[';
	}
	/* One blank is printk's; more of them are the message's, such as those of a call trace. */
	if (bracket && p.len < len && line[p.len] == ' ')
		p.len++;
	return p;
}
