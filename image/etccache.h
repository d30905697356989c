/* SPDX-License-Identifier: GPL-2.0-only */
/* The copy of /etc that guests get, kept from one run to the next. */
#ifndef IMAGE_ETCCACHE_H
#define IMAGE_ETCCACHE_H

#include "base/err.h"

/*
 * Put the path of a copy of ROOT/etc (root "" is this system) with accounts and names of our own
 * into *path, which the caller frees. It is cache_dir/etc/KEY: one for each state of ROOT/etc,
 * made when it is not there; any number of guests may share it, none may write to it. It stays for
 * a day at least. -EPERM when cache_dir/etc is another user's, who could change what is in it.
 */
int etc_cached(const char *root, const char *cache_dir, char **path, struct err *err);

#endif
