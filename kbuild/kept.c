// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/kept.h"

#include <errno.h>
#include <stdio.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cache.h"
#include "base/file.h"
#include "base/seal.h"
#include "base/sum.h"
#include "kbuild/install.h"

#define DIR_NAME      "kernels-built"
#define KERNEL	      "kernel" /* in its entry, as install_dir has it */
#define STALE_S	      (24 * 3600)
#define MANIFESTS_MAX (256 << 20)

char *kept_find(const char *cache, const char *key)
{
	_cleanup_free_ char *entry = xasprintf("%s/" DIR_NAME "/%s", cache, key);

	return cache_find(entry, NULL) > 0 ? xasprintf("%s/" KERNEL, entry) : NULL;
}

static int fill(const char *tmp, const char *from, const char *entry, struct err *err)
{
	_cleanup_free_ char *kernel = xasprintf("%s/" KERNEL, tmp);
	int r = install_copy(from, kernel, err);

	if (r == 0)
		r = seal_write(tmp, err);
	if (r < 0 || rename(tmp, entry) == 0)
		return r;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return err_errno(err, "%s", entry);
	/* Another build has put the same there: it is used now. */
	r = cache_find(entry, err);
	return r < 0 ? r : 0;
}

int kept_add(const char *cache, const char *key, const char *dir, uint64_t max, struct err *err)
{
	const struct cache_limits limits = {.bytes = max, .newest = 1, .in_use_s = CACHE_IN_USE_S};
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
	cache_trim(all, limits);
	return r;
}

int kept_manifest(const char *cache, const char *source, char **path, struct err *err)
{
	const struct cache_limits limits = {.bytes = MANIFESTS_MAX, .in_use_s = CACHE_IN_USE_S};
	_cleanup_free_ char *dir = xasprintf("%s/sources", cache);
	char hex[SUM_HEX_MAX];
	int r = mkdir_p(dir, 0755, err);

	if (r < 0)
		return r;
	cache_trim(dir, limits);
	sum_hex(sum_of(source, strlen(source)), hex);
	*path = xasprintf("%s/%s", dir, hex);
	utimensat(AT_FDCWD, *path, NULL, 0);
	return 0;
}
