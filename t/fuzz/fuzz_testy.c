// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as a list of testy, its patterns held against the first line as a path. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "testy/list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_message(const struct err *err)
{
	if (!err->usage || strncmp(err->msg, "list:", 5) != 0)
		abort();
	for (const char *c = err->msg; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			abort();
}

/* A pattern is for all that is below what it is for, and for all above. */
static void check_pattern(const struct strv *pattern, const char *path)
{
	_cleanup_free_ char *below = xasprintf("%s%sx", path, *path ? "/" : "");
	_cleanup_free_ char *above = xstrdup(path);
	char *slash = strrchr(above, '/');

	if (!testy_pattern_matches(pattern, "") || !testy_pattern_matches(pattern, path))
		return;
	if (slash)
		*slash = '\0';
	if (!testy_pattern_matches(pattern, above))
		abort();
	for (size_t i = 0, n = 0; path[i]; i++)
		/* Once the pattern is used up, whatever comes below does not matter. */
		if (path[i] == '/' && ++n >= pattern->n && !testy_pattern_matches(pattern, below))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of just the size, so that a read beyond it is seen. */
	char *copy = malloc(size ? size : 1);
	const char *nl;
	_cleanup_free_ char *path = NULL;
	struct testy_list l;
	struct err err = {0};

	memcpy(copy, data, size);
	nl = memchr(copy, '\n', size);
	path = xstrndup(copy, nl ? (size_t)(nl - copy) : 0);
	if (testy_list_parse("list", nl ? nl + 1 : copy, nl ? size - (size_t)(nl + 1 - copy) : size,
			     &l, &err) < 0)
		check_message(&err);
	for (size_t i = 0; i < l.n; i++)
		check_pattern(&l.lines[i].pattern, path);
	testy_list_done(&l);
	free(copy);
	return 0;
}
