/* SPDX-License-Identifier: GPL-2.0-only */
/* Coverage: the data of gcov.N directories (gather.h) merged by source file. */
#ifndef RUN_COVERAGE_H
#define RUN_COVERAGE_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "base/str.h"

#define COVERAGE_NO_CODE (-1)

struct coverage_function {
	char *name;
	int64_t line, hits;
};

struct coverage_file {
	char *path;    /* absolute, as compiled; "." and ".." taken out */
	int64_t *hits; /* by line, [0] unused; COVERAGE_NO_CODE where no code is */
	size_t nlines;
	struct coverage_function *functions; /* as found */
	size_t nfunctions;
	json_t *names; /* "NAME:LINE" to the place in functions */
};

struct coverage {
	struct coverage_file *files; /* by path, once coverage_sort() was called */
	size_t n;
	json_t *paths; /* to the place in files */
	size_t total;  /* of lines that there is room for */
};

struct coverage_sum {
	size_t lines, lines_hit, functions, functions_hit;
};

void coverage_done(struct coverage *c);

/*
 * Add what gcov.* below dir, the output directory of a run, holds. program is the gcov to ask,
 * NULL: that of the GCC which made the notes, where there is one, else gcov. nothing to read is an
 * error; files that gcov cannot make sense of are told by log_warn.
 */
int coverage_add_run(struct coverage *c, const char *dir, const char *program, struct err *err);

/*
 * Add the text of `gcov --json-format --stdout`: an object a line, format version 1 or 2 (gcov(1)).
 * Each function and line that comes again adds up. An error names the line.
 */
int coverage_add_json(struct coverage *c, const char *text, size_t len, struct err *err);

void coverage_sort(struct coverage *c);
void coverage_count(const struct coverage_file *f, struct coverage_sum *sum); /* adds */

#endif
