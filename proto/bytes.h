/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any bytes as the value of a frame's field, which cannot hold a NUL: \0 becomes \1\1 and \1
 * becomes \1\2, all others stay. Includes only libc, see frame.h.
 */
#ifndef PROTO_BYTES_H
#define PROTO_BYTES_H

#include <stddef.h>

/* len bytes of in, escaped, to out, which has room for 2 * len. The length; no NUL is added. */
size_t bytes_escape(const char *in, size_t len, char *out);

/* The value back to bytes; out has room for strlen(value), and may be value itself or NULL (then
 * they are only counted). The length, or -EBADMSG for what bytes_escape() does not make. */
long bytes_unescape(const char *value, char *out);

#endif
