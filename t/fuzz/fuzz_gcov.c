// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as what gcov prints. Whatever is taken can be counted and written. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/coverpage.h"
#include "report/tracefile.h"
#include "run/coverage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

static void check_file(const struct coverage_file *f)
{
	struct coverage_sum sum = {0};

	check(f->path[0] == '/' && !strstr(f->path, "/../"));
	coverage_count(f, &sum);
	check(sum.lines_hit <= sum.lines && sum.functions_hit <= sum.functions);
	check(sum.functions == f->nfunctions);
	for (size_t i = 0; i < f->nlines; i++)
		check(f->hits[i] >= COVERAGE_NO_CODE);
}

static void write_all(const struct coverage *c)
{
	static FILE *out;

	out = out ? out : fopen("/dev/null", "we");
	tracefile_print(out, c);
	coverpage_index(out, c);
	for (size_t i = 0; i < c->n && i < 3; i++)
		coverpage_file(out, &c->files[i], i ? NULL : "a\nb");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of just the size, so that a read beyond it is seen. */
	char *copy = malloc(size ? size : 1);
	struct coverage c = {0};
	struct err err = {0};

	memcpy(copy, data, size);
	if (coverage_add_json(&c, copy, size, &err) < 0)
		check(err.code < 0 && err.msg[0]);
	coverage_sort(&c);
	for (size_t i = 0; i < c.n; i++)
		check_file(&c.files[i]);
	write_all(&c);
	coverage_done(&c);
	free(copy);
	return 0;
}
