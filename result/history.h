/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What earlier runs came to: ~/.local/share/ktest/history.db, an SQLite index of the journals kept
 * in
 * ~/.local/share/ktest/runs (run/keep.h). Everything in it can be made again from those: a damaged
 * one, or one of another version, is; and a run that could not be added is when it is next looked
 * at.
 */
#ifndef RESULT_HISTORY_H
#define RESULT_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "result/result.h"

struct history;

/* A subtest in one run; strings are borrowed for the call. */
struct history_entry {
	const char *run, *file, *subtest;
	int64_t started_ns;
	enum verdict verdict;
	int64_t duration_ms;
	const char *reason, *title; /* NULL: none; so those below */
	const char *release, *arch, *variant, *commit, *host, *accel;
	bool flaky;
};

/* How often a subtest failed on one and the same kernel. */
struct history_flake {
	const char *file, *subtest, *release, *commit, *arch; /* the last three may be NULL */
	int64_t runs, failed, flaky; /* with PASS or FAIL, of these FAIL, and PASS after a FAIL */
	int64_t last_ns;
};

/*
 * Open it, made where it is missing or not usable. -EBUSY while another process writes to it.
 * whole: all of it is checked, which takes the longer the more runs there were; else damage is
 * seen, as -EBADMSG, where it is read.
 */
int history_open(struct history **h, bool whole, struct err *err);
void history_close(struct history *h); /* NULL allowed */

/* Add the kept journals that are not in it; *added is their number. One that cannot be read is a
 * warning. */
int history_sync(struct history *h, size_t *added, struct err *err);
/* Forget all of it, and sync. */
int history_rebuild(struct history *h, size_t *added, struct err *err);

/* The end of a run whose journal is kept: it is added. What goes wrong is logged: it stops nothing.
 */
void history_note(const char *id);

/* What is known of a file's subtests (NULL: all of them), at most max, the oldest first. */
typedef void history_entry_fn(void *arg, const struct history_entry *e);
int history_tests(struct history *h, const char *file, const char *subtest, size_t max,
		  history_entry_fn *fn, void *arg, struct err *err);

/* Subtests that both passed and failed on one kernel, or passed only when tried again; the one that
 * failed most often first. */
typedef void history_flake_fn(void *arg, const struct history_flake *f);
int history_flaky(struct history *h, history_flake_fn *fn, void *arg, struct err *err);

/*
 * What the newest runs (at most max rows) on the same host, accelerator and architecture say of how
 * long the file's subtests took that passed, and how much memory of their own their guests had
 * (0: not known); newest first.
 */
struct history_place {
	const char *host, *accel, *arch; /* the last two may be NULL */
};
struct history_estimate {
	const char *subtest; /* borrowed for the call */
	int64_t duration_ms, mem_mib;
};
typedef void history_estimate_fn(void *arg, const struct history_estimate *e);
int history_estimates(struct history *h, const char *file, const struct history_place *where,
		      size_t max, history_estimate_fn *fn, void *arg, struct err *err);

/*
 * How long a subtest took when it passed, in the last runs (at most max) that began no later than
 * the one named, that one included, on the same host, accelerator and architecture; newest first.
 * The number of them, 0 where nothing is known.
 */
size_t history_durations(struct history *h, const char *run, const char *file, const char *subtest,
			 int64_t *ms, size_t max);

/* The id of a run: itself, a beginning that only one has, "last" or "last~N"; the caller frees it.
 */
int history_find_run(struct history *h, const char *name, char **id, struct err *err);

/* The results of a run whose journal is kept. result_done is the caller's in any case. */
int history_read_run(const char *id, struct result *r, struct err *err);

#endif
