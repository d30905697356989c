/* SPDX-License-Identifier: GPL-2.0-only */
/* Hashes of what verdicts come from, for the journal's head: a run goes on only with the same. */
#ifndef RUN_SAME_H
#define RUN_SAME_H

#include <stdbool.h>
#include <sys/stat.h>

#include <jansson.h>

#include "base/hash.h"
#include "base/sum.h"
#include "kernel/kernel.h"
#include "run/needs.h"

/*
 * New references. Of a "file" event: file_hash, which is content, and library_hash, of the scripts
 * that the file may source: those beside it and above it in its tree, and ktest's own below tree.
 * Of a "kernel" event: image_hash, of its content; modules_hash, of names, sizes and times
 * (modules, where they were looked at before; else NULL). Null: there is none, or it cannot be
 * read.
 */
json_t *same_file(const struct needs *n, struct sum content, const char *tree);
json_t *same_kernel(const struct kernel *k, const struct hash *modules);

/* A file of the modules, as modules_hash counts it. */
void same_add_module(struct hash *h, const char *path, const struct stat *st);

/* Whether now has the hash that an event recorded; true for an event of before there were any. */
bool same_hash(const json_t *event, const json_t *now, const char *key);

#endif
