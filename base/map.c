// SPDX-License-Identifier: GPL-2.0-only
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/sum.h"
#include "base/str.h"

/* The slot that holds key, or the free one where it would be; there always is a free one. */
static uint32_t *find_slot(const struct map *m, const char *key, size_t len)
{
	size_t i;

	for (i = sum_of(key, len).lo & (m->nslots - 1); m->slots[i];
	     i = (i + 1) & (m->nslots - 1)) {
		const char *have = m->entries[m->slots[i] - 1].key;

		if (!strncmp(have, key, len) && !have[len])
			break;
	}
	return &m->slots[i];
}

static void grow(struct map *m)
{
	free(m->slots);
	m->nslots = m->nslots ? m->nslots * 2 : 64;
	m->slots = xcalloc(m->nslots, sizeof(*m->slots));
	for (size_t i = 0; i < m->n; i++)
		*find_slot(m, m->entries[i].key, strlen(m->entries[i].key)) = (uint32_t)i + 1;
}

void *map_getn(const struct map *m, const char *key, size_t len)
{
	uint32_t at = m->n ? *find_slot(m, key, len) : 0;

	return at ? m->entries[at - 1].value : NULL;
}

void *map_get(const struct map *m, const char *key)
{
	return map_getn(m, key, strlen(key));
}

static void add_entry(struct map *m, const char *key, size_t len)
{
	if (m->n == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 32;
		m->entries = xrealloc(m->entries, m->cap * sizeof(*m->entries));
	}
	m->entries[m->n++] = (struct map_entry){.key = xstrndup(key, len)};
}

void **map_putn(struct map *m, const char *key, size_t len)
{
	uint32_t *slot;

	if (m->n + m->n / 2 >= m->nslots)
		grow(m);
	slot = find_slot(m, key, len);
	if (!*slot) {
		add_entry(m, key, len);
		*slot = (uint32_t)m->n;
	}
	return &m->entries[*slot - 1].value;
}

void **map_put(struct map *m, const char *key)
{
	return map_putn(m, key, strlen(key));
}

void map_done(struct map *m, void (*free_value)(void *value))
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->entries[i].key);
		if (free_value)
			free_value(m->entries[i].value);
	}
	free(m->entries);
	free(m->slots);
	*m = (struct map){0};
}
