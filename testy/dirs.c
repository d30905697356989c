// SPDX-License-Identifier: GPL-2.0-only
#include "testy/dirs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "kbuild/source.h"
#include "testy/path.h"

#define WALK_DEPTH_MAX 200
#define WALK_NAMES_MAX 5000000

void testy_dirs_init(struct testy_dirs *d)
{
	*d = (struct testy_dirs){.index = json_object()};
}

void testy_dirs_done(struct testy_dirs *d)
{
	for (size_t i = 0; i < d->n; i++) {
		if (d->v[i]->list)
			testy_list_done(d->v[i]->list);
		free(d->v[i]->list);
		free(d->v[i]->path);
		free(d->v[i]);
	}
	free(d->v);
	json_decref(d->index);
	*d = (struct testy_dirs){0};
}

static char *below(const char *dir, const char *name)
{
	return xasprintf("%s/%s", strcmp(dir, "/") != 0 ? dir : "", name);
}

static int find_list(struct testy_dir *dir, struct err *err)
{
	_cleanup_free_ char *path = below(dir->path, TESTY_LIST_NAME);

	if (!path_exists(path))
		return 0;
	dir->list = xcalloc(1, sizeof(*dir->list));
	return testy_list_read(path, dir->list, err);
}

static void find_root(struct testy_dir *dir)
{
	_cleanup_free_ char *git = below(dir->path, ".git");

	dir->kernel_tree = source_is_tree(dir->path);
	dir->root = dir->kernel_tree || path_exists(git) ? dir : dir->up ? dir->up->root : NULL;
}

static struct testy_dir *find_known(const struct testy_dirs *d, const char *path)
{
	const json_t *at = json_object_get(d->index, path);

	return at ? d->v[json_integer_value(at)] : NULL;
}

static int add(struct testy_dirs *d, const char *path, struct testy_dir *up, struct testy_dir **out,
	       struct err *err)
{
	struct testy_dir *dir = xcalloc(1, sizeof(*dir));

	dir->path = xstrdup(path);
	dir->up = up;
	find_root(dir);
	json_object_set_new_nocheck(d->index, path, json_integer((json_int_t)d->n));
	d->v = xrealloc(d->v, (d->n + 1) * sizeof(void *));
	d->v[d->n++] = dir;
	*out = dir;
	return find_list(dir, err);
}

/* From "/" downward, so that no depth of path is too much. */
int testy_dirs_get(struct testy_dirs *d, const char *path, struct testy_dir **dir, struct err *err)
{
	struct testy_dir *up = NULL;
	size_t n = strlen(path);
	int r = 0;

	*dir = find_known(d, path);
	if (*dir)
		return 0;
	for (size_t i = 1; i <= n && r == 0; i++) {
		_cleanup_free_ char *part = NULL;

		if (i > 1 && i < n && path[i] != '/')
			continue;
		part = xstrndup(path, i);
		*dir = find_known(d, part);
		if (!*dir)
			r = add(d, part, up, dir, err);
		up = *dir;
	}
	return r;
}

/* ---- what is below a directory */

struct walk {
	struct testy_dirs *dirs;
	size_t names;
};

static bool is_dir(int dirfd, const struct dirent *de)
{
	struct stat st;

	if (de->d_type != DT_UNKNOWN)
		return de->d_type == DT_DIR;
	return fstatat(dirfd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static int walk_dir(struct walk *w, int parent, const char *name, const char *path, int depth,
		    struct err *err);

static int walk_entry(struct walk *w, int dirfd, const struct dirent *de, const char *path,
		      int depth, struct err *err)
{
	_cleanup_free_ char *sub = NULL;
	struct testy_dir *dir;

	if (++w->names > WALK_NAMES_MAX)
		return err_set(err, E2BIG, "more than %d names below it", WALK_NAMES_MAX);
	if (!strcmp(de->d_name, TESTY_LIST_NAME))
		return testy_dirs_get(w->dirs, path, &dir, err);
	if (!strcmp(de->d_name, ".") || !strcmp(de->d_name, "..") || !strcmp(de->d_name, ".git") ||
	    !is_dir(dirfd, de))
		return 0;
	if (depth == WALK_DEPTH_MAX)
		return err_set(err, ELOOP, "%s: more than %d directories deep", path, depth);
	sub = below(path, de->d_name);
	return walk_dir(w, dirfd, de->d_name, sub, depth + 1, err);
}

static int walk_dir(struct walk *w, int parent, const char *name, const char *path, int depth,
		    struct err *err)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r = 0;
	struct dirent *de;
	DIR *dir;

	/* It may go while we look, and be closed to us. */
	if (fd < 0)
		return errno == EMFILE ? err_errno(err, "%s", path) : 0;
	dir = fdopendir(fd);
	while (r == 0 && (de = readdir(dir)))
		r = walk_entry(w, fd, de, path, depth, err);
	closedir(dir);
	return r;
}

int testy_dirs_walk(struct testy_dirs *d, const char *path, struct err *err)
{
	struct walk w = {.dirs = d};

	return walk_dir(&w, AT_FDCWD, path, path, 0, err);
}
