/* SPDX-License-Identifier: GPL-2.0-only */
/* What a kernel image says of itself. */
#ifndef KERNEL_VMLINUZ_H
#define KERNEL_VMLINUZ_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * Architecture ("x86_64": a name of kernel/arch.c) and uname -r of a bootable image: an x86 bzImage
 * (Documentation/arch/x86/boot.rst), an Image (Documentation/arch/arm64/booting.rst,
 * Documentation/arch/riscv/boot-image-header.rst), bare, compressed as a whole or wrapped by the
 * EFI zboot stub, or an ELF vmlinux. *release is NULL where the image does not tell. The caller
 * frees both.
 */
int vmlinuz_probe(const char *path, char **arch, char **release, struct err *err);

/* Whether a file that starts with head (64 bytes at least) is an Image or vmlinux as it is. */
bool vmlinuz_is_bare(const char *head, size_t len);

/* What an image other than a bzImage holds once nothing is compressed any more; the caller frees
 * *out. */
int vmlinuz_unpack(const char *path, char **out, size_t *len, struct err *err);

#endif
