/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file that QEMU writes and we follow. The guest's console goes this way because QEMU's
 * virtconsole drops what a socket or pipe cannot take at once, where a file takes all. What has
 * been read is punched out of the file again, so that it stays small.
 */
#ifndef VM_TAIL_H
#define VM_TAIL_H

#include <stddef.h>

#include "base/err.h"
#include "base/loop.h"

struct tail;

typedef void tail_fn(void *arg, const char *data, size_t len);

/* Create path (0600; it must not exist) and follow it; fn gets what is written, in order. */
int tail_open(struct loop *loop, const char *path, tail_fn *fn, void *arg, struct tail **out,
	      struct err *err);

/* Deliver now all that has been written so far. Does nothing when called from fn. */
void tail_drain(struct tail *t);

void tail_free(struct tail *t); /* NULL allowed */

#endif
