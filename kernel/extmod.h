/* SPDX-License-Identifier: GPL-2.0-only */
/* Out-of-tree modules that a test brings (require-kernel-module DIR), built on the host against a
 * kernel's headers. */
#ifndef KERNEL_EXTMOD_H
#define KERNEL_EXTMOD_H

#include "kernel/kernel.h"

/*
 * Build the module sources in dir (a Kbuild or Makefile for M=) against k->headers; built once for
 * each content of dir, state of the headers, and tools, and kept in cache_dir (base/cache.h). *out
 * is the directory that holds the .ko files (the caller frees it). A kernel without headers is an
 * error naming `ktest kernel fetch --headers`. The build runs under bubblewrap where there is one:
 * no network, the file system read-only but for the build directory. A compiler error is shown as
 * its first error line, with the path of the whole log. keeper is the path of what ends all that
 * the build starts.
 */
int extmod_build(const struct kernel *k, const char *dir, const char *cache_dir, const char *keeper,
		 char **out, struct err *err);

#endif
