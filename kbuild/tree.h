/* SPDX-License-Identifier: GPL-2.0-only */
/* Every file of a source tree as stat(2) has it: whether anything that make could read changed. */
#ifndef KBUILD_TREE_H
#define KBUILD_TREE_H

#include <sys/types.h>

#include "base/str.h"
#include "base/sum.h"

/* Of a directory only path and mode are set: what is in it stands for itself. */
struct tree_file {
	const char *path; /* relative to the tree */
	mode_t mode;
	uint64_t size, inode;
	int64_t mtime_ns, ctime_ns;
};

struct tree {
	struct tree_file *v; /* in no order before tree_sort */
	size_t n;
	struct strv arenas; /* what the paths lie in */
	struct sum id;	    /* of all of v; does not depend on the order */
	bool settled; /* nothing changed so shortly before that a later change could look the same
		       */
};

/*
 * Look at all that is below dir, by several threads. Left out are .git, what editors and indexers
 * leave behind (never read by make), and the paths skip, absolute and without links, with all below
 * them. When a file changed while or just before this was looking, it looks again, for a second at
 * most: two settled trees of one id have the same content.
 */
int tree_scan(const char *dir, const struct strv *skip, struct tree *t, struct err *err);
void tree_done(struct tree *t);
#define _cleanup_tree_ __attribute__((cleanup(tree_done)))

void tree_sort(struct tree *t); /* by path, as strcmp has it */

/* Of one file: its path and all that stat(2) says of it. */
struct sum tree_file_sum(const struct tree_file *f);

/* Whether these stand for the same content. */
bool tree_file_eq(const struct tree_file *a, const struct tree_file *b);

/* Put size, times and inode of st in; the path stays. */
struct stat;
void tree_file_stat(struct tree_file *f, const struct stat *st);

#endif
