/* SPDX-License-Identifier: GPL-2.0-only */
/* A 64-bit FNV-1a, to name what is kept in caches: good against chance, not against malice. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct hash {
	uint64_t v;
};

void hash_init(struct hash *h);
void hash_add(struct hash *h, const void *data, size_t len);
void hash_str(struct hash *h, const char *s); /* with its NUL, so that "ab","c" is not "a","bc" */

/* Size and modification time of path; a file that is missing counts as such. */
void hash_stat(struct hash *h, const char *path);

/* The bytes of the file. */
int hash_file(struct hash *h, const char *path, struct err *err);

/* 16 hex digits; the caller frees it. */
char *hash_hex(const struct hash *h);

#endif
