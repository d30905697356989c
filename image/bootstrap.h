/* SPDX-License-Identifier: GPL-2.0-only */
/* From packages to a directory tree, by mmdebstrap, else debootstrap. */
#ifndef IMAGE_BOOTSTRAP_H
#define IMAGE_BOOTSTRAP_H

#include "image/job.h"

enum bootstrap {
	BOOTSTRAP_MMDEBSTRAP,
	BOOTSTRAP_DEBOOTSTRAP, /* of this machine's architecture only, and by root */
};

/* The one there is, and whether it can do it; -ENOENT with the remedy. */
int bootstrap_find(const struct arch *arch, enum bootstrap *which, struct err *err);

/* mmdebstrap's arguments, to make tree. Packages of another processor are only unpacked. */
void bootstrap_args(const struct image_job *j, const char *tree, struct strv *argv);

/*
 * Make the tree, of the job whose lists are in dir/lists. One for another processor has its
 * packages in dir/debs then, for rootfs/change.sh to set them up.
 */
int bootstrap_tree(struct image_job *j, enum bootstrap which, const char *tree, struct err *err);

#endif
