/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernels of a run: found or built for its files before any is booted. */
#ifndef RUN_KERNELS_H
#define RUN_KERNELS_H

#include "base/hash.h"
#include "kbuild/revision.h"
#include "kernel/kernel.h"
#include "result/journal.h"
#include "result/result.h"
#include "run/build.h"
#include "run/plan.h"
#include "run/run.h"

struct run_kernel {
	struct kernel kernel;
	struct build *build;	  /* how it was built; NULL: it was there */
	struct revision revision; /* of its source, asked when it was built */
	char id[16];		  /* "k1" in the journal */
	struct hash modules;	  /* for same_kernel(), where they were packed */
	bool packed;
};

struct run_kernels {
	struct run_kernel **v; /* their addresses last as long as this */
	size_t n;
};

/*
 * Give each file of the plan its kernel: what s->kernel names for its architecture, or what it
 * needs, built from s->source; files that need the same one share it. ui: whom to show a build to.
 */
int kernels_find(struct run_kernels *ks, const struct settings *s, struct plan *p,
		 const struct run_ui *ui, struct err *err);
void kernels_done(struct run_kernels *ks);

/* A run that goes on: its kernels keep their ids; what is not as r has it is added to changed. */
void kernels_resume(struct run_kernels *ks, const struct result *r, struct strv *changed);

/* A "kernel" event for each, with what it was built from. */
void kernels_record(struct run_kernels *ks, struct journal *journal, struct err *err);

#endif
