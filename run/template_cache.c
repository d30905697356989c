// SPDX-License-Identifier: GPL-2.0-only
#include "run/template_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cache.h"
#include "base/file.h"
#include "base/seal.h"

#define LOCK "lock"

static int lock_at(const char *dir, int flags, int how)
{
	_cleanup_free_ char *path = xasprintf("%s/" LOCK, dir);
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	if (flock(fd, how | LOCK_NB) == 0)
		return fd;
	close(fd);
	return -EWOULDBLOCK;
}

int template_lock(const char *dir, int how)
{
	_cleanup_free_ char *path = xasprintf("%s/" LOCK, dir);
	int fd = lock_at(dir, O_RDWR, how);
	struct stat held, there;

	if (fd < 0)
		return fd;
	/* It may have been moved away, to be removed, before it was locked. */
	if (fstat(fd, &held) == 0 && stat(path, &there) == 0 && held.st_ino == there.st_ino)
		return fd;
	close(fd);
	return -ENOENT;
}

void template_remove(const char *dir)
{
	_cleanup_free_ char *parent = xstrndup(dir, (size_t)(path_base(dir) - dir));
	_cleanup_free_ char *away =
		xasprintf("%s" CACHE_TEMPORARY "%d-%s", parent, (int)getpid(), path_base(dir));
	_cleanup_free_ char *lock = xasprintf("%s/" LOCK, dir);
	_cleanup_close_ int fd = template_lock(dir, LOCK_EX);

	/* Without the file nobody can hold it, nor ever will. */
	if ((fd >= 0 || !path_exists(lock)) && rename(dir, away) == 0)
		rm_rf(away, NULL);
}

/* ---- those that are being made */

/* Held while half of one can be there that is not locked yet, and while such halves are removed. */
static int lock_all(const char *all)
{
	int fd = open(all, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		flock(fd, LOCK_EX);
	return fd;
}

/* Whoever makes one holds its lock. */
static bool is_left(const char *dir)
{
	_cleanup_close_ int fd = lock_at(dir, O_RDWR, LOCK_EX);

	return fd >= 0 || fd == -ENOENT;
}

void templates_sweep(const char *all)
{
	_cleanup_close_ int fd = lock_all(all);
	const struct dirent *de;
	DIR *d = fd < 0 ? NULL : opendir(all);

	while (d && (de = readdir(d))) {
		_cleanup_free_ char *dir = xasprintf("%s/%s", all, de->d_name);

		if (str_starts(de->d_name, CACHE_TEMPORARY) && is_left(dir))
			rm_rf(dir, NULL);
	}
	if (d)
		closedir(d);
}

int template_make(const char *all, char **dir, struct err *err)
{
	_cleanup_free_ char *made = xasprintf("%s/" CACHE_TEMPORARY "XXXXXX", all);
	_cleanup_close_ int all_fd = lock_all(all);
	int fd;

	if (all_fd < 0)
		return err_errno(err, "%s", all);
	if (dir_make_temp(made, err) < 0)
		return err->code;
	fd = lock_at(made, O_RDWR | O_CREAT | O_EXCL, LOCK_EX);
	if (fd < 0) {
		rm_rf(made, NULL);
		return err_set(err, fd, "%s: %s", made, strerror(-fd));
	}
	*dir = made;
	made = NULL;
	return fd;
}

/* ---- those that are kept */

struct kept {
	char *dir;
	struct seal seal;
};

/* Without a seal nobody can use it. */
static size_t list(const char *all, struct kept **out)
{
	const struct dirent *de;
	DIR *d = opendir(all);
	size_t n = 0;

	*out = NULL;
	while (d && (de = readdir(d))) {
		_cleanup_free_ char *dir = xasprintf("%s/%s", all, de->d_name);
		struct kept k;

		if (strchr(de->d_name, '.'))
			continue;
		if (seal_read(dir, &k.seal) < 0) {
			template_remove(dir);
			continue;
		}
		k.dir = xstrdup(dir);
		*out = xrealloc(*out, (n + 1) * sizeof(**out));
		(*out)[n++] = k;
	}
	if (d)
		closedir(d);
	return n;
}

static int oldest_first(const void *pa, const void *pb)
{
	const struct kept *a = pa, *b = pb;

	return (a->seal.used > b->seal.used) - (a->seal.used < b->seal.used);
}

void templates_trim(const char *all, uint64_t max)
{
	uint64_t total = 0;
	struct kept *v;
	size_t n = list(all, &v);

	if (n)
		qsort(v, n, sizeof(*v), oldest_first);
	for (size_t i = 0; i < n; i++)
		total += v[i].seal.bytes;
	for (size_t i = 0; i < n; i++) {
		if (total > max)
			template_remove(v[i].dir);
		if (!path_exists(v[i].dir))
			total -= v[i].seal.bytes;
		free(v[i].dir);
	}
	free(v);
}
