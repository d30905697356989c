// SPDX-License-Identifier: GPL-2.0-only
#include "run/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

#define PREFIX "run."

/*
 * A directory without a lock file is one whose owner was killed while it made or removed it. None
 * is being made: that is done, and this is called, with the parent's lock held.
 */
static void sweep_one(const char *path)
{
	_cleanup_free_ char *lock = xasprintf("%s/lock", path);
	_cleanup_close_ int fd = -1;
	struct err err = {0};

	if (path_exists(lock)) {
		fd = lock_try(lock, NULL);
		if (fd < 0)
			return;
	}
	if (rm_rf(path, &err) < 0)
		log_warn("cannot remove what a killed run left: %s", err.msg);
}

static void sweep(const char *parent)
{
	DIR *dir = opendir(parent);
	struct dirent *de;

	if (!dir)
		return;
	while ((de = readdir(dir))) {
		_cleanup_free_ char *path = xasprintf("%s/%s", parent, de->d_name);

		if (str_starts(de->d_name, PREFIX))
			sweep_one(path);
	}
	closedir(dir);
}

/* Shared /var/tmp: the parent must be ours alone, or another user could put a link in our way. */
static int check_parent(const char *path, struct err *err)
{
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_errno(err, "%s", path);
	if (lstat(path, &st) < 0)
		return err_errno(err, "%s", path);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
		return err_set(err, EPERM,
			       "%s is not a directory of yours alone (mode 0700); remove it or set "
			       "TMPDIR",
			       path);
	return 0;
}

/* What is not ours by its lock is not ours to remove. */
static int take_lock(struct rundir *d, struct err *err)
{
	_cleanup_free_ char *lock = xasprintf("%s/lock", d->path);
	int r = 0;

	d->lock_fd = lock_try(lock, err);
	if (d->lock_fd == -EWOULDBLOCK)
		r = err_set(err, EBUSY, "%s is in use by another run", d->path);
	else if (d->lock_fd < 0)
		r = d->lock_fd;
	if (r < 0)
		str_set(&d->path, NULL);
	return r;
}

/* Held while a run sweeps and makes its directory; freed when the descriptor is closed. */
static int lock_parent(const char *parent, struct err *err)
{
	int fd = open(parent, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, "%s", parent);
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR) {
			int r = err_errno(err, "%s", parent);

			close(fd);
			return r;
		}
	return fd;
}

static int use_own(const char *own_dir, struct rundir *d, struct err *err)
{
	struct dirent *de;
	DIR *dir;
	int n = 0;

	d->keep = path_is_dir(own_dir);
	if (mkdir_p(own_dir, 0700, err) < 0)
		return err_wrap(err, "the VM's working directory");
	dir = opendir(own_dir);
	if (!dir)
		return err_errno(err, "%s", own_dir);
	while ((de = readdir(dir)))
		n += strcmp(de->d_name, ".") && strcmp(de->d_name, "..") &&
		     strcmp(de->d_name, "lock");
	closedir(dir);
	if (n)
		return err_set(
			err, ENOTEMPTY,
			"%s is not empty: what lies in the VM's working directory is removed "
			"after the run; name a fresh one",
			own_dir);
	d->path = path_real(own_dir, err);
	return d->path ? take_lock(d, err) : err->code;
}

int rundir_make(const char *base, const char *own_dir, struct rundir *d, struct err *err)
{
	const char *tmp = base ? base : getenv("TMPDIR");
	_cleanup_free_ char *real = NULL;
	_cleanup_free_ char *parent = NULL;
	_cleanup_close_ int lock = -1;
	int r;

	*d = (struct rundir){.lock_fd = -1};
	if (own_dir)
		return use_own(own_dir, d, err);
	real = path_real(tmp && *tmp ? tmp : "/var/tmp", err);
	if (!real)
		return err_wrap(err, "no directory for temporary files");
	parent = xasprintf("%s/ktest-%u", real, (unsigned int)geteuid());
	r = check_parent(parent, err);
	if (r < 0)
		return r;
	lock = lock_parent(parent, err);
	if (lock < 0)
		return lock;
	sweep(parent);
	d->path = xasprintf("%s/" PREFIX "%d.XXXXXX", parent, (int)getpid());
	r = dir_make_temp(d->path, err);
	if (r == 0)
		return take_lock(d, err);
	str_set(&d->path, NULL);
	return r;
}

static int rm_content(const char *path, struct err *err)
{
	DIR *dir = opendir(path);
	struct dirent *de;
	int r = 0;

	if (!dir)
		return err_errno(err, "%s", path);
	while (r == 0 && (de = readdir(dir)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			r = rm_rf_at(dirfd(dir), de->d_name);
	closedir(dir);
	return r < 0 ? err_set(err, r, "cannot empty %s: %s", path, strerror(-r)) : 0;
}

int rundir_remove(struct rundir *d, struct err *err)
{
	_cleanup_close_ int lock = -1;
	int r = 0;

	if (d->path && !d->keep) {
		_cleanup_free_ char *copy = xstrdup(d->path);

		/* A sweep would make the lock file anew that is just gone. */
		lock = lock_parent(dirname(copy), NULL);
		r = rm_rf(d->path, err);
	} else if (d->path) {
		r = rm_content(d->path, err);
	}
	if (d->lock_fd >= 0)
		close(d->lock_fd);
	free(d->path);
	*d = (struct rundir){.lock_fd = -1};
	return r;
}
