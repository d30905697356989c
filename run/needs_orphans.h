/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where there is no pid namespace to end a test file's stray children with: between begin and end,
 * what loses its parent becomes a child of ours and is killed. run/needs*.c only.
 */
#ifndef RUN_NEEDS_ORPHANS_H
#define RUN_NEEDS_ORPHANS_H

#include <sys/types.h>

#include "base/str.h"

struct orphans {
	pid_t *before; /* children that were there already: not to be touched */
	size_t n;
	int subreaper; /* what we were */
};

void orphans_begin(struct orphans *o);
void orphans_end(struct orphans *o);

#endif
