/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's make: its arguments, and running it. */
#ifndef KBUILD_MAKE_H
#define KBUILD_MAKE_H

#include "kbuild/kbuild.h"

/*
 * "make -C SOURCE O=BUILD ARCH= CROSS_COMPILE= CC= LLVM=1 ..." as b's architecture and compiler
 * need them (ccache where there is one), b's own make_args last; targets are the caller's to add.
 */
void make_argv(const struct kbuild *b, struct strv *argv);

/*
 * make's environment, ours but for what would make a kernel other than its source, configuration
 * and arguments say: no date, user or host of the build (so that what is made again comes out the
 * same, bit for bit), no arguments of a make that we may have been started by, English messages.
 */
void make_env(struct strv *env);

/*
 * Run make for a target that takes seconds (allnoconfig, olddefconfig, kernelrelease), output to
 * *out (may be NULL). A failure is one line with make's own last one. SIGINT, SIGTERM and SIGHUP
 * end it and all that it started: -EINTR.
 */
int make_run(const struct kbuild *b, const char *target, struct strbuf *out, struct err *err);

#endif
