/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that the kernel makes up as they are read (debugfs), copied to where the host has them. */
#ifndef GUEST_GATHER_H
#define GUEST_GATHER_H

#include <sys/types.h>

#include "proto/frame.h"

/* GATHER: answered by DONE when all is copied, the loop going on meanwhile. */
void gather_command(const struct frame *f);
/* Whether this process is the one that copies. */
int gather_is(pid_t pid);

#endif
