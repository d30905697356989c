/* SPDX-License-Identifier: GPL-2.0-only */
/* A directory tree of the user's as the root of a guest. */
#ifndef IMAGE_TREEROOT_H
#define IMAGE_TREEROOT_H

#include "image/view.h"

/*
 * Describe the tree at dir (absolute, without links) as a view: all that it has at its top,
 * read-only and as it is, but for /dev, /host, /proc, /run, /sys and /tmp, which are empty
 * directories. Nothing in it is hidden: who names a tree shows it.
 */
int tree_view(const char *dir, struct view *v, struct err *err);

#endif
