/* SPDX-License-Identifier: GPL-2.0-only */
/* The table that a run closes with. */
#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/str.h"
#include "result/result.h"

/*
 * A line a subtest: verdict, time, file, subtest, reason and title, the kernel where there are
 * several; then a line of counts. Titles, and names if need be, are cut to width columns; 0:
 * nothing is cut. What a guest or a file named is escaped.
 */
void table_format(const struct result *r, int width, bool colour, struct strbuf *out);
void table_print(FILE *f, const struct result *r, int width, bool colour);

/* "7 of 100 failed (3.4 to 13.7 %)": how often, and where the true rate lies; nothing of less than
 * two runs. */
void table_rate(const struct rate *r, struct strbuf *out);

/* What came of trying a FAIL in a clone once more in a guest booted for it, where that was done. */
const char *table_confirmed(const struct result_test *t);

/* "0.01s", "12.3s", "3m05s", "2h04m": at most 7 columns up to 999 hours. */
void table_duration(int64_t ms, struct strbuf *out);

#endif
