/* SPDX-License-Identifier: GPL-2.0-only */
/* What external modules need to build against a kernel. */
#ifndef KBUILD_DEVEL_H
#define KBUILD_DEVEL_H

#include "kbuild/kbuild.h"

/*
 * Bring the directory to up to date: what make generated in build_dir, with a Makefile that takes
 * the rest from b's source. `make -C to M=...` works for as long as that is there.
 */
int devel_install(const struct kbuild *b, const char *to, struct err *err);

/* The same in the new directory to, self-contained: what devel_install() has put into from, and
 * what it takes of the source. */
int devel_publish(const struct kbuild *b, const char *from, const char *to, struct err *err);

#endif
