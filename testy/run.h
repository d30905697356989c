/* SPDX-License-Identifier: GPL-2.0-only */
/* The chosen tests are run, some at a time, each brought to a verdict. */
#ifndef TESTY_RUN_H
#define TESTY_RUN_H

#include "result/verdict.h"
#include "testy/job.h"

/* What became of a test. Strings live for the call. */
struct testy_outcome {
	const struct testy_test *test;
	enum verdict verdict; /* NONE: it was cut off */
	const char *why;      /* "exit status 3", "2 of 5 subtests failed"; "" for a plain PASS */
	int64_t duration_ms;  /* of its job, which may have had several tests */
	const char *log;      /* what it printed: the path, */
	int log_fd;	      /* and a descriptor of it, -1: there is none */
};

/* How a run shows itself; both may be NULL. */
struct testy_ui {
	void (*outcome)(void *arg, const struct testy_outcome *o);
	/* On each change, and each second: how many are done and failed; name of one that runs. */
	void (*progress)(void *arg, const char *name, size_t done, size_t failed,
			 int64_t elapsed_ns);
	void *arg;
};

/*
 * Run the jobs. *exit_status is that of `ktest run` over the verdicts of all tests, 130 after
 * SIGINT, SIGTERM or SIGHUP; then nothing that was started is left. An error means that nothing was
 * started.
 */
int testy_run(const struct testy_jobs *jobs, const struct testy_settings *s,
	      const struct testy_ui *ui, int *exit_status, struct err *err);

#endif
