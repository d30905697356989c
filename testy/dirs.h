/* SPDX-License-Identifier: GPL-2.0-only */
/* The directories that changed paths lie in, each looked at once: run/testy*.c only. */
#ifndef TESTY_DIRS_H
#define TESTY_DIRS_H

#include <jansson.h>

#include "testy/list.h"

struct testy_dir {
	char *path;		 /* absolute, clean */
	struct testy_dir *up;	 /* NULL: "/" */
	struct testy_dir *root;	 /* the top of its git tree or kernel tree; NULL: in neither */
	struct testy_list *list; /* the one in it, NULL: none */
	bool kernel_tree;
};

struct testy_dirs {
	struct testy_dir **v;
	size_t n;
	json_t *index; /* path to its place in v */
};

void testy_dirs_init(struct testy_dirs *d);
void testy_dirs_done(struct testy_dirs *d);

/* The directory (it need not exist) and all above it; it stays valid until testy_dirs_done(). */
int testy_dirs_get(struct testy_dirs *d, const char *path, struct testy_dir **dir, struct err *err);

/*
 * The same for every directory below path that holds a list. Links are not followed, .git is not
 * looked into; too many names are an error.
 */
int testy_dirs_walk(struct testy_dirs *d, const char *path, struct err *err);

#endif
