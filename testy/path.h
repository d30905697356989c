/* SPDX-License-Identifier: GPL-2.0-only */
/* Paths of changed files, which need not exist any more. */
#ifndef TESTY_PATH_H
#define TESTY_PATH_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

#define TESTY_PATHS_MAX 1000000 /* changed paths */

/*
 * path (against dir where it is relative; dir NULL: the working directory) made absolute: without
 * ".", ".." and double slashes, and its directory, as far as it exists, without links. With follow,
 * a link to a directory in its last place is resolved too: whoever names it on the command line
 * means the directory. The caller frees it.
 */
char *testy_path(const char *dir, const char *path, bool follow);

/* What path is below dir, both absolute: "" if it is dir, NULL if it is not below. */
const char *testy_path_below(const char *dir, const char *path);

/* A line each of file ("-": standard input) added to paths; blank ones are none. */
int testy_paths_read(const char *file, struct strv *paths, struct err *err);

#endif
