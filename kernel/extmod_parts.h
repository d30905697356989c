/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by extmod.c and extmod_key.c; for no one else. */
#ifndef KERNEL_EXTMOD_PARTS_H
#define KERNEL_EXTMOD_PARTS_H

#include <sys/stat.h>

#include "base/hash.h"
#include "base/str.h"
#include "kernel/extmod.h"

/* The sources as they are hashed or copied. */
struct sources {
	const char *dir, *to;
	struct hash *hash;
	int files;
};

/* Whether a file or directory is one of the sources: 1, or 0 for what is neither; -EFBIG when there
 * are too many. */
int extmod_counts(struct sources *s, const struct stat *st, struct err *err);

/* Add what is left of the environment for make and all that it starts: "NAME=VALUE". */
void extmod_environment(struct strv *env);

/* Add to h what the modules of dir are built from: their sources, k's headers, the compiler cc and
 * the other tools, of which cross is the prefix, and the environment that make reads. */
int extmod_key(const struct kernel *k, const char *cc, const char *cross, const char *dir,
	       struct hash *h, struct err *err);

#endif
