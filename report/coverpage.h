/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Coverage as HTML pages: one of all files, and one a source file. They need nothing else: no
 * script, no style sheet, no network.
 */
#ifndef REPORT_COVERPAGE_H
#define REPORT_COVERPAGE_H

#include <stdio.h>

#include "run/coverage.h"

/* The list of all files; that of the i-th, by path, is at "I.html". */
void coverpage_index(FILE *out, const struct coverage *c);

/* A source file's lines with their counts; source is its text, NULL where it is not there any more:
 * then only the lines that have code are listed. */
void coverpage_file(FILE *out, const struct coverage_file *f, const char *source);

#endif
