/* SPDX-License-Identifier: GPL-2.0-only */
/* The words of a result; see doc/results.md. */
#ifndef RESULT_VERDICT_H
#define RESULT_VERDICT_H

enum verdict {
	VERDICT_NONE, /* not started, or cut off */
	VERDICT_PASS,
	VERDICT_FAIL,
	VERDICT_SKIP,
	VERDICT_ERROR, /* the test itself broke: its init hook failed, it named no verdict */
	VERDICT_MISS,  /* no verdict could be had: boot or host failed */
};

const char *verdict_name(enum verdict v);     /* "PASS"; "NONE" */
enum verdict verdict_parse(const char *name); /* VERDICT_NONE for anything else */

/* The one that weighs more: FAIL, ERROR, MISS, NONE, PASS, SKIP, in this order. */
enum verdict verdict_worse(enum verdict a, enum verdict b);

/* Exit status of a run from its verdicts: 1, 125 or 0; see EXIT STATUS of ktest(1). */
struct verdict_counts {
	unsigned int n[VERDICT_MISS + 1];
};
int verdict_exit(const struct verdict_counts *c);

#endif
