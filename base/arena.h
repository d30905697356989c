/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory for many small things that go together. {} is an empty one. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks;
};

/* Zeroed, aligned for anything; there until arena_done. */
void *arena_alloc(struct arena *a, size_t size);
char *arena_strn(struct arena *a, const char *s, size_t len); /* a copy, NUL added */
void arena_done(struct arena *a);

#endif
