/* SPDX-License-Identifier: GPL-2.0-only */
/* The initramfs of our own making: the agent, the modules a guest needs and nothing else. */
#ifndef KERNEL_INITRAMFS_H
#define KERNEL_INITRAMFS_H

#include "kernel/modules.h"

/*
 * The path of an initramfs (newc, uncompressed, by libarchive) with /init (the file agent, mode
 * 0755), /modules/NNN-NAME.ko (decompressed) and /modules/order (a file name a line, in load
 * order), /dev, /proc, /sys, /run and /newroot. k->initramfs, where there is one, comes first in
 * the file (padded to 4 bytes), so that ours wins. Made once for each agent by its content, and
 * modules and k->initramfs by their state, as an entry of the cache in cache_dir (base/cache.h);
 * old ones are removed above 1 GiB. The caller frees *path.
 */
int initramfs_get(const struct kernel *k, const struct module_set *set, const char *agent,
		  const char *cache_dir, char **path, struct err *err);

#endif
