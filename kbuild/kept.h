/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernels that were built, kept by what they were built from: ~/.cache/ktest/kernels-built/KEY. */
#ifndef KBUILD_KEPT_H
#define KBUILD_KEPT_H

#include <stdint.h>

#include "kbuild/kbuild.h"

#define KEPT_MAX (10ULL << 30) /* bytes */

/* The kernel of that key in the cache; NULL if there is none, or it is not as it was put there (it
 * is removed then). The caller frees it. */
char *kept_find(const char *cache, const char *key);

/* Put a copy of the kernel at dir there, whole or not at all, and let the longest unused ones go
 * until all take at most max bytes. By reflink or, with the same caution as sync_file, hard link.
 */
int kept_add(const char *cache, const char *key, const char *dir, uint64_t max, struct err *err);

/* The file that remembers what the files of a source tree hold (content_sum), in cache, which is
 * made; the caller frees it. */
int kept_manifest(const char *cache, const char *source, char **path, struct err *err);

#endif
