/* SPDX-License-Identifier: GPL-2.0-only */
/* Root images made of a distribution's packages: ext4, made beside and renamed into place. */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "kernel/arch.h"

#define IMAGE_SIZE_DEFAULT (8ULL << 30)
#define IMAGE_SIZE_MIN	   (512ULL << 20)
#define IMAGE_SUITE	   "bookworm"

/*
 * Run DIR/change.ktest in a guest of this architecture whose root is the image DIR/root, and
 * which writes to the image DIR/image. Both are ext4 and lie in DIR, where the guest's output may
 * go too. 0 when it passed; else the first line that says why in *err, and the guest's log as
 * *log, which the caller frees, where there is one.
 */
typedef int image_guest_fn(void *arg, const struct arch *arch, const char *dir, char **log,
			   struct err *err);

struct image_request {
	const struct arch *arch;
	const char *path;	 /* the image; NULL: the usual places */
	const char *suite;	 /* "bookworm", "ubuntu/noble"; NULL: IMAGE_SUITE */
	const char *mirror;	 /* NULL: the distribution's, as this host's apt is configured */
	const struct strv *want; /* sets and packages (image/sets.h), added to what is there */
	bool minimal;		 /* start from the set "minimal" instead of "fs" */
	uint64_t size;		 /* bytes of the file system, sparse; 0: the default */
	const char *data;	 /* the directory rootfs/ */
	const char *cache;	 /* ~/.cache/ktest: packages are kept in debs/ of it */
	image_guest_fn *guest;
	void *guest_arg;
};

/*
 * Make one, in place of what is there. *path is where it lies; the caller frees it. Signatures
 * are checked. Packages of another processor are unpacked here and set up in a guest. Progress
 * goes through log_note. A failure leaves the old image and nothing else; what a killed one leaves
 * the next one removes, or image_sweep().
 */
int image_create(const struct image_request *req, char **path, struct err *err);

enum image_change {
	IMAGE_UPDATE, /* every package to its newest version, those that are missing, our files */
	IMAGE_SYNC,   /* the packages that are asked for and missing; no other changes */
	IMAGE_FILES,  /* what ktest itself puts in */
};

/* Change a copy of the image in a guest, then put it in place of the old one. *path as above. */
int image_change(const struct image_request *req, enum image_change what, char **path,
		 struct err *err);

/* Remove what killed processes left where the request's image goes. */
void image_sweep(const struct image_request *req);

#endif
