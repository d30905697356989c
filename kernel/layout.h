/* SPDX-License-Identifier: GPL-2.0-only */
/* From the files of unpacked packages to a kernel as the store holds it. */
#ifndef KERNEL_LAYOUT_H
#define KERNEL_LAYOUT_H

#include "kernel/kernel.h"

/*
 * Move the parts of the one kernel below root (boot/vmlinuz-*, [usr/]lib/modules/RELEASE,
 * usr/src headers) to the new directory out, run depmod, and load it as *k. out may be renamed
 * afterwards: nothing in it knows where it lies.
 */
int layout_make(const char *root, const char *out, struct kernel *k, struct err *err);

/* dir/manifest.json: where the kernel came from. packages are "NAME VERSION" or file names. */
int manifest_write(const char *dir, const struct kernel *k, const char *from,
		   const struct strv *packages, struct err *err);

/* Whether dir/manifest.json says that just these packages are in dir, or these and more. */
bool manifest_has(const char *dir, const struct strv *packages);

#endif
