/* SPDX-License-Identifier: GPL-2.0-only */
/* What a run is going to do: its files and subtests, what each needs after the overrides, and what
 * became of them. */
#ifndef RUN_PLAN_H
#define RUN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "base/str.h"
#include "kernel/arch.h"
#include "result/verdict.h"
#include "run/failon.h"
#include "run/needs.h"
#include "run/settings.h"
#include "vm/accel.h"
#include "base/sum.h"
#include "vm/disk.h"

struct subtest {
	char *name;
	char *dir;   /* its directory's name below out/ */
	bool done;   /* has a verdict */
	int attempt; /* the last one started, from 1; 0: none */
	enum verdict verdict;
	char *reason, *title;
	int64_t duration_ms;
	int64_t expected_ms, mem_mib; /* by earlier runs; 0: not known */

	/* again.h: the attempt that is due or going on, or was the last one */
	int round;	    /* from 0 */
	int retries;	    /* that came before it in this round */
	bool confirming;    /* it is there to confirm a failure */
	bool ran;	    /* it has begun */
	bool put_back;	    /* an attempt was given up since the host was too busy */
	enum verdict worst; /* of the rounds before, and of this one while confirming; NONE: there
			       is none */
};

struct test_file {
	struct needs needs;
	char *base; /* with its variants, names it in the output and the journal */
	struct subtest *subtests;
	size_t n;
	bool named;	    /* some were, on the command line */
	struct sum content; /* of the file when it was asked for its needs */

	/* Its init hooks have failed: none of its subtests can be run in any guest; NULL: they have
	 * not. reason is a static string. */
	const char *broken;
	char *broken_title;

	/* what it gets: declared, overridden or default */
	const struct arch *arch;
	struct run_kernel *kernel; /* found or built before anything boots; run/kernels.h */
	const struct bus *bus;
	int cpus;
	int64_t mem_mib;
	double speed_factor; /* of where it runs: 1 on the host itself */
	int64_t timeout_ns;  /* of a subtest, after scaling */
	struct failon failon;
	bool dump;	  /* the memory of a guest that fails is kept */
	bool internet;	  /* network "internet" is wanted */
	int64_t peak_mib; /* the most memory that a guest of it is known to have needed; 0 */
	enum isolation isolation; /* what it gets; clone may turn out to be impossible: clones.h */
	bool control; /* the agent runs subtests one by one; else verdict lines are read */
};

struct plan {
	struct test_file *files;
	size_t n;
};

struct test_request {
	char *path;
	struct strv subtests; /* none: all */
};

/*
 * Read each file's needs, choose the subtests, apply the overrides of s. A subtest the file lacks
 * is a usage error that lists what there is. factor is the speed factor. Nothing is run in a VM.
 */
int plan_make(const struct test_request *tests, size_t n, const struct settings *s, struct plan *p,
	      struct err *err);
void plan_done(struct plan *p);

/* Whether path, f or a copy of it, has the content that was asked for its needs: 0, or -EAGAIN with
 * an error that names f. */
int plan_check_file(const struct test_file *f, const char *path, struct err *err);

/* Deadlines that tests declare count on a machine with KVM: scale those of guests by factor.
 * --timeout is taken as it is. */
void plan_scale(struct plan *p, const struct settings *s, double factor);

/*
 * plan_names.c: files of one base are called by their paths; then each file and each subtest has a
 * name below out/ of its own, or it is a usage error that tells which two have not.
 */
int plan_names(const struct settings *s, struct plan *p, struct err *err);
/* Whether nobody of p writes out/NAME. */
bool plan_name_free(const struct plan *p, const char *name);

/* The isolation that was asked for, by its user or in it. */
enum isolation plan_wanted(const struct settings *s, const struct test_file *f);

/* A subtest that a file of unknown tests came up with. */
struct subtest *plan_add_subtest(struct test_file *f, const char *name);
struct subtest *plan_find(const struct test_file *f, const char *name);

/* Those of f without a verdict; 0: it is done. */
size_t plan_pending(const struct test_file *f);

#endif
