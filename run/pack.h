/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest only reads of the host, as read-only ext4 images: a disk stays mounted while a guest
 * is saved, a share does not. Or as copies, of which nothing needs to be hidden.
 */
#ifndef RUN_PACK_H
#define RUN_PACK_H

#include "base/hash.h"
#include "image/view.h"
#include "kernel/kernel.h"

/* What is more is not packed. */
#define PACK_BYTES_MAX (64ULL << 20)
#define PACK_FILES_MAX 20000

/*
 * The path of an image of all that v shows: of the directories that it binds what git lists
 * (tracked or not, but not ignored), or all where there is no git; without, none of it is followed
 * out of, nor is skip (a path of the host, may be NULL) and what lies below it. Made once
 * for this state of the files, as an entry of the cache in dir (base/cache.h). -EFBIG above the
 * limits, -EAGAIN where the files change all the time. The caller frees *path.
 */
int pack_view(const struct view *v, const char *skip, const char *dir, char **path,
	      struct err *err);

/* The same as a directory, which is *path, without the limits. */
int pack_copy(const struct view *v, const char *skip, const char *dir, char **path,
	      struct err *err);

/* An image of the kernel's modules, and their hash for same_kernel(); *path is NULL for one
 * without. */
int pack_modules(const struct kernel *k, const char *dir, char **path, struct hash *same,
		 struct err *err);

#endif
