/* SPDX-License-Identifier: GPL-2.0-only */
/* The names of what is kept in caches: a hash of all that it is made from, see sum.h. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/sum.h"

struct hash {
	struct sum v;
	int64_t now_ns; /* when it was begun: what is recent by that */
};

void hash_init(struct hash *h);
/* Each call counts for itself: "ab" and "c" are not "a" and "bc". */
void hash_add(struct hash *h, const void *data, size_t len);
void hash_str(struct hash *h, const char *s);

/*
 * Which file name in dirfd is, and in which state; st is what fstatat(2) says of it. Type, mode and
 * owner; of a link where it leads; of a regular file inode, size and the times of its last change
 * in ns. Where those times cannot tell two states apart its content counts as well: on file systems
 * that know whole seconds only or have set them all alike (squashfs, composefs), and of what
 * changed within the clock's last tick.
 */
void hash_state(struct hash *h, int dirfd, const char *name, const struct stat *st);
/* path, and the state of what it leads to; what is missing counts as such. */
void hash_stat(struct hash *h, const char *path);

/* The bytes of the file. */
int hash_file(struct hash *h, const char *path, struct err *err);

/* 32 hex digits; the caller frees it. */
char *hash_hex(const struct hash *h);

#endif
