/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The output directory of a run (doc/results.md). The guest writes in it as well, so
 * everything here is opened relative to a descriptor and without following a link.
 */
#ifndef RESULT_OUTDIR_H
#define RESULT_OUTDIR_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* A report of the kernel, beside the log of its subtest: this and a number from 1. */
#define OUTDIR_FINDING "finding."

struct outdir {
	char *path;    /* absolute, links resolved */
	char *journal; /* PATH/journal.jsonl */
	char *lock;    /* PATH/.lock: held by the run */
	int lock_fd;
	int out_fd; /* PATH/out */
	bool xattr; /* the file system keeps user.* attributes */
};

/* Make PATH where it is missing and take its lock; an error tells who holds it. A directory with
 * other things in it is none of ours: -EEXIST. */
int outdir_open(const char *path, struct outdir *o, struct err *err);
/* A new run: remove what the last one left (out/, the journal, results.json, gcov.*). */
int outdir_replace(struct outdir *o, struct err *err);
/* Go on with what is there. */
int outdir_resume(struct outdir *o, struct err *err);
void outdir_close(struct outdir *o);

/* The name of a subtest's directory: BASE.SUBTEST with '/' as '.'; the caller frees it. */
char *outdir_name(const char *base, const char *subtest);

/* out/BASE, appended to; a descriptor or a negative errno. */
int outdir_file_log(struct outdir *o, const char *base, struct err *err);

/* Make NAME/ with status "========= NOT STARTED". */
int outdir_subtest_add(struct outdir *o, const char *name, struct err *err);
/*
 * Attempt number attempt (from 1) starts: what an earlier one left in NAME/ moves to
 * NAME/attempt.N/. Returns a descriptor of the new, empty NAME/log.
 */
int outdir_subtest_start(struct outdir *o, const char *name, int attempt, struct err *err);
/* NAME/status and NAME/duration; seconds < 0: no duration. */
int outdir_subtest_status(struct outdir *o, const char *name, const char *status, long seconds,
			  struct err *err);

/* NAME/finding.N: the text of a report of the kernel. */
int outdir_subtest_finding(struct outdir *o, const char *name, int n, const char *text,
			   struct err *err);

/* Append to NAME/log, which is a log of our own alone: that of a phase (result/phase.h). */
int outdir_phase_log(struct outdir *o, const char *name, const char *text, struct err *err);

/* A descriptor of the directory NAME, made anew where the guest has put something else there. */
int outdir_subtest_dir(struct outdir *o, const char *name, struct err *err);

/* A new directory PATH/NAME; -1 with errno when there is one or it cannot be made. */
int outdir_make(const struct outdir *o, const char *name);

/*
 * Add what a guest must not write though it lies in PATH: the run's own files, and the directories
 * of kernels built and installed there (their names begin with "kernel"), parts of which run on the
 * host, and the coverage of earlier guests.
 */
void outdir_protected(const struct outdir *o, struct strv *paths);

/* The symbolic link PATH/NAME to target; NULL removes it. */
int outdir_link(struct outdir *o, const char *name, const char *target, struct err *err);

#endif
