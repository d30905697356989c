/* SPDX-License-Identifier: GPL-2.0-only */
/* All that lies in a directory, in an order that does not change. */
#ifndef BASE_WALK_H
#define BASE_WALK_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"

/* Returned by a walk_fn of a directory that is not to be entered. */
#define WALK_SKIP 1

/*
 * Called for each name: path is relative to the walk's directory, its last part is that in dirfd,
 * st what lstat(2) says of it. A directory comes before all that lies in it. Below 0 ends the walk.
 */
typedef int walk_fn(void *arg, int dirfd, const char *path, const struct stat *st, struct err *err);

/*
 * Call fn for all below dir, by name; no link is followed. lenient: directories that cannot be
 * read are passed over, dir itself too, and those that are nested more than 64 deep; else they
 * are errors. What goes while it is walked is not there.
 */
int walk_tree(const char *dir, bool lenient, walk_fn *fn, void *arg, struct err *err);

#endif
