/* SPDX-License-Identifier: GPL-2.0-only */
/* From what the user asked for and a test file declares to a kernel built for it. */
#ifndef RUN_BUILD_H
#define RUN_BUILD_H

#include "kbuild/kbuild.h"
#include "kbuild/source.h"
#include "run/plan.h"

/* One kernel to be built, and all that its struct kbuild points at. */
struct build {
	struct kbuild k;
	struct source source;
	char *build_dir, *install_dir, *user_config, *compiler;
	struct strv require, require_soft, make_args, gcov, variants;
};

/* What s->source is to be built as for f; NULL: for no test in particular. */
int build_prepare(struct build *b, const struct settings *s, const struct test_file *f,
		  struct err *err);
void build_done(struct build *b);

/* Where: number tells the kernels of a run apart, from 1: the first one is out/kernel.ARCH, the
 * second out/kernel.ARCH.2. */
int build_place(struct build *b, const struct settings *s, size_t number, struct err *err);

/* Whether the two give the same kernel, whatever directory it lies in. */
bool build_same(const struct build *a, const struct build *b);

#endif
