/* SPDX-License-Identifier: GPL-2.0-only */
/* Changed paths, as git knows them. */
#ifndef TESTY_GIT_H
#define TESTY_GIT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/*
 * Each adds absolute paths of the git tree that dir is in to *paths. A file that was renamed gives
 * both names, one that was deleted its old one. No tree, no such revision: a usage error.
 */

/* What is not committed: staged, not staged, and new files that are not ignored. */
int testy_git_uncommitted(const char *dir, struct strv *paths, struct err *err);

/* What was done since the branch left rev, uncommitted changes included. */
int testy_git_since(const char *dir, const char *rev, struct strv *paths, struct err *err);

/* Between two commits: "A..B", or "A...B" for what B did since it left A. */
int testy_git_range(const char *dir, const char *range, struct strv *paths, struct err *err);

/* Whether an argument is such a range: it has ".." that is no directory's name. */
bool testy_git_is_range(const char *arg);

#endif
