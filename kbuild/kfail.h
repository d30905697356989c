/* SPDX-License-Identifier: GPL-2.0-only */
/* Which conditions of a definition do not hold. */
#ifndef KBUILD_KFAIL_H
#define KBUILD_KFAIL_H

#include <stdbool.h>

#include "base/str.h"
#include "kbuild/kconfig.h"

#define KFAIL_MAX 32

/* One, of those that "&&" joins. */
struct kfail_part {
	const struct kblock *block; /* whose it is; NULL: the symbol's own */
	const char *verb;	    /* "depends on" */
	const struct kexpr *expr;
};

struct kfail {
	struct kfail_part parts[KFAIL_MAX];
	size_t n; /* those above KFAIL_MAX are not kept */
};

/*
 * Of what def and the blocks around it ask for, all that is below need, which is KTRI_M or KTRI_Y;
 * what nobody knows is not among it. With KTRI_UNKNOWN, all that is not known. With prompt, also
 * what has to hold for the prompt to be there.
 */
void kfail_collect(struct kfail *f, const struct kdef *def, const struct kvalues *v, enum ktri need,
		   bool prompt);

/* "depends on A (=n) && B (=n); its menu "C" depends on D (=n)" */
void kfail_show(const struct kfail *f, const struct kvalues *v, struct strbuf *out);

/* The first of them that is nothing but a symbol; NULL if there is none. */
const char *kfail_symbol(const struct kfail *f);

#endif
