/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Core dumps. The kernel refuses to write one to a file whose owner it does not find as it left it,
 * which is what a share of an unprivileged host user looks like. So they are written to memory here
 * and copied to the output directory by root when the session ends.
 */
#ifndef GUEST_CORES_H
#define GUEST_CORES_H

#include <sys/types.h>

#include "guest/util.h"

/* Point the kernel to /run/ktest/cores; made here. */
int cores_prepare(struct fault *f);

/*
 * Starts a child that moves what is there to dir. Its pid; 0 when there is nothing to do; or
 * -errno.
 */
pid_t cores_copy(const char *dir);

#endif
