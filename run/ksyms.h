/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's own list of symbols (/proc/kallsyms) as an ELF file that a debugger loads, for
 * kernels that come without vmlinux. */
#ifndef RUN_KSYMS_H
#define RUN_KSYMS_H

#include <stddef.h>

#include "base/err.h"

/*
 * text is what a guest says: lines "ADDRESS TYPE NAME [MODULE]"; those that are not are left out.
 * arch is our name of it. -ENOTSUP for one without 64-bit ELF, -ENODATA when no symbol is left,
 * which is what who is not root sees.
 */
int ksyms_write(const char *text, size_t len, const char *arch, const char *path, struct err *err);

#endif
