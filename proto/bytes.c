// SPDX-License-Identifier: GPL-2.0-only
#include "proto/bytes.h"

#include <errno.h>

#define ESCAPE	    1
#define ESCAPED_NUL 1
#define ESCAPED_ONE 2

size_t bytes_escape(const char *in, size_t len, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (in[i] != 0 && in[i] != ESCAPE) {
			out[n++] = in[i];
			continue;
		}
		out[n++] = ESCAPE;
		out[n++] = in[i] ? ESCAPED_ONE : ESCAPED_NUL;
	}
	return n;
}

long bytes_unescape(const char *value, char *out)
{
	long n = 0;

	for (; *value; value++, n++) {
		char c = *value;

		if (c == ESCAPE) {
			c = *++value;
			if (c != ESCAPED_NUL && c != ESCAPED_ONE)
				return -EBADMSG;
			c = c == ESCAPED_ONE;
		}
		if (out)
			out[n] = c;
	}
	return n;
}
