// SPDX-License-Identifier: GPL-2.0-only
#include "base/cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/str.h"

#define IN_USE_S 600

struct cached {
	char *path;
	time_t used;
	uint64_t size;
};

struct cache {
	struct cached *v;
	size_t n;
	uint64_t total;
};

/* The modification time is the time of the last use: access times are switched off too often. */
bool cache_use(const char *path)
{
	return utimensat(AT_FDCWD, path, NULL, 0) == 0;
}

static void cache_add(struct cache *c, const char *path, mode_t type)
{
	struct stat st;

	if (lstat(path, &st) < 0 || (st.st_mode & S_IFMT) != type)
		return;
	c->v = xrealloc(c->v, (c->n + 1) * sizeof(*c->v));
	c->v[c->n++] = (struct cached){xstrdup(path), st.st_mtime, (uint64_t)st.st_size};
	c->total += (uint64_t)st.st_size;
}

static void cache_scan(struct cache *c, const char *dir, const char *prefix, mode_t type)
{
	const struct dirent *de;
	DIR *d = opendir(dir);

	while (d && (de = readdir(d))) {
		_cleanup_free_ char *path = xasprintf("%s/%s", dir, de->d_name);

		if (de->d_name[0] != '.' && str_starts(de->d_name, prefix))
			cache_add(c, path, type);
	}
	if (d)
		closedir(d);
}

static int oldest_first(const void *pa, const void *pb)
{
	const struct cached *a = pa, *b = pb;

	return (a->used > b->used) - (a->used < b->used);
}

void cache_trim(const char *dir, const char *prefix, uint64_t max)
{
	time_t recent = time(NULL) - IN_USE_S;
	struct cache c = {0};

	cache_scan(&c, dir, prefix, S_IFREG);
	if (c.n)
		qsort(c.v, c.n, sizeof(*c.v), oldest_first);
	for (size_t i = 0; i < c.n; i++) {
		if (c.total > max && c.v[i].used < recent) {
			rm_rf(c.v[i].path, NULL);
			c.total -= c.v[i].size;
		}
		free(c.v[i].path);
	}
	free(c.v);
}

/* Moved away first: who comes after that makes its own, who was faster has touched it. */
static void remove_unused(const char *dir, const char *path, time_t recent)
{
	_cleanup_free_ char *away = xasprintf("%s/" CACHE_TEMPORARY "%s", dir, path_base(path));
	struct stat st;

	if (rename(path, away) < 0)
		return;
	if (lstat(away, &st) == 0 && st.st_mtime >= recent && rename(away, path) == 0)
		return;
	rm_rf(away, NULL);
}

void cache_keep(const char *dir, size_t newest, int age_s)
{
	time_t recent = time(NULL) - age_s;
	struct cache c = {0};

	cache_scan(&c, dir, "", S_IFDIR);
	if (c.n)
		qsort(c.v, c.n, sizeof(*c.v), oldest_first);
	for (size_t i = 0; i < c.n; i++) {
		if (i + newest < c.n && c.v[i].used < recent)
			remove_unused(dir, c.v[i].path, recent);
		free(c.v[i].path);
	}
	free(c.v);
}

void cache_sweep(const char *dir, const char *prefix, int age_s)
{
	time_t old = time(NULL) - age_s;
	const struct dirent *de;
	DIR *d = opendir(dir);
	struct stat st;

	while (d && (de = readdir(d))) {
		_cleanup_free_ char *path = xasprintf("%s/%s", dir, de->d_name);

		if (str_starts(de->d_name, prefix) && lstat(path, &st) == 0 && st.st_mtime < old)
			rm_rf(path, NULL);
	}
	if (d)
		closedir(d);
}
