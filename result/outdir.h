/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The output directory of a run (doc/results.md). From its opening on it is the descriptor that
 * counts: whatever takes its place at the path is another one. Guests write elsewhere (guestdir.h).
 */
#ifndef RESULT_OUTDIR_H
#define RESULT_OUTDIR_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

/* A report of the kernel, beside the log of its subtest: this and a number from 1. */
#define OUTDIR_FINDING "finding."

struct outdir {
	char *path;  /* absolute, links resolved */
	int dir_fd;  /* of it */
	int lock_fd; /* .lock: held by the run */
	int out_fd;  /* out/ */
	bool xattr;  /* the file system keeps user.* attributes */
};

#define OUTDIR_INIT                                       \
	{                                                 \
		.dir_fd = -1, .lock_fd = -1, .out_fd = -1 \
	}

/* Names in it. */
#define OUTDIR_JOURNAL "journal.jsonl"
#define OUTDIR_RESULTS "results.json"
#define OUTDIR_GUESTS  "guests"

/* Make PATH where it is missing and take its lock; an error tells who holds it. A directory with
 * other things in it is none of ours: -EEXIST. */
int outdir_open(const char *path, struct outdir *o, struct err *err);
/* A new run: remove what the last one and its guests left. */
int outdir_replace(struct outdir *o, struct err *err);
/* Go on with what is there. */
int outdir_resume(struct outdir *o, struct err *err);
void outdir_close(struct outdir *o);

/* Whether the path still leads to the directory that was opened: 0, or -ESTALE with an error. */
int outdir_check(const struct outdir *o, struct err *err);

/* Whether a name in it is one that ktest uses: no guest's file is to have it. */
bool outdir_is_ours(const char *name);
/* Whether a name in out/NAME/ is one that ktest uses. */
bool outdir_is_subtests(const char *name);

/* Whether name is that of a guest's coverage, "gcov.N". */
bool outdir_is_coverage(const char *name);

/* The next run is to remove PATH/NAME, which a guest has left, if that still is the file ino. 0 or
 * -errno. */
int outdir_note_left(const struct outdir *o, const char *name, ino_t ino);

/* Write PATH/NAME anew, whole or not at all, on the disk when this returns. 0 or a negative errno.
 */
int outdir_put(const struct outdir *o, const char *name, const char *text, struct err *err);

/* A descriptor of its journal, to append to: a new file, or the one that is there. Or a negative
 * errno. */
int outdir_journal(const struct outdir *o, bool append, struct err *err);

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
/* Whether it was started and has no verdict. */
bool outdir_subtest_is_open(const struct outdir *o, const char *name);
/* NAME/status and NAME/duration; seconds < 0: no duration. */
int outdir_subtest_status(struct outdir *o, const char *name, const char *status, long seconds,
			  struct err *err);

/* NAME/finding.N: the text of a report of the kernel. */
int outdir_subtest_finding(struct outdir *o, const char *name, int n, const char *text,
			   struct err *err);

/* Append to NAME/log, which is a log of our own alone: that of a phase (result/phase.h). */
int outdir_phase_log(struct outdir *o, const char *name, const char *text, struct err *err);

/* A descriptor of the directory out/NAME, which is made where it is missing. */
int outdir_subtest_dir(const struct outdir *o, const char *name, struct err *err);

/* The symbolic link PATH/NAME to target; NULL removes it. */
int outdir_link(const struct outdir *o, const char *name, const char *target, struct err *err);

#endif
