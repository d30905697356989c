/* SPDX-License-Identifier: GPL-2.0-only */
/* The name under which a copy of /etc is kept. */
#ifndef IMAGE_ETCKEY_H
#define IMAGE_ETCKEY_H

/*
 * Hash what decides how the copy of ROOT/etc comes out, less its files' contents: of all that
 * etc_copy() would look at, and of passwd and group, the name, type, mode, owner, size, times of
 * modification and of change, link target; who we are; the boot. The same key means the same copy.
 * The caller frees it.
 */
char *etc_key(const char *root);

#endif
