/* SPDX-License-Identifier: GPL-2.0-only */
/* How much a build will be, from what the last ones were. */
#ifndef KBUILD_EXPECT_H
#define KBUILD_EXPECT_H

#include "kbuild/kbuild.h"
#include "base/sum.h"

struct expect {
	size_t objects;	     /* 0: nobody knows */
	int64_t duration_ns; /* of the whole, 0: nobody knows */
	int64_t tail_ns;     /* of it, after the last object: linking */
	bool is_guess;
};

/*
 * What to expect of building the .config of that hash: all of it, or (not from_scratch) what
 * changed since the last time. The notes lie beside build_dir and outlive it.
 */
void expect_load(const struct kbuild *b, struct sum config, bool from_scratch, struct expect *e);

/* Note what it really was; what cannot be written is lost. */
void expect_save(const struct kbuild *b, struct sum config, bool from_scratch,
		 const struct expect *was);

/* The time that is left when done objects took elapsed_ns; -1: not known. */
int64_t expect_left(const struct expect *e, size_t done, int64_t elapsed_ns);

#endif
