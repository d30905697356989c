/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Results that a subtest printed itself. They come from a journal, whoever wrote that: what is not
 * as diag/ktap.h makes it is read as if it were not there.
 */
#ifndef REPORT_NESTED_H
#define REPORT_NESTED_H

#include <stdbool.h>

#include <jansson.h>

#include "result/result.h"

#define NESTED_DEPTH_MAX 16

struct nested {
	const char *name, *directive, *text; /* the last two NULL: none */
	enum verdict verdict;
	bool pardoned;	      /* it did not pass, but the subtest that it is of did */
	bool expected;	      /* it failed, as it was expected to */
	const json_t *nested; /* array, NULL: none */
};

/* Entry i of an array; false: it is none. */
bool nested_get(const struct result_test *t, const json_t *results, size_t i, struct nested *n);
/* How many entries of an array nested_get gives. */
size_t nested_count(const struct result_test *t, const json_t *results);

/* Each result that has none below it, with the names of those above it and its own joined by '.'.
 */
typedef void nested_fn(void *arg, const char *path, const struct nested *n);
void nested_each(const struct result_test *t, nested_fn *fn, void *arg);

#endif
