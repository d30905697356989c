/* SPDX-License-Identifier: GPL-2.0-only */
/* Run a test file on the host, confined: run/needs*.c only. */
#ifndef RUN_NEEDS_CALL_H
#define RUN_NEEDS_CALL_H

#include "run/needs.h"

/*
 * What `TEST call` prints to stdout, of n (path and tree set), as run-host.sh of library starts it;
 * what keeps it from ending well is an error without the file's name.
 */
int needs_call(const struct needs *n, const char *library, const char *call, int64_t priority,
	       const struct needs_limits *limits, struct strbuf *out, struct err *err);

#endif
