// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as what make says, and as the Makefile of a kernel. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "kbuild/makelog.h"
#include "kbuild/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One line for a person. */
static void check_shown(const char *s)
{
	if (!*s || strlen(s) > 2000)
		abort();
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			abort();
}

static void check_log(char *text, size_t size)
{
	struct makelog l = {.source = "/s", .build_dir = "/s/o"};

	for (size_t at = 0; at < size;) {
		const char *nl = memchr(text + at, '\n', size - at);
		size_t len = nl ? (size_t)(nl - text) - at : size - at;

		makelog_line(&l, text + at, len);
		at += len + 1;
	}
	if (l.errors.n > MAKELOG_ERRORS_MAX || l.nerrors < l.errors.n)
		abort();
	for (size_t i = 0; i < l.errors.n; i++)
		check_shown(l.errors.v[i]);
	if (makelog_cause(&l))
		check_shown(makelog_cause(&l));
	makelog_done(&l);
}

/* It becomes part of names of directories. */
static void check_version(const char *text)
{
	char *version = source_version(text);

	if (version && (strchr(version, '/') || strchr(version, ' ') || !*version))
		abort();
	free(version);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of just the size, so that a read beyond it is seen. */
	char *copy = malloc(size ? size : 1);
	_cleanup_free_ char *text = xstrndup((const char *)data, size);

	memcpy(copy, data, size);
	check_log(copy, size);
	check_version(text);
	free(copy);
	return 0;
}
