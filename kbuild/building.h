/* SPDX-License-Identifier: GPL-2.0-only */
/* The make that builds a kernel: its log, how far it is, why it failed. */
#ifndef KBUILD_BUILDING_H
#define KBUILD_BUILDING_H

#include "kbuild/kbuild.h"
#include "base/sum.h"

/*
 * Build image, modules and gdb's scripts, and b->target, in build_dir. All that make says is in
 * *log, a file there (the caller frees the name). config is the hash of the .config, for what is to
 * be expected. When it fails the errors of the compilers go out as log_note, and err has the first
 * of them and the log; interrupted: -EINTR.
 */
int building_run(const struct kbuild *b, struct sum config, char **log, struct err *err);

#endif
