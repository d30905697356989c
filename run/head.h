/* SPDX-License-Identifier: GPL-2.0-only */
/* The beginning of a run's journal. */
#ifndef RUN_HEAD_H
#define RUN_HEAD_H

#include "run/trial.h"

/* "run", or "resume" where an earlier run goes on, and the kernels; argv is recorded. */
void head_write(struct run *run, const struct strv *argv);
/* A "file" event for each; errors of both are run->err. */
void head_files(struct run *run);

/*
 * Take the journal of the run that goes on: what has a verdict keeps it, what was cut off is tried
 * again. An error, and nothing is touched, where test files, libraries or kernels are not those of
 * its head. The output directory is opened.
 */
int head_resume(struct run *run, struct err *err);

#endif
