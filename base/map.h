/* SPDX-License-Identifier: GPL-2.0-only */
/* A map from strings to pointers that remembers in which order they came. {} is an empty one. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_entry {
	char *key; /* the map's own copy */
	void *value;
};

struct map {
	struct map_entry *entries;
	size_t n, cap;
	uint32_t *slots; /* where in entries, plus one; 0: free */
	size_t nslots;	 /* a power of two */
};

/* The value, NULL if there is none. */
void *map_get(const struct map *m, const char *key);
void *map_getn(const struct map *m, const char *key, size_t len);

/* Where the value of key is, NULL in it if key is new; good until the next map_put. */
void **map_put(struct map *m, const char *key);
void **map_putn(struct map *m, const char *key, size_t len);

/* free_value may be NULL. */
void map_done(struct map *m, void (*free_value)(void *value));

#endif
