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
	struct strbuf path; /* of what is looked at, relative to dir */
	struct err *err;
	_Alignas(struct dirent64) char entries[32 << 10];
};

static int walk_names(struct walk *w, int fd, int depth);

static int enter(struct walk *w, int dirfd, const char *name, int depth)
{
	_cleanup_close_ int fd =
		openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (depth ? O_NOFOLLOW : 0));

	if (fd < 0 && (w->lenient || (errno == ENOENT && depth)))
		return 0;
	if (fd < 0)
		return err_errno(w->err, "%s%s%s", w->dir, depth ? "/" : "", w->path.s);
	return walk_names(w, fd, depth);
}

static int visit(struct walk *w, int dirfd, const char *name, int depth)
{
	struct stat st;
	int r;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
		return errno == ENOENT || w->lenient
			       ? 0
			       : err_errno(w->err, "%s/%s", w->dir, w->path.s);
	r = w->fn(w->arg, dirfd, w->path.s, &st, w->err);
	if (r != 0 || !S_ISDIR(st.st_mode))
		return r < 0 ? r : 0;
	if (depth < DEPTH_MAX)
		return enter(w, dirfd, name, depth + 1);
	return w->lenient ? 0
			  : err_set(w->err, ELOOP, "%s/%s is nested more than %d deep", w->dir,
				    w->path.s, DEPTH_MAX);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_names(struct walk *w, int fd, struct strv *names)
{
	ssize_t n;

	while ((n = getdents64(fd, w->entries, sizeof(w->entries))) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *de = (void *)(w->entries + at);

			if (!str_eq(de->d_name, ".") && !str_eq(de->d_name, ".."))
				strv_add(names, de->d_name);
			at += de->d_reclen;
		}
	if (n == 0 || w->lenient || errno == ENOENT)
		return 0;
	return err_errno(w->err, "%s/%s", w->dir, w->path.s);
}

static int walk_names(struct walk *w, int fd, int depth)
{
	_cleanup_strv_ struct strv names = {0};
	size_t len = w->path.len;
	int r = read_names(w, fd, &names);

	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), by_name);
	for (size_t i = 0; i < names.n && r == 0; i++) {
		strbuf_puts(&w->path, len ? "/" : "");
		strbuf_puts(&w->path, names.v[i]);
		r = visit(w, fd, names.v[i], depth);
		w->path.len = len;
		w->path.s[len] = '\0';
	}
	return r;
}

int walk_tree(const char *dir, bool lenient, walk_fn *fn, void *arg, struct err *err)
{
	struct walk w = {.dir = dir, .lenient = lenient, .fn = fn, .arg = arg, .err = err};
	int r;

	strbuf_puts(&w.path, "");
	r = enter(&w, AT_FDCWD, dir, 0);
	strbuf_done(&w.path);
	return r;
}
