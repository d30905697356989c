/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Results derived from the journal: results.json, the table, the exit status, what is left for
 * --resume. A subtest has an entry for each kernel that it ran on; one that has not started has one
 * without a kernel. A phase has one where something went wrong in it.
 *
 * Of a subtest that ran more than once the attempt is told that counts: the last one of each round
 * (run/again.h), and of the rounds the first with the gravest verdict if that is none of PASS and
 * SKIP, else the last.
 */
#ifndef RESULT_RESULT_H
#define RESULT_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "result/phase.h"
#include "result/rate.h"
#include "result/verdict.h"

/* Times are nanoseconds since 1970, 0: not known. */
struct result_attempt {
	int n;		    /* from 1 */
	int round, retries; /* see below */
	bool confirming;
	bool put_back; /* given up, and started once more: no failure */
	enum verdict verdict;
	char *reason, *title, *guest; /* NULL: none */
	int64_t start_ns, end_ns, duration_ms;
};

struct result_guest {
	char *name, *kernel, *file; /* the last two may be NULL */
	char *reason;		    /* why it ended, NULL: as it should, or not yet */
	int64_t start_ns, ready_ns, end_ns;
};

/* Of an attempt that counts though later ones followed. */
struct result_told {
	int attempt;
	enum verdict verdict;
	char *reason, *title, *guest, *isolation;
	json_t *findings, *nested;
	int64_t nested_dropped, duration_ms;
};

struct result_test {
	char *file, *subtest; /* both as in the journal */
	enum phase phase;     /* it is no subtest: subtest is phase_row() of it; else PHASE_NONE */
	bool undecisive;      /* the phase's: subtests were named, so it decides no exit status */
	enum verdict verdict; /* VERDICT_NONE: not started or cut off */
	char *reason;	      /* NULL: none */
	char *title;	      /* as the verdict was given, else of the first finding; NULL: none */
	char *kernel, *guest; /* "k1", "vm1"; NULL before it started */
	char *isolation;
	int64_t duration_ms; /* of the last attempt; 0 until it ended */
	int64_t mem_mib;     /* that its guest has had of its own by then; 0: not known */
	int attempt;	     /* of the last start, from 1; 0: not started */
	int told;     /* the attempt that all this is of: that one, unless another counts more */
	bool flaky;   /* PASS after a FAIL or ERROR in the same round */
	bool cut_off; /* started, and the run ended before it did */
	bool failed_before; /* an earlier attempt of this round was FAIL or ERROR */

	/* of the last attempt, as run/again.h counts */
	enum verdict last;
	int round, retries; /* from 0 */
	bool confirming;
	bool flaky_before;
	bool counted;		   /* this round is in rate */
	struct result_told *aside; /* while the journal is read */
	enum verdict before;	   /* what counts of the rounds before it; NONE: there were none */
	struct rate rate; /* of the first attempts of all rounds that came to PASS, FAIL or ERROR */
	enum verdict confirmed; /* what came of confirming a FAIL; NONE: nothing */
	json_t *findings;	/* array, of the last attempt; NULL: none */
	json_t *nested;		/* what diag/ktap.h made of its output, of the last attempt; NULL */
	int64_t nested_dropped;
	struct result_attempt *attempts; /* all that started, in order */
	size_t nattempts;
};

struct result {
	json_t *run, *host, *kernels; /* as in results.json */
	json_t *files;		      /* by name, the last "file" event of each */
	struct result_test *tests;    /* in the order of the files and their lists */
	size_t n;
	struct result_guest *guests; /* in the order they started */
	size_t nguests;
	int64_t start_ns, end_ns; /* of the first and the last event; see struct result_attempt */
	struct verdict_counts counts; /* of subtests */
	struct verdict_counts phases; /* of the phases that decide */
	bool finished;		      /* there is a finish event */
	int exit_status;	      /* of the finish event, else derived; -1: none */
	char *interrupted;	      /* signal name, NULL */
};

void result_done(struct result *r);

/* Derive from a journal. *r is set up here; result_done is the caller's to call in any case. */
int result_read(const char *journal_path, struct result *r, struct err *err);
/* The same from a descriptor, which stays the caller's; name stands for it in messages. */
int result_read_fd(int fd, const char *name, struct result *r, struct err *err);

/* Where its log is, below the output directory; the caller frees it. NULL: it has none. */
char *result_log_path(const struct result_test *t);

/* The attempt that is told of t; NULL: none has started. */
const struct result_attempt *result_attempt_told(const struct result_test *t);

/* results.json, exactly as the contract in doc/results.md; a new reference. */
json_t *result_json(const struct result *r);

/* The same as the text of the file; the caller frees it. */
char *result_text(const struct result *r);

#endif
