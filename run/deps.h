/* SPDX-License-Identifier: GPL-2.0-only */
/* What tests build from: the repositories of require-git, cloned on the host once. */
#ifndef RUN_DEPS_H
#define RUN_DEPS_H

#include "run/plan.h"

/*
 * Clone into deps_dir what the files of the plan declare and is not there yet; "URL DIR" goes to
 * deps_dir/DIR, whole or not at all. What is there is left as it is: it may hold the user's own
 * work.
 */
int deps_fetch(const struct plan *p, const char *deps_dir, struct err *err);

#endif
