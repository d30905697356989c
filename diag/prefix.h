/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DIAG_PREFIX_H
#define DIAG_PREFIX_H

#include <stddef.h>
#include <stdint.h>

/* The prefix that printk puts before a message on the console. */
struct prefix {
	size_t len;
	int64_t stamp_us;   /* -1: none */
	const char *caller; /* "T123" or "C0", with CONFIG_PRINTK_CALLER; points into the line, or
			       is "" */
	size_t caller_len;  /* 0: none */
};

/* Reads "<4>", "[   12.345678]", "[ T123]", "[    C0]", and CRs. */
struct prefix prefix_read(const char *line, size_t len);

#endif
