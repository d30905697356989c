// SPDX-License-Identifier: GPL-2.0-only
#include "image/view.h"

#include <stdlib.h>

void view_add(struct view *v, enum view_kind kind, const char *path, const char *source)
{
	v->entries = xrealloc(v->entries, (v->n + 1) * sizeof(v->entries[0]));
	v->entries[v->n++] = (struct view_entry){
		.kind = kind,
		.path = xstrdup(path),
		.source = source ? xstrdup(source) : NULL,
	};
}

void view_done(struct view *v)
{
	for (size_t i = 0; i < v->n; i++) {
		free(v->entries[i].path);
		free(v->entries[i].source);
	}
	free(v->entries);
	*v = (struct view){0};
}
