// SPDX-License-Identifier: GPL-2.0-only
#include "diag/format.h"

#include <ctype.h>
#include <string.h>

#define COMM_MAX 15

size_t format_literal(const char *fmt)
{
	return strcspn(fmt, "%");
}

static size_t digits(const char *msg, size_t len, int (*is_digit)(int))
{
	size_t n = 0;

	while (n < len && is_digit((unsigned char)msg[n]))
		n++;
	return n;
}

static size_t hex_len(const char *msg, size_t len)
{
	size_t prefix = len > 2 && msg[0] == '0' && msg[1] == 'x' ? 2 : 0;
	size_t n = digits(msg + prefix, len - prefix, isxdigit);

	return n ? prefix + n : 0;
}

static bool is_words(const char *msg, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isupper((unsigned char)msg[i]) && !isdigit((unsigned char)msg[i]) &&
		    msg[i] != '_' && msg[i] != ' ')
			return false;
	return true;
}

static bool match_comm(const char *fmt, const char *msg, size_t len)
{
	for (size_t n = 0; n <= COMM_MAX && n <= len; n++)
		if (format_match(fmt, msg + n, len - n))
			return true;
	return false;
}

static bool match_any(const char *fmt, const char *msg, size_t len)
{
	size_t literal = format_literal(fmt);
	const char *at;

	if (!len)
		return false;
	at = memmem(msg + 1, len - 1, fmt, literal);
	return at && format_match(fmt, at, len - (size_t)(at - msg));
}

bool format_match(const char *fmt, const char *msg, size_t len)
{
	size_t n;

	for (; *fmt; msg += n, len -= n) {
		n = format_literal(fmt);
		if (n) {
			if (len < n || memcmp(msg, fmt, n) != 0)
				return false;
			fmt += n;
			continue;
		}
		fmt += 2;
		switch (fmt[-1]) {
		case 'd':
			n = digits(msg, len, isdigit);
			break;
		case 'x':
			n = hex_len(msg, len);
			break;
		case 'w':
			return is_words(msg, len);
		case 'c':
			return match_comm(fmt, msg, len);
		default:
			return match_any(fmt, msg, len);
		}
		if (!n)
			return false;
	}
	return true;
}
