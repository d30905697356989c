/* SPDX-License-Identifier: GPL-2.0-only */
/* A distribution's kernel headers at a place that is not /usr/src. */
#ifndef KERNEL_HEADERS_H
#define KERNEL_HEADERS_H

#include "base/err.h"

/*
 * Move usr/ of the unpacked header packages below root, where there are any, to out/headers/usr,
 * with out/headers/build a link to the tree for `make -C`. Paths below /usr/src in its
 * Makefile (Debian's) are made relative, so that the tree works wherever it is moved to.
 */
int headers_move(const char *root, const char *out, const char *release, struct err *err);

#endif
