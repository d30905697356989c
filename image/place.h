/* SPDX-License-Identifier: GPL-2.0-only */
/* Where root images are: root.DEBARCH in ~/.ktest, then in /var/lib/ktest. */
#ifndef IMAGE_PLACE_H
#define IMAGE_PLACE_H

#include "base/err.h"
#include "base/str.h"
#include "kernel/arch.h"

/* The paths in the order in which they are looked for. */
void image_places(const struct arch *arch, struct strv *paths);

/* The first image that can be read, resolved; NULL if there is none. The caller frees it. */
char *image_find(const struct arch *arch);

/* Where a new one goes: the first place that can be written, its directory made. NULL with *err
 * set if there is none; the caller frees it. */
char *image_new_place(const struct arch *arch, struct err *err);

/* 0 if path holds an ext2, ext3 or ext4 file system, its end included. */
int image_check(const char *path, struct err *err);

#endif
