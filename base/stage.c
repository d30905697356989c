// SPDX-License-Identifier: GPL-2.0-only
#include "base/stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

#define STAGE_PREFIX ".ktest."

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE (1 << 1)
#endif

/* Held for moments only: while a stage is made and locked, swept or published. */
static int place_lock(const char *place, struct err *err)
{
	int fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, "%s", place);
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR) {
			close(fd);
			return err_errno(err, "%s", place);
		}
	return fd;
}

static void stage_remove(const char *path, stage_remove_fn *remove)
{
	if (remove)
		remove(path);
	rm_rf(path, NULL);
}

static void remove_if_stale(const char *path, stage_remove_fn *remove)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		stage_remove(path, remove);
}

static void sweep_locked(const char *place, stage_remove_fn *remove)
{
	const struct dirent *de;
	DIR *d = opendir(place);

	while (d && (de = readdir(d))) {
		_cleanup_free_ char *path = xasprintf("%s/%s", place, de->d_name);

		if (str_starts(de->d_name, STAGE_PREFIX))
			remove_if_stale(path, remove);
	}
	if (d)
		closedir(d);
}

void stage_sweep(const char *place, stage_remove_fn *remove)
{
	_cleanup_close_ int lock = place_lock(place, NULL);

	if (lock >= 0)
		sweep_locked(place, remove);
}

int stage_open(const char *place, struct stage *st, struct err *err)
{
	_cleanup_close_ int lock = -1;
	int r = mkdir_p(place, 0755, err);

	if (r < 0)
		return r;
	lock = place_lock(place, err);
	if (lock < 0)
		return lock;
	sweep_locked(place, st->remove);
	st->place = path_real(place, err);
	if (!st->place)
		return -ENOENT;
	st->dir = xasprintf("%s/" STAGE_PREFIX "XXXXXX", st->place);
	r = dir_make_temp(st->dir, err);
	if (r < 0)
		return r;
	st->fd = open(st->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (st->fd < 0 || flock(st->fd, LOCK_EX | LOCK_NB) < 0)
		return err_errno(err, "%s", st->dir);
	return 0;
}

void stage_close(struct stage *st)
{
	if (st->dir)
		stage_remove(st->dir, st->remove);
	if (st->fd >= 0)
		close(st->fd);
	free(st->dir);
	free(st->place);
	*st = (struct stage)STAGE_INIT;
}

/* Where something stands already the two change places, and the old one goes with the stage. */
static int move_in(const char *ready, const char *path)
{
	if (rename(ready, path) == 0)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return -errno;
	return syscall(SYS_renameat2, AT_FDCWD, ready, AT_FDCWD, path, RENAME_EXCHANGE) < 0 ? -errno
											    : 0;
}

int stage_publish(const struct stage *st, const char *ready, const char *name, char **path,
		  struct err *err)
{
	_cleanup_free_ char *to = xasprintf("%s/%s", st->place, name);
	_cleanup_free_ char *parent = xstrndup(to, (size_t)(path_base(to) - to) - 1);
	_cleanup_close_ int lock = -1;
	int r;

	r = mkdir_p(parent, 0755, err);
	if (r < 0)
		return r;
	lock = place_lock(st->place, err);
	if (lock < 0)
		return lock;
	syncfs(st->fd); /* whole also after the power fails */
	r = move_in(ready, to);
	if (r < 0)
		return err_set(err, r, "cannot publish %s: %s", to, strerror(-r));
	*path = xstrdup(to);
	return 0;
}
