/* SPDX-License-Identifier: GPL-2.0-only */
/* Mounts: those of the start, those that SETUP asks for, the new root, and the end of them all. */
#ifndef GUEST_MOUNTS_H
#define GUEST_MOUNTS_H

#include "guest/util.h"

/* proc, sysfs and devtmpfs in the initramfs; failures go to the kernel's log. */
void mounts_early(void);

/*
 * A mount as SETUP gives it. source is a device node, a tag or a directory; flags is a list with
 * commas, or "-"; options is the file system's, or "-". The target is made when it is missing.
 */
int mount_add(const char *type, const char *source, const char *target, const char *flags,
	      const char *options, struct fault *f);

/*
 * Makes path the root of the agent and of everything it starts, with the file systems that a
 * system has (doc/protocol.md lists them).
 */
int mounts_new_root(const char *path, struct fault *f);

/* A descriptor of the initramfs after mounts_new_root, else -1. */
int mounts_old_root(void);

/*
 * Unmounts everything, the root that mounts_new_root made included, so that no disk is left in need
 * of recovery. What is busy is made read-only. No process but the agent may be left.
 */
void mounts_end(void);

#endif
