/* SPDX-License-Identifier: GPL-2.0-only */
/* The subtests of a journal while it is read, found by name: result/result*.c only. */
#ifndef RESULT_RESULT_INDEX_H
#define RESULT_RESULT_INDEX_H

#include "result/result.h"

struct result_entry {
	struct result_test test;
	json_int_t file, rank; /* of its file, and of the first entry of its name */
	long next;	       /* the next one of this name, on another kernel; -1: none */
};

struct result_index {
	struct result_entry *v;
	size_t n, cap;
	json_t *names, *files; /* "file\nsubtest" to its first entry; file to its rank */
};

void result_index_init(struct result_index *x);
void result_index_done(struct result_index *x); /* what was not taken is freed too */

/*
 * The entry on that kernel, else the one that has no kernel yet, else a new one; without a kernel
 * given, the first. Valid until the next call.
 */
struct result_test *result_index_get(struct result_index *x, const char *file, const char *subtest,
				     const char *kernel);

/* Move all to r: files and subtests in the order they came up, the kernels of one side by side. */
void result_index_take(struct result_index *x, struct result *r);

void result_test_done(struct result_test *t);

#endif
