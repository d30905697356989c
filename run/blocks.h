/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The logs of jobs that run side by side, put in order: the lines of a subtest stay together, in
 * its file's log (out/BASE) and in what is shown. One job is in focus and shown live; what a
 * subtest elsewhere says is shown when it has ended and the one in focus too. The focus goes on at
 * the end of its subtest, to whoever began first.
 */
#ifndef RUN_BLOCKS_H
#define RUN_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct blocks;
struct block; /* a job's: a subtest's lines, one after the other */

/* Text as a terminal may have it (liveesc.h), whole lines. */
typedef void blocks_show_fn(void *arg, const char *text, size_t len);

/*
 * show NULL: nothing is shown. several: jobs run side by side; else all goes straight through.
 * Temporary files, which have no name, lie in tmp_dir.
 */
int blocks_new(const char *tmp_dir, bool several, blocks_show_fn *show, void *arg,
	       struct blocks **out, struct err *err);
void blocks_free(struct blocks *bs); /* NULL allowed; what is left is shown */

/*
 * file_fd, which stays the caller's and is open for appending, is the file's log; sole: no other
 * job writes to it, so it gets lines as they come.
 */
int block_new(struct blocks *bs, int file_fd, bool sole, struct block **out, struct err *err);
/* As block_end(). NULL allowed. */
void block_free(struct block *b);

/* What conlog.h writes the lines to, as run_fd; */
int block_fd(const struct block *b);
/* and, when they are there, whole lines, escaped, to be shown. */
void block_said(struct block *b, const char *text, size_t len);

/* What was said so far is whole. An error of writing is that of the file's log. */
int block_end(struct block *b, struct err *err);
/* To be called now and then. */
int block_sync(struct block *b, struct err *err);

#endif
