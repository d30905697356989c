/* SPDX-License-Identifier: GPL-2.0-only */
/* What has to be started for the tests that were chosen. */
#ifndef TESTY_JOB_H
#define TESTY_JOB_H

#include "run/needs.h"
#include "testy/match.h"

/* What the user asked of testy. */
struct testy_settings {
	char *kernel;	  /* -k for `ktest run`; NULL: its own choice */
	char *source;	  /* a kernel's source tree to build from; NULL: none */
	char *out;	  /* output directory, absolute */
	char *program;	  /* path of ktest itself, which is build-test-kernel too */
	char *keeper;	  /* and of the keeper */
	char *tree;	  /* ktest's own files */
	int64_t priority; /* -p */
	int64_t jobs;	  /* at a time, at least 1 */
};

enum testy_kind {
	TESTY_PROGRAM, /* an executable, under a keeper that ends what it leaves */
	TESTY_KTEST,   /* ktest run, one file */
	TESTY_BUILD,   /* build-test-kernel run, all files that want the same kernel */
};

struct testy_job {
	enum testy_kind kind;
	struct strv argv; /* argv[0] tells the program of s->program what it is */
	const struct testy_test **tests;
	struct strv bases; /* of the tests: what they are called in ktest's output */
	size_t n;
	char *key;  /* TESTY_BUILD: all that its tests want of a kernel */
	char *name; /* unlike any other's */
	char *dir;  /* where its output goes, below s->out */
	char *log;  /* what it printed, below s->out */
};

struct testy_jobs {
	struct testy_job *v;
	size_t n;
};

/*
 * The jobs for the tests of m, in their order; that m must outlive them. With s->source the test
 * files are asked for their needs, those that want the same kernel become one job. A file that
 * cannot be asked gets a job of its own, which then says why.
 */
void testy_jobs_make(const struct testy_match *m, const struct testy_settings *s,
		     struct testy_jobs *jobs);
void testy_jobs_done(struct testy_jobs *jobs);

/* All that n says on how its kernel is configured and built, as one string; the caller frees it. */
char *testy_kernel_key(const struct needs *n);

#endif
