// SPDX-License-Identifier: GPL-2.0-only
#include "report/tracefile.h"

#include <inttypes.h>

static void print_functions(FILE *out, const struct coverage_file *f)
{
	for (size_t i = 0; i < f->nfunctions; i++)
		fprintf(out, "FN:%" PRId64 ",%s\n", f->functions[i].line, f->functions[i].name);
	for (size_t i = 0; i < f->nfunctions; i++)
		fprintf(out, "FNDA:%" PRId64 ",%s\n", f->functions[i].hits, f->functions[i].name);
}

static void print_file(FILE *out, const struct coverage_file *f)
{
	struct coverage_sum sum = {0};

	coverage_count(f, &sum);
	fprintf(out, "SF:%s\n", f->path);
	print_functions(out, f);
	fprintf(out, "FNF:%zu\nFNH:%zu\n", sum.functions, sum.functions_hit);
	for (size_t i = 0; i < f->nlines; i++)
		if (f->hits[i] >= 0)
			fprintf(out, "DA:%zu,%" PRId64 "\n", i, f->hits[i]);
	fprintf(out, "LF:%zu\nLH:%zu\nend_of_record\n", sum.lines, sum.lines_hit);
}

void tracefile_print(FILE *out, const struct coverage *c)
{
	fputs("TN:\n", out);
	for (size_t i = 0; i < c->n; i++)
		print_file(out, &c->files[i]);
}
