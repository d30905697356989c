/* SPDX-License-Identifier: GPL-2.0-only */
/* A file-system view: what of the host a guest may see, as data. vm/ turns it into bubblewrap's
 * arguments. */
#ifndef IMAGE_VIEW_H
#define IMAGE_VIEW_H

#include "base/err.h"
#include "base/str.h"

enum view_kind {
	VIEW_BIND,    /* the host path source, read-only, at path */
	VIEW_SYMLINK, /* a symbolic link at path with the text source */
	VIEW_DIR,     /* an empty directory at path */
	VIEW_EMPTY,   /* hides the directory that an earlier bind shows at path */
};

struct view_entry {
	enum view_kind kind;
	char *path;   /* absolute, inside the view */
	char *source; /* see kind */
};

struct view {
	struct view_entry *entries;
	size_t n;
};

void view_add(struct view *v, enum view_kind kind, const char *path, const char *source);
void view_done(struct view *v);

#endif
