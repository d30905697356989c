// SPDX-License-Identifier: GPL-2.0-only
#include "image/etccache.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cache.h"
#include "base/file.h"
#include "base/str.h"
#include "image/accounts.h"
#include "image/etc.h"
#include "image/etckey.h"

#define KEPT	 2		/* copies, whatever their age */
#define IN_USE_S (24 * 60 * 60) /* no guest runs longer */
#define SWEPT_S	 (60 * 60)

#define HOSTNAME "ktest\n"
#define HOSTS	 "127.0.0.1\tlocalhost ktest\n::1\tlocalhost ip6-localhost ip6-loopback\n"

static int make_etc(const char *root, const char *etc_dir, struct err *err)
{
	int r = etc_copy(root, etc_dir, err);

	if (r >= 0)
		r = accounts_write(root, etc_dir, err);
	if (r >= 0)
		r = etc_write(etc_dir, "fstab", "", 0, 0644, err);
	if (r >= 0)
		r = etc_write(etc_dir, "hostname", HOSTNAME, strlen(HOSTNAME), 0644, err);
	return r >= 0 ? etc_write(etc_dir, "hosts", HOSTS, strlen(HOSTS), 0644, err) : r;
}

static int make_parent(const char *cache_dir, const char *dir, struct err *err)
{
	struct stat st;
	int r = mkdir_p(cache_dir, 0755, err);

	if (r == 0)
		r = mkdir_p(dir, 0700, err);
	if (r < 0)
		return r;
	if (lstat(dir, &st) < 0)
		return err_errno(err, "%s", dir);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid())
		return err_set(err, EPERM, "%s is not a directory of ours", dir);
	/* Files that others could read when they were copied may be closed to them by now. */
	if ((st.st_mode & 0777) != 0700 && chmod(dir, 0700) < 0)
		return err_errno(err, "%s", dir);
	return 0;
}

/* Who made the same copy at the same time may have come first: theirs is as good. */
static int publish(const char *root, const char *tmp, const char *to, struct err *err)
{
	int r = make_etc(root, tmp, err);

	if (r == 0 && rename(tmp, to) < 0 && errno != ENOTEMPTY && errno != EEXIST)
		r = err_errno(err, "%s", to);
	rm_rf(tmp, NULL);
	return r;
}

static int make_copy(const char *root, const char *dir, const char *to, struct err *err)
{
	_cleanup_free_ char *tmp = xasprintf("%s/" CACHE_TEMPORARY "XXXXXX", dir);
	int r;

	cache_sweep(dir, CACHE_TEMPORARY, SWEPT_S);
	r = dir_make_temp(tmp, err);
	if (r == 0)
		r = publish(root, tmp, to, err);
	if (r == 0)
		cache_keep(dir, KEPT, IN_USE_S);
	return r;
}

int etc_cached(const char *root, const char *cache_dir, char **path, struct err *err)
{
	_cleanup_free_ char *dir = xasprintf("%s/etc", cache_dir), *key = NULL, *to = NULL;
	int r = make_parent(cache_dir, dir, err);

	if (r < 0)
		return r;
	key = etc_key(root);
	to = xasprintf("%s/%s", dir, key);
	if (!cache_use(to))
		r = make_copy(root, dir, to, err);
	if (r == 0)
		*path = xstrdup(to);
	return r;
}
