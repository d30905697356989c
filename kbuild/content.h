/* SPDX-License-Identifier: GPL-2.0-only */
/* What is in the files of a source tree, each read once. */
#ifndef KBUILD_CONTENT_H
#define KBUILD_CONTENT_H

#include "kbuild/tree.h"

/*
 * The hash of paths, modes and contents of t, which is the tree at dir; it gets sorted. manifest is
 * a file of ours that remembers the content of each file as stat(2) had it: only what differs from
 * it is read, and it is brought up to date. A manifest that is missing or damaged is made again.
 */
int content_sum(const char *dir, struct tree *t, const char *manifest, struct sum *out,
		struct err *err);

#endif
