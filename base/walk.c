// SPDX-License-Identifier: GPL-2.0-only
#include "base/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

#define DEPTH_MAX 64

struct walk {
	const char *dir;
	bool lenient;
	walk_fn *fn;
	void *arg;
	struct err *err;
};

static int walk_names(const struct walk *w, int fd, const char *path, int depth);

static int enter(const struct walk *w, int dirfd, const char *path, int depth)
{
	int fd = openat(dirfd, *path ? path_base(path) : w->dir,
			O_RDONLY | O_DIRECTORY | O_CLOEXEC | (*path ? O_NOFOLLOW : 0));

	if (fd < 0 && (w->lenient || (errno == ENOENT && *path)))
		return 0;
	if (fd < 0)
		return err_errno(w->err, "%s%s%s", w->dir, *path ? "/" : "", path);
	return walk_names(w, fd, path, depth);
}

static int visit(const struct walk *w, int dirfd, const char *path, int depth)
{
	struct stat st;
	int r;

	if (fstatat(dirfd, path_base(path), &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
		return errno == ENOENT || w->lenient ? 0
						     : err_errno(w->err, "%s/%s", w->dir, path);
	r = w->fn(w->arg, dirfd, path, &st, w->err);
	if (r != 0 || !S_ISDIR(st.st_mode))
		return r < 0 ? r : 0;
	if (depth < DEPTH_MAX)
		return enter(w, dirfd, path, depth + 1);
	return w->lenient ? 0
			  : err_set(w->err, ELOOP, "%s/%s is nested more than %d deep", w->dir,
				    path, DEPTH_MAX);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Closes fd. */
static int walk_names(const struct walk *w, int fd, const char *path, int depth)
{
	_cleanup_strv_ struct strv paths = {0};
	const struct dirent *de;
	DIR *d = fdopendir(fd);
	int r = 0;

	if (!d) {
		close(fd);
		return err_errno(w->err, "%s/%s", w->dir, path);
	}
	while ((de = readdir(d)))
		if (!str_eq(de->d_name, ".") && !str_eq(de->d_name, ".."))
			strv_addf(&paths, "%s%s%s", path, *path ? "/" : "", de->d_name);
	if (paths.n)
		qsort(paths.v, paths.n, sizeof(*paths.v), by_name);
	for (size_t i = 0; i < paths.n && r == 0; i++)
		r = visit(w, dirfd(d), paths.v[i], depth);
	closedir(d);
	return r;
}

int walk_tree(const char *dir, bool lenient, walk_fn *fn, void *arg, struct err *err)
{
	const struct walk w = {dir, lenient, fn, arg, err};

	return enter(&w, AT_FDCWD, "", 0);
}
