/* SPDX-License-Identifier: GPL-2.0-only */
/* Packages and compressed files, read by libarchive. */
#ifndef KERNEL_UNPACK_H
#define KERNEL_UNPACK_H

#include <stddef.h>

#include "base/err.h"

/*
 * Unpack a .deb (an ar with data.tar.*) or an .rpm (a compressed cpio) into the existing directory
 * dir. What the package says is not trusted: a path with "..", a link that leads out of dir and
 * a special file are errors; absolute links are made relative to dir; files become readable
 * by all and belong to us.
 */
int unpack_package(const char *file, const char *dir, struct err *err);

/*
 * Of a package of debug symbols (a .deb or .rpm as above) only the kernel's: its vmlinux, as the
 * new file to. -ENOENT: there is none in it.
 */
int unpack_vmlinux(const char *file, const char *to, struct err *err);

/* The contents of a file that may be compressed by anything libarchive knows; -EFBIG above max
 * bytes. The caller frees *buf. */
int unpack_file(const char *path, size_t max, char **buf, size_t *len, struct err *err);

/* The same of data in memory. */
int unpack_memory(const void *data, size_t size, size_t max, char **buf, size_t *len,
		  struct err *err);

#endif
