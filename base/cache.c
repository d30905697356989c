// SPDX-License-Identifier: GPL-2.0-only
#include "base/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/map.h"
#include "base/seal.h"
#include "base/str.h"

#define TRIES	3
#define SWEPT_S 3600 /* what takes longer to make is not kept */

static char *path_away(const char *path)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return xasprintf("%.*s" CACHE_TEMPORARY "%d.%ld-%s", (int)(path_base(path) - path), path,
			 (int)getpid(), now.tv_nsec, path_base(path));
}

/* ---- one entry */

/* The time of a directory of ours is that of its being moved away: no sweep takes it at once. */
static int move_away(const char *path, const char *away)
{
	if (path_is_dir(path))
		utimensat(AT_FDCWD, path, NULL, 0);
	return rename(path, away);
}

/* Moved away before it is removed; should it be whole after all, somebody was here meanwhile. */
static void drop(const char *path)
{
	_cleanup_free_ char *away = path_away(path);
	struct stat st;

	if (lstat(path, &st) < 0 || move_away(path, away) < 0)
		return;
	if (seal_check(away) != 0 && rename(away, path) == 0)
		return;
	log_note("%s is not as it was kept: it is made again", path);
	rm_rf(away, NULL);
}

/* ---- what is in use */

/* A descriptor of the seal with this lock on it, -1 where others hold one or there is no such
 * entry. A file system without locks has the times of use to go by. */
static int lock_entry(const char *path, int how)
{
	_cleanup_free_ char *seal = xasprintf("%s/" SEAL_FILE, path);
	/* Over NFS an exclusive lock takes a file that is open for writing. */
	int flags = how == LOCK_EX ? O_RDWR : O_RDONLY;
	int fd = open(seal, flags | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	struct stat held, there;

	if (fd < 0)
		return -1;
	/* The entry may have been moved away before it was locked. */
	if ((flock(fd, how | LOCK_NB) == 0 || errno != EWOULDBLOCK) && fstat(fd, &held) == 0 &&
	    stat(seal, &there) == 0 && held.st_ino == there.st_ino)
		return fd;
	close(fd);
	return -1;
}

/* Lock the entry until the process ends: each guest of a run opens by name what was found at its
 * start. */
static bool hold(const char *path)
{
	static struct map held;
	void **slot = map_put(&held, path);
	static char is_held;
	int fd;

	if (*slot)
		return true;
	fd = lock_entry(path, LOCK_SH);
	if (fd >= 0)
		*slot = &is_held;
	return fd >= 0;
}

int cache_find(const char *path, struct err *err)
{
	int r = seal_check(path);

	if (r < 0)
		return err_set(err, r, "%s cannot be looked at: %s", path, strerror(-r));
	if (r == 0)
		drop(path);
	return r && hold(path);
}

/* The key is found again from the same start: files that were recent then must not look changed. */
static int check_key(const struct cache_item *item, const struct hash *start,
		     const struct hash *key, struct err *err)
{
	struct hash now = *start;
	int r = item->key(item->arg, &now, err);

	if (r < 0 || sum_eq(now.v, key->v))
		return r;
	return err_set(
		err, EAGAIN,
		"the files of which an entry of %s is made go on changing; try again when they "
		"do not",
		item->dir);
}

/* Another process that was faster has made the same, which is as good where it is whole. */
static int publish(const char *tmp, const char *to, struct err *err)
{
	int r = seal_write(tmp, err);

	if (r < 0)
		return r;
	if (rename(tmp, to) == 0)
		return hold(to) ? 0 : err_set(err, EAGAIN, "%s was removed at once; try again", to);
	if (errno != ENOTEMPTY && errno != EEXIST)
		return err_errno(err, "%s", to);
	r = cache_find(to, err);
	return r ? (r < 0 ? r : 0)
		 : err_set(err, EAGAIN, "%s was damaged by somebody meanwhile; try again", to);
}

static int make(const struct cache_item *item, const struct hash *start, const struct hash *key,
		const char *to, struct err *err)
{
	_cleanup_free_ char *tmp = xasprintf("%s/" CACHE_TEMPORARY "XXXXXX", item->dir);
	int r = mkdir_p(item->dir, 0755, err);

	if (r == 0)
		r = dir_make_temp(tmp, err);
	if (r < 0)
		return err_wrap(err, "the cache, for which XDG_CACHE_HOME can name another place");
	r = item->make(item->arg, tmp, to, err);
	if (r == 0)
		r = check_key(item, start, key, err);
	if (r == 0)
		r = publish(tmp, to, err);
	rm_rf(tmp, NULL);
	return r;
}

int cache_get(const struct cache_item *item, char **path, struct err *err)
{
	int r = -EAGAIN;

	cache_sweep(item->dir, CACHE_TEMPORARY, SWEPT_S);
	for (int i = 0; i < TRIES && r == -EAGAIN; i++) {
		_cleanup_free_ char *hex = NULL, *to = NULL;
		struct hash start, key;

		hash_init(&start);
		hash_stat(&start, "/proc/self/exe");
		key = start;
		r = item->key(item->arg, &key, err);
		if (r < 0)
			return r;
		hex = hash_hex(&key);
		to = xasprintf("%s/%s", item->dir, hex);
		r = cache_find(to, err);
		if (r == 0) {
			r = make(item, &start, &key, to, err);
			cache_trim(item->dir, item->limits);
		}
		if (r >= 0)
			*path = xstrdup(to);
	}
	return r < 0 ? r : 0;
}

/* ---- all of a kind */

struct cached {
	char *path;
	time_t used;
	uint64_t bytes;
};

struct cache {
	struct cached *v;
	size_t n;
	uint64_t total;
};

static bool look(const char *path, struct cached *out)
{
	struct seal seal;
	struct stat st;

	if (lstat(path, &st) < 0)
		return false;
	if (S_ISREG(st.st_mode))
		*out = (struct cached){.used = st.st_mtime, .bytes = (uint64_t)st.st_size};
	else if (S_ISDIR(st.st_mode) && seal_read(path, &seal) == 0)
		*out = (struct cached){.used = seal.used, .bytes = seal.bytes};
	else
		return false;
	return true;
}

static void scan(const char *dir, struct cache *c)
{
	const struct dirent *de;
	DIR *d = opendir(dir);
	struct cached one;

	while (d && (de = readdir(d))) {
		_cleanup_free_ char *path = xasprintf("%s/%s", dir, de->d_name);

		if (de->d_name[0] == '.' || !look(path, &one))
			continue;
		one.path = xstrdup(path);
		c->v = xrealloc(c->v, (c->n + 1) * sizeof(*c->v));
		c->v[c->n++] = one;
		c->total += one.bytes;
	}
	if (d)
		closedir(d);
}

static int oldest_first(const void *pa, const void *pb)
{
	const struct cached *a = pa, *b = pb;

	return (a->used > b->used) - (a->used < b->used);
}

/* Moved away first: whoever comes after that makes another. One that was used meanwhile comes back.
 */
static void remove_unused(const char *path, time_t recent)
{
	_cleanup_free_ char *away = path_away(path);
	_cleanup_close_ int fd = path_is_dir(path) ? lock_entry(path, LOCK_EX) : -1;
	struct cached now;

	if ((path_is_dir(path) && fd < 0) || move_away(path, away) < 0)
		return;
	if (look(away, &now) && now.used >= recent && rename(away, path) == 0)
		return;
	rm_rf(away, NULL);
}

void cache_trim(const char *dir, struct cache_limits limits)
{
	time_t recent = time(NULL) - limits.in_use_s;
	struct cache c = {0};

	scan(dir, &c);
	if (c.n)
		qsort(c.v, c.n, sizeof(*c.v), oldest_first);
	for (size_t i = 0; i < c.n; i++) {
		if (c.total > limits.bytes && i + limits.newest < c.n && c.v[i].used < recent) {
			remove_unused(c.v[i].path, recent);
			c.total -= c.v[i].bytes;
		}
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
