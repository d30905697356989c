// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/sync.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

#define CHUNK (256 << 10)

/* n bytes unless the file ends before. */
static ssize_t read_full(int fd, char *buf, size_t n)
{
	size_t have = 0;
	ssize_t r;

	while (have < n) {
		r = read(fd, buf + have, n - have);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return r < 0 ? r : (ssize_t)have;
		have += (size_t)r;
	}
	return (ssize_t)have;
}

static bool same_bytes(int a, int b)
{
	_cleanup_free_ char *one = xmalloc(CHUNK), *two = xmalloc(CHUNK);
	ssize_t n, m;

	do {
		n = read_full(a, one, CHUNK);
		m = read_full(b, two, CHUNK);
		if (n < 0 || n != m || memcmp(one, two, (size_t)n))
			return false;
	} while (n == CHUNK);
	return true;
}

static bool is_same(const char *src, const struct stat *from, const char *dst)
{
	_cleanup_close_ int a = -1, b = -1;
	struct stat to;

	if (lstat(dst, &to) < 0 || !S_ISREG(to.st_mode) || to.st_size != from->st_size ||
	    (to.st_mode & 07777) != (from->st_mode & 07777))
		return false;
	if (to.st_dev == from->st_dev && to.st_ino == from->st_ino)
		return true;
	a = open(src, O_RDONLY | O_CLOEXEC);
	b = open(dst, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return a >= 0 && b >= 0 && same_bytes(a, b);
}

/* Sharing the blocks is better than sharing the file. */
static int clone_file(const char *src, const char *dst)
{
	_cleanup_close_ int in = open(src, O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int out = open(dst, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (in < 0 || out < 0 || ioctl(out, FICLONE, in) < 0) {
		if (out >= 0)
			unlink(dst);
		return -errno;
	}
	return 0;
}

static int copy(const char *src, const struct stat *st, const char *dst, int flags, struct err *err)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, st->st_mtim};
	int r = 0;

	unlink(dst);
	if (clone_file(src, dst) < 0) {
		if ((flags & SYNC_LINK) &&
		    linkat(AT_FDCWD, src, AT_FDCWD, dst, AT_SYMLINK_FOLLOW) == 0)
			return 0;
		r = file_copy(src, dst, err);
	}
	if (r == 0 &&
	    (chmod(dst, st->st_mode & 07777) < 0 || utimensat(AT_FDCWD, dst, times, 0) < 0))
		r = err_errno(err, "%s", dst);
	return r;
}

static int replace(const char *src, const struct stat *st, const char *dst, int flags,
		   struct err *err)
{
	_cleanup_free_ char *tmp = xasprintf("%s.new", dst);
	struct stat old;
	int r = copy(src, st, tmp, flags, err);

	if (r == 0 && lstat(dst, &old) == 0 && S_ISDIR(old.st_mode))
		r = rm_rf(dst, err);
	if (r == 0 && rename(tmp, dst) < 0)
		r = err_errno(err, "%s", dst);
	if (r < 0)
		unlink(tmp);
	return r;
}

int sync_file(const char *src, const char *dst, int flags, struct err *err)
{
	struct stat st;

	if (stat(src, &st) < 0)
		return err_errno(err, "%s", src);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "%s is no regular file", src);
	return is_same(src, &st, dst) ? 0 : replace(src, &st, dst, flags, err);
}

/* ---- directories */

static bool is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

static bool counts(const char *dir, const char *name, sync_want_fn *want, bool *is_dir)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	struct stat st;

	if (is_dots(name) || stat(path, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		return false;
	*is_dir = S_ISDIR(st.st_mode);
	return !want || want(name, *is_dir);
}

static int remove_others(const char *src, const char *dst, sync_want_fn *want, struct err *err)
{
	const struct dirent *de;
	DIR *d = opendir(dst);
	int r = 0;

	if (!d)
		return err_errno(err, "%s", dst);
	while (r == 0 && (de = readdir(d))) {
		_cleanup_free_ char *path = xasprintf("%s/%s", dst, de->d_name);
		bool is_dir;

		if (!is_dots(de->d_name) && !counts(src, de->d_name, want, &is_dir))
			r = rm_rf(path, err);
	}
	closedir(d);
	return r;
}

static int make_dir(const char *dst, struct err *err)
{
	struct stat st;

	if (lstat(dst, &st) == 0 && !S_ISDIR(st.st_mode) && unlink(dst) < 0)
		return err_errno(err, "%s", dst);
	return mkdir_p(dst, 0755, err);
}

static int sync_children(DIR *d, const char *src, const char *dst, int flags, sync_want_fn *want,
			 struct err *err)
{
	const struct dirent *de;
	int r = 0;

	while (r == 0 && (de = readdir(d))) {
		_cleanup_free_ char *from = xasprintf("%s/%s", src, de->d_name);
		_cleanup_free_ char *to = xasprintf("%s/%s", dst, de->d_name);
		bool is_dir;

		if (!counts(src, de->d_name, want, &is_dir))
			continue;
		r = is_dir ? sync_dir(from, to, flags, want, err) : sync_file(from, to, flags, err);
	}
	return r;
}

int sync_dir(const char *src, const char *dst, int flags, sync_want_fn *want, struct err *err)
{
	DIR *d = opendir(src);
	int r;

	if (!d && errno == ENOENT)
		return flags & SYNC_MERGE ? 0 : rm_rf(dst, err);
	if (!d)
		return err_errno(err, "%s", src);
	r = make_dir(dst, err);
	if (r == 0 && !(flags & SYNC_MERGE))
		r = remove_others(src, dst, want, err);
	if (r == 0)
		r = sync_children(d, src, dst, flags, want, err);
	closedir(d);
	return r;
}
