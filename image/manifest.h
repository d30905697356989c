/* SPDX-License-Identifier: GPL-2.0-only */
/* What an image was made of: /etc/ktest/root.json inside of it. */
#ifndef IMAGE_MANIFEST_H
#define IMAGE_MANIFEST_H

#include "base/err.h"
#include "base/str.h"

#define MANIFEST_PATH "/etc/ktest/root.json"

struct image_manifest {
	char *distro;	  /* "debian" */
	char *suite;	  /* "bookworm" */
	char *arch;	  /* Debian's name of it: "amd64" */
	char *mirror;	  /* the only one to ask; NULL: those of this host's apt */
	char *changed;	  /* when it was made or updated, RFC 3339 */
	struct strv want; /* sets and packages asked for */
};

void image_manifest_done(struct image_manifest *m);
#define _cleanup_manifest_ __attribute__((cleanup(image_manifest_done)))

/* As JSON text, changed being now; the caller frees it. */
char *image_manifest_text(const struct image_manifest *m);

/* -EINVAL if it is none. */
int image_manifest_parse(const char *text, struct image_manifest *m, struct err *err);

/* That of the image at path, by debugfs; -ENOENT for an image that root_image has not made. */
int image_manifest_read(const char *path, struct image_manifest *m, struct err *err);

/* A file of the image at path, by debugfs: "/var/lib/dpkg/status"; at most max bytes. *len is 0
 * where there is none. The caller frees *text. */
int image_file(const char *path, const char *file, size_t max, char **text, size_t *len,
	       struct err *err);

#endif
