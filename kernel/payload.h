/* SPDX-License-Identifier: GPL-2.0-only */
/* What QEMU boots instead of a compressed image: without KVM, half of an x86 boot is the image
 * unpacking itself, and other machines start nothing but a bare Image. */
#ifndef KERNEL_PAYLOAD_H
#define KERNEL_PAYLOAD_H

#include "kernel/kernel.h"

/*
 * The path of what k->vmlinuz carries, for QEMU's -kernel: of a bzImage the ELF kernel
 * (Documentation/arch/x86/boot.rst, payload_offset), which is entered where the ELF note
 * XEN_ELFNOTE_PHYS32_ENTRY of the PVH boot ABI says; of a compressed or zboot one the Image. Made
 * once for each state of k->vmlinuz, as an entry of the cache in cache_dir (base/cache.h); old ones
 * are removed above 512 MiB. *path is NULL, with 0, when there is nothing better than the image
 * itself: it is bare already, or a bzImage of a compression that is not known, no x86 kernel, or
 * without such a note (which is remembered). A header that is wrong about the payload is -ENOEXEC.
 * The caller frees *path.
 */
int payload_get(const struct kernel *k, const char *cache_dir, char **path, struct err *err);

#endif
