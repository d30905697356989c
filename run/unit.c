// SPDX-License-Identifier: GPL-2.0-only
#include "run/unit.h"

size_t unit_count(const struct unit *u)
{
	size_t there = u->file->n > u->first ? u->file->n - u->first : 0;

	return u->n < there ? u->n : there;
}

struct subtest *unit_subtest(const struct unit *u, size_t i)
{
	return &u->file->subtests[u->first + i];
}

size_t unit_pending(const struct unit *u)
{
	size_t n = 0;

	for (size_t i = 0; i < unit_count(u); i++)
		n += !unit_subtest(u, i)->done;
	return n;
}
