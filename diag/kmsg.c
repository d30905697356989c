// SPDX-License-Identifier: GPL-2.0-only
#include "diag/kmsg.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define FACILITY_MAX 255
#define LEVELS	     8

struct cursor {
	const char *p, *end;
};

/* Decimal digits and the byte behind them, which must be one of after. */
static bool read_number(struct cursor *c, const char *after, uint64_t max, uint64_t *out)
{
	const char *start = c->p;
	uint64_t v = 0;

	for (; c->p < c->end && isdigit((unsigned char)*c->p); c->p++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*c->p - '0'), &v))
			return false;
	if (c->p == start || c->p == c->end || v > max || !*c->p || !strchr(after, *c->p))
		return false;
	c->p++;
	*out = v;
	return true;
}

/* Of what stands between the time and ';' only the caller says something here. */
static bool read_fields(struct cursor *c, struct kmsg *m)
{
	static const char key[] = "caller=";
	const char *semicolon = memchr(c->p, ';', (size_t)(c->end - c->p));
	const char *field = c->p, *comma;

	if (!semicolon)
		return false;
	m->caller = "";
	m->caller_len = 0;
	for (; field < semicolon; field = comma + 1) {
		comma = memchr(field, ',', (size_t)(semicolon - field));
		if (!comma)
			comma = semicolon;
		if ((size_t)(comma - field) > strlen(key) && !memcmp(field, key, strlen(key))) {
			m->caller = field + strlen(key);
			m->caller_len = (size_t)(comma - m->caller);
		}
	}
	c->p = semicolon + 1;
	return true;
}

int kmsg_parse(const char *record, size_t len, struct kmsg *m)
{
	struct cursor c = {record, record + len};
	uint64_t priority, time;
	const char *newline;

	if (!read_number(&c, ",", FACILITY_MAX * LEVELS + LEVELS - 1, &priority) ||
	    !read_number(&c, ",", UINT64_MAX - 1, &m->seq) ||
	    !read_number(&c, ",;", INT64_MAX / 1000, &time))
		return -EBADMSG;
	c.p -= c.p[-1] == ';';
	if (!read_fields(&c, m))
		return -EBADMSG;
	m->facility = (int)(priority / LEVELS);
	m->level = (int)(priority % LEVELS);
	m->time_us = (int64_t)time;
	m->text = c.p;
	newline = memchr(c.p, '\n', (size_t)(c.end - c.p));
	m->len = (size_t)((newline ? newline : c.end) - c.p);
	return 0;
}

static int hex_digit(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	return isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

size_t kmsg_text(const struct kmsg *m, char *out)
{
	size_t n = 0, i = 0;

	while (i < m->len) {
		int high = -1, low = -1;

		if (m->len - i >= 4 && m->text[i] == '\\' && m->text[i + 1] == 'x') {
			high = hex_digit(m->text[i + 2]);
			low = hex_digit(m->text[i + 3]);
		}
		if (high >= 0 && low >= 0) {
			out[n++] = (char)(high << 4 | low);
			i += 4;
		} else {
			out[n++] = m->text[i++];
		}
	}
	return n;
}
