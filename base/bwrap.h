/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bubblewrap, always under the keeper (cmd/keeper): killed while it starts, bubblewrap leaves a
 * child that has not yet asked to die with its parent, and waits for it for ever.
 */
#ifndef BASE_BWRAP_H
#define BASE_BWRAP_H

#include "base/err.h"
#include "base/proc.h"
#include "base/str.h"

/* Begin a command line; keeper is its path, NULL: none. bubblewrap's own arguments follow. */
void bwrap_start(const char *keeper, struct strv *argv);

/* Whether it works here with the arguments of argv so far: `true` is run in it. The error is one
 * line on what is missing. */
int bwrap_try(const struct strv *argv, struct err *err);
/* The first half of it: *trial is for proc_run_end(), NULL on an error. */
int bwrap_try_begin(const struct strv *argv, struct proc_running **trial, struct err *err);

#endif
