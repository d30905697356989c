// SPDX-License-Identifier: GPL-2.0-only
#include "result/verdict.h"

#include <string.h>

#include "base/str.h"

static const char *const names[] = {
	[VERDICT_NONE] = "NONE", [VERDICT_PASS] = "PASS",   [VERDICT_FAIL] = "FAIL",
	[VERDICT_SKIP] = "SKIP", [VERDICT_ERROR] = "ERROR", [VERDICT_MISS] = "MISS",
};

const char *verdict_name(enum verdict v)
{
	return (size_t)v < ARRAY_SIZE(names) ? names[v] : names[VERDICT_NONE];
}

enum verdict verdict_parse(const char *name)
{
	for (size_t v = VERDICT_PASS; name && v < ARRAY_SIZE(names); v++)
		if (!strcmp(name, names[v]))
			return (enum verdict)v;
	return VERDICT_NONE;
}

enum verdict verdict_worse(enum verdict a, enum verdict b)
{
	static const int weight[] = {
		[VERDICT_FAIL] = 5, [VERDICT_ERROR] = 4, [VERDICT_MISS] = 3,
		[VERDICT_NONE] = 2, [VERDICT_PASS] = 1,	 [VERDICT_SKIP] = 0,
	};

	return weight[b] > weight[a] ? b : a;
}

int verdict_exit(const struct verdict_counts *c)
{
	if (c->n[VERDICT_FAIL] || c->n[VERDICT_ERROR])
		return 1;
	/* A subtest that was never decided is no success either. */
	if (c->n[VERDICT_MISS] || c->n[VERDICT_NONE])
		return 125;
	return 0;
}
