/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Subtests that are run more than once in a run. A round is a time that the user asked for
 * (--repeat, --until-fail); in it a subtest that fails is tried again (--retry), and what counts is
 * the last of these tries; one that fails in a clone is confirmed in a guest of its own
 * (--confirm), which changes no verdict.
 */
#ifndef RUN_AGAIN_H
#define RUN_AGAIN_H

#include <limits.h>

#include "run/settings.h"
#include "run/unit.h"

#define AGAIN_FOR_EVER INT_MAX

/* How many rounds there are. */
int again_rounds(const struct settings *s);

/* Whether anything of f is to be run; a file of unknown subtests is, to name them. */
bool again_due(const struct settings *s, const struct test_file *f);

/* All of u has a verdict: what is due next is set up in it. False: nothing is. */
bool again_next(const struct settings *s, struct unit *u);

/* What counts of all its rounds so far. */
enum verdict again_verdict(const struct subtest *s);

/* Whether the verdict v on it, just found, is bad, and the last word in this round. */
bool again_failed(const struct settings *s, const struct subtest *st, enum verdict v);

/* Which attempt that is, for the journal. */
void again_record(const struct subtest *s, json_t *event);

#endif
