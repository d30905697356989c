// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/kept.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cache.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "kbuild/install.h"
#include "kbuild/tree.h"

#define DIR_NAME      "kernels-built"
#define STALE_S	      (24 * 3600)
#define MANIFESTS_MAX (256 << 20)

/* What a kernel is in the cache: KEY/kernel/ as install_dir has it, and KEY/entry.json. */
struct entry {
	char *path;
	int64_t used_ns;
	uint64_t size;
};

/* A hard link changes the ctime of all, a reflink makes another inode: neither counts. */
static int measure(const char *dir, struct sum *sum, uint64_t *size, struct err *err)
{
	_cleanup_tree_ struct tree t = {0};
	int r = tree_scan(dir, NULL, &t, err);

	*sum = (struct sum){0};
	*size = 0;
	for (size_t i = 0; i < t.n; i++) {
		struct tree_file f = t.v[i];

		f.inode = 0;
		f.ctime_ns = 0;
		sum_add(sum, tree_file_sum(&f));
		*size += f.size;
	}
	return r;
}

static bool is_as_it_was(const char *entry)
{
	_cleanup_free_ char *json = xasprintf("%s/entry.json", entry);
	_cleanup_free_ char *kernel = xasprintf("%s/kernel", entry);
	_cleanup_json_ json_t *doc = json_load_file(json, 0, NULL);
	const char *hex = json_get_str(doc, "files");
	struct sum was, now;
	uint64_t size;

	return hex && sum_parse(hex, &was) == 0 && measure(kernel, &now, &size, NULL) == 0 &&
	       sum_eq(was, now);
}

char *kept_find(const char *cache, const char *key)
{
	_cleanup_free_ char *entry = xasprintf("%s/" DIR_NAME "/%s", cache, key);

	if (!cache_use(entry))
		return NULL;
	if (is_as_it_was(entry))
		return xasprintf("%s/kernel", entry);
	log_debug("%s is not as it was put there: removed", entry);
	rm_rf(entry, NULL);
	return NULL;
}

static int describe(const char *entry, struct err *err)
{
	_cleanup_free_ char *json = xasprintf("%s/entry.json", entry);
	_cleanup_free_ char *kernel = xasprintf("%s/kernel", entry), *text = NULL;
	_cleanup_json_ json_t *doc = NULL;
	char hex[SUM_HEX_MAX];
	struct sum sum;
	uint64_t size;
	int r = measure(kernel, &sum, &size, err);

	if (r < 0)
		return r;
	sum_hex(sum, hex);
	doc = json_pack("{s:s s:I}", "files", hex, "size", (json_int_t)size);
	text = json_dumps(doc, 0);
	return file_write(json, text, strlen(text), 0644, err);
}

/* ---- the limit */

static int oldest_first(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;

	return (a->used_ns > b->used_ns) - (a->used_ns < b->used_ns);
}

static void take_entry(const char *path, struct entry **v, size_t *n, uint64_t *total)
{
	_cleanup_free_ char *json = xasprintf("%s/entry.json", path);
	_cleanup_json_ json_t *doc = json_load_file(json, 0, NULL);
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return;
	*v = xrealloc(*v, (*n + 1) * sizeof(**v));
	(*v)[*n] = (struct entry){
		.path = xstrdup(path),
		.used_ns = st.st_mtim.tv_sec * NSEC_PER_SEC + st.st_mtim.tv_nsec,
		.size = (uint64_t)json_get_int(doc, "size", 0),
	};
	*total += (*v)[(*n)++].size;
}

/* By name away first: nobody finds half of one. */
static void drop(const char *dir, const char *path)
{
	_cleanup_free_ char *away = xasprintf("%s/" CACHE_TEMPORARY "%s", dir, path_base(path));

	rm_rf(rename(path, away) < 0 ? path : away, NULL);
}

/* The one that was just added stays, whatever its size. */
static void trim(const char *dir, uint64_t max, const char *added)
{
	struct entry *v = NULL;
	uint64_t total = 0;
	size_t n = 0;
	const struct dirent *de;
	DIR *d = opendir(dir);

	while (d && (de = readdir(d))) {
		_cleanup_free_ char *path = xasprintf("%s/%s", dir, de->d_name);

		if (*de->d_name != '.')
			take_entry(path, &v, &n, &total);
	}
	if (d)
		closedir(d);
	if (n)
		qsort(v, n, sizeof(*v), oldest_first);
	for (size_t i = 0; i < n; i++) {
		if (total > max && !str_eq(v[i].path, added)) {
			drop(dir, v[i].path);
			total -= v[i].size;
		}
		free(v[i].path);
	}
	free(v);
}

/* ---- adding */

static int fill(const char *tmp, const char *from, const char *entry, struct err *err)
{
	_cleanup_free_ char *kernel = xasprintf("%s/kernel", tmp);
	int r = install_copy(from, kernel, err);

	if (r == 0)
		r = describe(tmp, err);
	/* Who was first has put the same there. */
	if (r == 0 && rename(tmp, entry) < 0 && errno != ENOTEMPTY && errno != EEXIST)
		r = err_errno(err, "%s", entry);
	return r;
}

int kept_add(const char *cache, const char *key, const char *dir, uint64_t max, struct err *err)
{
	_cleanup_free_ char *all = xasprintf("%s/" DIR_NAME, cache);
	_cleanup_free_ char *entry = xasprintf("%s/%s", all, key);
	_cleanup_free_ char *tmp = xasprintf("%s/" CACHE_TEMPORARY "XXXXXX", all);
	int r = mkdir_p(all, 0755, err);

	if (r < 0)
		return r;
	cache_sweep(all, CACHE_TEMPORARY, STALE_S);
	r = dir_make_temp(tmp, err);
	if (r < 0)
		return r;
	r = fill(tmp, dir, entry, err);
	rm_rf(tmp, NULL);
	cache_use(entry);
	trim(all, max, entry);
	return r;
}

int kept_manifest(const char *cache, const char *source, char **path, struct err *err)
{
	_cleanup_free_ char *dir = xasprintf("%s/sources", cache);
	char hex[SUM_HEX_MAX];
	int r = mkdir_p(dir, 0755, err);

	if (r < 0)
		return r;
	cache_trim(dir, "", MANIFESTS_MAX);
	sum_hex(sum_of(source, strlen(source)), hex);
	*path = xasprintf("%s/%s", dir, hex);
	cache_use(*path);
	return 0;
}
