/* SPDX-License-Identifier: GPL-2.0-only */
/* Within the reader of Kconfig files: one of them, and the statements in it. */
#ifndef KBUILD_KFILE_H
#define KBUILD_KFILE_H

#include "kbuild/kconfig.h"

/* A file being read. */
struct kfile {
	struct kconfig *k;
	const char *path;
	struct klines in;
	struct klex lex;
	struct kblock **block; /* innermost, across files */
	struct kblock *outer;  /* the one in which the file began: it ends none of those around */
	struct kdef *def;      /* what attributes belong to: a symbol ... */
	struct kblock *entry;  /* ... or a menu or choice, or (both NULL) nothing that matters */
	int depth;
};

/* Read the file and what it sources; *block is where it stands, and again does afterwards. */
int kfile_parse(struct kconfig *k, const char *path, struct kblock **block, int depth,
		struct err *err);

/* "FILE:LINE: what", -EINVAL. */
int kfile_malformed(const struct kfile *f, const char *what, struct err *err);

/* The statement whose word has been read, f->lex being behind it. What is none is passed over:
 * variables, macros, what is yet to come. */
struct kstatement {
	const char *word;
	int (*run)(struct kfile *f, int arg, struct err *err);
	int arg;
};

const struct kstatement *kstatement_find(const char *word); /* NULL: there is none */

#endif
