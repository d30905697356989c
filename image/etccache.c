// SPDX-License-Identifier: GPL-2.0-only
#include "image/etccache.h"

#include <errno.h>
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
#define COPY	 "etc"		/* in its entry */

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

/* ---- the item */

static int key_etc(void *arg, struct hash *h, struct err *err)
{
	(void)err;
	etc_key(arg, h);
	return 0;
}

static int make_in(void *arg, const char *entry, const char *to, struct err *err)
{
	_cleanup_free_ char *etc_dir = xasprintf("%s/" COPY, entry);

	(void)to;
	return make_etc(arg, etc_dir, err);
}

int etc_cached(const char *root, const char *cache_dir, char **path, struct err *err)
{
	_cleanup_free_ char *dir = xasprintf("%s/etc", cache_dir), *entry = NULL;
	_cleanup_free_ char *of = xstrdup(root);
	const struct cache_item item = {
		.dir = dir,
		.limits = {.newest = KEPT, .in_use_s = IN_USE_S},
		.key = key_etc,
		.make = make_in,
		.arg = of,
	};
	int r = make_parent(cache_dir, dir, err);

	if (r == 0)
		r = cache_get(&item, &entry, err);
	if (r < 0)
		return r;
	*path = xasprintf("%s/" COPY, entry);
	return 0;
}
