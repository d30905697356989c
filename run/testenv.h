/* SPDX-License-Identifier: GPL-2.0-only */
/* The environment of a test file, "NAME=VALUE": what it finds wherever it runs. */
#ifndef RUN_TESTENV_H
#define RUN_TESTENV_H

#include "run/plan.h"

/* Those that tell of the run, those of --env last: nothing is to come after. */
void testenv_run(const struct settings *s, const struct test_file *f, int nr_reboots,
		 struct strv *env);

/* NAME as this process has it, else otherwise; NULL: not at all then. */
void testenv_keep(struct strv *env, const char *name, const char *otherwise);

#endif
