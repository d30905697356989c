/* SPDX-License-Identifier: GPL-2.0-only */
/* Sets of packages, as files: a package a line, "?NAME" where the suite has it, "@SET" for another
 * file beside this one, '#' to the end of the line as a comment. */
#ifndef IMAGE_SETS_H
#define IMAGE_SETS_H

#include "base/err.h"
#include "base/str.h"

/* What a set may hold, and how deep sets may include others. */
#define SETS_PACKAGES_MAX 2000
#define SETS_DEPTH_MAX	  8

/*
 * Add the packages that word names to *packages, each once: a set of dir ("fs"), a file of the
 * user's (with a '/'), or a package ("vim"). Optional ones keep their '?'. -EINVAL with file and
 * line for what is no name of a package.
 */
int sets_add(const char *dir, const char *word, struct strv *packages, struct err *err);

/* The names of the sets in dir, sorted. */
int sets_list(const char *dir, struct strv *names, struct err *err);

/* A name that dpkg would take, without '?'. */
bool package_name_ok(const char *name);

#endif
