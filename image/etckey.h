/* SPDX-License-Identifier: GPL-2.0-only */
/* The name under which a copy of /etc is kept. */
#ifndef IMAGE_ETCKEY_H
#define IMAGE_ETCKEY_H

#include "base/hash.h"

/*
 * Add to h what decides how the copy of ROOT/etc comes out: of all that etc_copy() would look at,
 * and of passwd and group, the name and state as hash_state() has it; who we are. The same key
 * means the same copy.
 */
void etc_key(const char *root, struct hash *h);

#endif
