/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of a kernel in a known place. */
#ifndef KERNEL_LOAD_H
#define KERNEL_LOAD_H

#include "kernel/kernel.h"

/* The kernel in dir: vmlinuz, and initramfs, config, vmlinux, lib/modules[/RELEASE], headers/build
 * where they are there. k->name is dir. On an error *k holds nothing. */
int kernel_load_dir(const char *dir, struct kernel *k, struct err *err);

/* The kernel of the system below root ("" for the running one) whose uname -r is release. */
int kernel_load_host(const char *root, const char *release, struct kernel *k, struct err *err);

#endif
