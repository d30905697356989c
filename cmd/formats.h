/* SPDX-License-Identifier: GPL-2.0-only */
/* The formats for other programs, as `ktest run` and `ktest results` give them. */
#ifndef CMD_FORMATS_H
#define CMD_FORMATS_H

#include <stdbool.h>

#include "base/err.h"
#include "result/result.h"

struct formats {
	bool ktap;	     /* on standard output, in the place of the table */
	char *junit, *kcidb; /* paths, "-" standard output; NULL: not asked for */
};

/* Before a long run: what could not be written is said now. */
int formats_check(const struct formats *f, struct err *err);

/* Write what is asked for; dir_fd is the run's output directory, -1: none. Each is tried, the
 * first error told. */
int formats_write(const struct formats *f, int dir_fd, const struct result *r, struct err *err);

void formats_done(struct formats *f);

/* Text to path, or to standard output where that is "-". */
int formats_put(const char *path, const char *text, size_t len, struct err *err);

#endif
