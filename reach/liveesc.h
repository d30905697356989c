/* SPDX-License-Identifier: GPL-2.0-only */
/* Console text made harmless for a terminal. */
#ifndef REACH_LIVEESC_H
#define REACH_LIVEESC_H

#include <stddef.h>

/* Each byte of input makes at most so many of output. */
#define LIVE_ESCAPE_GROWTH 4

/*
 * A copy of in with control characters other than tab and newline as "^[", C1 controls and bytes
 * that are no UTF-8 as "\x9b". out has room for LIVE_ESCAPE_GROWTH * len; returns the bytes used.
 */
size_t live_escape(const char *in, size_t len, char *out);

#endif
