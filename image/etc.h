/* SPDX-License-Identifier: GPL-2.0-only */
/* The copy of /etc that a guest on the host's userspace gets. */
#ifndef IMAGE_ETC_H
#define IMAGE_ETC_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

#define ETC_DEPTH_MAX 16 /* directories below this are left out */

/*
 * Make the directory etc_dir and copy ROOT/etc (root "" is this system) into it, less what
 * others cannot read, secrets, files over 1 MiB, and links that lead elsewhere than /etc, /usr
 * and /opt. It ends at 20,000 files or 20 MiB. Files of the host that cannot be read are left out.
 */
int etc_copy(const char *root, const char *etc_dir, struct err *err);

/* Write the file NAME in the copy, with exactly this mode, whatever the umask. */
int etc_write(const char *etc_dir, const char *name, const void *data, size_t len, mode_t mode,
	      struct err *err);

#endif
