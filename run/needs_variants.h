/* SPDX-License-Identifier: GPL-2.0-only */
/* Variants asked for by option (--variant): lib/variants/NAME.sh declares on behalf of any file. */
#ifndef RUN_NEEDS_VARIANTS_H
#define RUN_NEEDS_VARIANTS_H

#include "run/needs.h"

/* That library, our tree, has these; a usage error lists what there is. */
int variants_check(const char *library, const struct strv *names, struct err *err);

/*
 * For a file whose own library knows of no variants: what those of limits declare is added to n.
 * The arguments are needs_call()'s.
 */
int variants_apply(const char *library, int64_t priority, const struct needs_limits *limits,
		   struct needs *n, struct err *err);

/*
 * What the file is called in the output: "kasan-NAME" as a file kasan-NAME.ktest would be, which
 * it may be already. The caller frees it.
 */
char *variants_base(const struct strv *names, const char *base);

#endif
