/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Each directory of t/golden holds a journal, what comes of it, and a README that says what it
 * shows; GOLDEN_UPDATE=1 writes what comes of it now, for the diff to be read. KTEST_SRC is the
 * tree, else the current directory.
 */
#ifndef T_UNIT_GOLDEN_H
#define T_UNIT_GOLDEN_H

#include <dirent.h>

#include "base/file.h"

#define GOLDEN_RUNS 10 /* at least: that none is overlooked */

/* The caller frees it. */
static inline char *golden_path(const char *dir, const char *name)
{
	const char *src = getenv("KTEST_SRC");

	return xasprintf("%s/t/golden/%s/%s", src ? src : ".", dir, name);
}

static inline void golden_compare(const char *dir, const char *name, const char *got)
{
	_cleanup_free_ char *path = golden_path(dir, name);
	_cleanup_free_ char *want = NULL;
	struct err err = {0};
	size_t len;

	if (getenv("GOLDEN_UPDATE"))
		assert_int_equal(file_write(path, got, strlen(got), 0644, NULL), 0);
	if (file_read(path, 1 << 20, &want, &len, &err) < 0)
		fail_msg("%s", err.msg);
	if (strcmp(got, want) != 0)
		fail_msg("%s: now\n%s", path, got);
}

static inline void golden_each(void (*check)(const char *dir))
{
	_cleanup_free_ char *path = golden_path("", "");
	struct dirent *d;
	DIR *dir = opendir(path);
	int n = 0;

	assert_non_null(dir);
	while ((d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		check(d->d_name);
		n++;
	}
	closedir(dir);
	assert_true(n >= GOLDEN_RUNS);
}

#endif
