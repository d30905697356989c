/* SPDX-License-Identifier: GPL-2.0-only */
/* A file-system view: what of the host a guest or a test file may see, as data. */
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

/* Show the tree at source at path, less the history in its .git. */
void view_add_tree(struct view *v, const char *path, const char *source);

/* Hide the history of each tree in the directory source, which is shown at path. */
void view_hide_clones(struct view *v, const char *path, const char *source);

/* bubblewrap's arguments for the view below the directory prefix; "": as the root. */
void view_argv(const struct view *v, const char *prefix, struct strv *argv);

#endif
