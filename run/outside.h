/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What goes wrong in a guest outside of subtests: while it boots, in init hooks, behind the last
 * subtest. Each of these phases of a file has a verdict of its own, as a subtest has, once for the
 * whole run however many guests show the same; result/phase.h.
 */
#ifndef RUN_OUTSIDE_H
#define RUN_OUTSIDE_H

#include "diag/scan.h"
#include "result/phase.h"
#include "result/verdict.h"
#include "run/failon.h"

struct run;
struct trial;
struct result_test;

struct outside {
	char *base; /* of the file */
	enum phase phase;
	enum verdict verdict; /* PASS: bugs that are only noted */
	char *reason;	      /* NULL: none */
	char *title;	      /* of the first that made it what it is */
	bool undecisive;      /* it does not count for the exit status */
	struct strv seen;     /* "ACTION TITLE" of the bugs so far, to tell what is new */
	size_t failing;	      /* bugs that fail it */
	int reports;	      /* files with reports of the kernel */
	int64_t lines;	      /* of its log */
};

/* Where a bug belongs that is found now, while no subtest runs. */
enum phase outside_phase(const struct trial *t, const struct finding *f);
/* A bug of the kernel while no subtest runs, which is recorded unless it is known already. */
void outside_finding(struct trial *t, const struct finding *f, enum bug_action action,
		     const char *why);
/* A taint that no report told of. */
void outside_tainted(struct trial *t, const char *title, enum bug_action action);
/* Something else: hooks that failed, a guest that died. title may be NULL. */
void outside_failed(struct trial *t, enum verdict v, const char *reason, const char *title);

/* What a run that goes on takes from its journal. */
void outside_resume(struct run *run, const struct result_test *t);
/* Those that decide are added. */
void outside_count(const struct run *run, struct verdict_counts *c);
void outside_done(struct run *run);

#endif
