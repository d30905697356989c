/* SPDX-License-Identifier: GPL-2.0-only */
/* What a kernel must be configured with: the lists in kconfig/ (its README.md has their format),
 * and what tests and the command line add. */
#ifndef KBUILD_REQUIRE_H
#define KBUILD_REQUIRE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/map.h"
#include "kbuild/kbuild.h"

#define REQUIRE_LIST_MAX (256 << 10) /* bytes of a list */

struct require {
	char *value; /* as it stands in a .config, but "n" for "is not set" */
	char *from;  /* who wants it, for messages: "kconfig/base:12", "the test" */
	bool soft;   /* need not be reached */
};

/* {} is an empty one. */
struct requires
{
	struct map by_symbol; /* struct require, in the order in which they are to be written */
};

/*
 * Add "A=VALUE", or "A" for y, a CONFIG_ in front tolerated. It takes the place of an earlier one
 * of the same symbol, but a soft one never that of another. Two from the same place that differ are
 * an error, as is a word that is none of the above.
 */
int requires_add(struct requires *r, const char *word, const char *from, bool soft,
		 struct err *err);

/* The list TREE/kconfig/NAME, as far as it applies to b's architecture and version. */
int requires_list(struct requires *r, const struct kbuild *b, const char *name, struct err *err);
/* The same from text; name stands for it in messages. */
int requires_parse(struct requires *r, const struct kbuild *b, const char *name, const char *text,
		   size_t len, struct err *err);

/* All that b asks for: the lists that apply, then the test's. */
int requires_collect(struct requires *r, const struct kbuild *b, struct err *err);

void requires_done(struct requires *r);
#define _cleanup_requires_ __attribute__((cleanup(requires_done)))

#endif
