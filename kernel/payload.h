/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel inside a bzImage: without KVM, half of a boot is the image unpacking itself. */
#ifndef KERNEL_PAYLOAD_H
#define KERNEL_PAYLOAD_H

#include "kernel/kernel.h"

/*
 * The path of the unpacked ELF kernel that k->vmlinuz carries (Documentation/arch/x86/boot.rst,
 * payload_offset), for QEMU's -kernel, which enters it where the ELF note XEN_ELFNOTE_PHYS32_ENTRY
 * of the PVH boot ABI says. Made once per k->id below cache_dir, published by rename; old ones are
 * removed above 512 MiB. *path is NULL, with 0, when this is no image that QEMU can boot so: no
 * bzImage, a compression that is not known, no x86_64 kernel, no such note (what had to be unpacked
 * to see that is remembered by an empty file). A header that is wrong about the payload is
 * -ENOEXEC. The caller frees *path.
 */
int payload_get(const struct kernel *k, const char *cache_dir, char **path, struct err *err);

#endif
