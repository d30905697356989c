/* SPDX-License-Identifier: GPL-2.0-only */
/* What changed from one run to another. */
#ifndef REPORT_COMPARE_H
#define REPORT_COMPARE_H

#include "base/str.h"
#include "result/result.h"

#define COMPARE_PAST_MAX 50

/* How long the subtest took when it passed, up to the first run, that one included, newest first.
 */
typedef size_t compare_past_fn(void *arg, const char *file, const char *subtest, int64_t *ms,
			       size_t max);

struct compare {
	const struct result *old, *now;
	compare_past_fn *past; /* NULL: no history */
	void *arg;
};

struct compare_counts {
	unsigned int failed, fixed, still, gone, lost; /* new failures first */
	unsigned int slower, faster, same, unknown;    /* of those that passed in both */
};

/*
 * A line for each new failure, each one fixed, each verdict lost, and each duration that changed by
 * more than noise (run/noise.h); then the counts. Subtests are the same by file, name, and their
 * kernel's architecture and variant.
 */
void compare_format(const struct compare *c, struct strbuf *out, struct compare_counts *counts);

#endif
