/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's own tree below the output directory, PATH/guests/NAME: all that it can write to, empty
 * at its start but for out/. Nothing of ours lies in it, and no name in it is trusted: everything
 * is opened relative to a descriptor and without following a link. When the guest has ended, or
 * before, what it left is renamed into its place in the output directory (doc/results.md).
 */
#ifndef RESULT_GUESTDIR_H
#define RESULT_GUESTDIR_H

#include "result/outdir.h"

/* A directory of QEMU's, which holds attributes of the files beside it. */
#define GUESTDIR_METADATA ".virtfs_metadata"

struct guestdir {
	const struct outdir *o; /* NULL: there is none */
	char *name, *path;
	int fd; /* of path */
};

/* PATH/guests/NAME; the caller frees it. */
char *guestdir_path(const struct outdir *o, const char *name);

/* Make that tree; a guest's name is no other's of the run. 0 or a negative errno, -ESTALE where the
 * output directory has gone; guestdir_end() is due in any case. */
int guestdir_make(const struct outdir *o, const char *name, struct guestdir *g, struct err *err);

/* Make the directory DIR in the tree, or leave one that is there; a file of that name is removed. 0
 * or a negative errno. */
int guestdir_add(const struct guestdir *g, const char *dir, struct err *err);
/* The same of out/SUBTEST. */
int guestdir_add_subtest(const struct guestdir *g, const char *subtest, struct err *err);

/* Move all in the tree's out/SUBTEST/ to PATH/out/SUBTEST/, where names of ours get ".test"
 * appended. 0, also where the guest has removed it, or a negative errno: then the rest stays in the
 * tree. */
int guestdir_take_subtest(const struct guestdir *g, const char *subtest, struct err *err);

/* The tree's DIR takes the place of an empty PATH/DIR, or a negative errno. */
int guestdir_take(const struct guestdir *g, const char *dir, struct err *err);

/*
 * The guest has ended: what is left of it, PATH/guests/NAME/FILE, moves to PATH/FILE, or where that
 * is taken or a name of ours, to PATH/FILE.NAME, which is said; then it is removed. What cannot be
 * moved stays, with a warning.
 */
void guestdir_end(struct guestdir *g);

/* End those that a run which was killed has left, as the run that goes on. */
void guestdir_end_all(const struct outdir *o);

#endif
