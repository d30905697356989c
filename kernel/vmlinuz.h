/* SPDX-License-Identifier: GPL-2.0-only */
/* What a kernel image says of itself. */
#ifndef KERNEL_VMLINUZ_H
#define KERNEL_VMLINUZ_H

#include "base/err.h"

/*
 * Architecture ("x86_64", "i386", "aarch64") and uname -r of a bootable image: an x86 bzImage
 * (Documentation/arch/x86/boot.rst), an arm64 Image (Documentation/arch/arm64/booting.rst), raw,
 * compressed as a whole or wrapped by the EFI zboot stub, or an ELF vmlinux. *release is NULL where
 * the image does not tell. The caller frees both.
 */
int vmlinuz_probe(const char *path, char **arch, char **release, struct err *err);

#endif
