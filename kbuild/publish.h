/* SPDX-License-Identifier: GPL-2.0-only */
/* A kernel that was built, given away: a directory that needs neither its source nor its build. */
#ifndef KBUILD_PUBLISH_H
#define KBUILD_PUBLISH_H

#include "kbuild/kbuild.h"

/*
 * Put the kernel of b's install_dir, with what external modules need to build against it and a
 * manifest.json (release, arch, variant, source, revision, dirty, compiler, build id, time), in the
 * directory dest, whole or not at all, in place of a kernel that is there. Anything else that is
 * there is an error. variant is its name, NULL: none. kernel_load_dir() takes dest wherever it is
 * moved to.
 */
int publish_kernel(const struct kbuild *b, const char *variant, const char *dest, struct err *err);

/* The GNU build id of an ELF file in hex, NULL if it has none; the caller frees it. */
char *build_id_of(const char *path);

#endif
