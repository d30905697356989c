// SPDX-License-Identifier: GPL-2.0-only
#include "image/hostroot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "image/etccache.h"
#include "image/secrets.h"

#define SCAN_MAX  30000 /* entries looked at in /opt and in /usr/local */
#define MASKS_MAX 256	/* for one directory in there */
#define DEPTH_MAX 32

struct scan {
	unsigned int seen;
	struct strv dirs, files; /* to hide, as paths of the view */
};

static void scan_dir(struct scan *s, int fd, const char *path, int depth);

/*
 * What QEMU may read and others may not is hidden: QEMU runs as the user who started us, whose
 * files, or root's, these are.
 */
static void scan_entry(struct scan *s, int dirfd, const char *path, int depth)
{
	const char *name = path_base(path);
	struct stat st;
	int fd;

	s->seen++;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
		return;
	if (S_ISREG(st.st_mode) && (!(st.st_mode & S_IROTH) || secret_name(name)))
		strv_add(&s->files, path);
	if (!S_ISDIR(st.st_mode))
		return;
	if ((st.st_mode & 0005) != 0005 || secret_name(name) || depth >= DEPTH_MAX) {
		strv_add(&s->dirs, path);
		return;
	}
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		scan_dir(s, fd, path, depth + 1);
}

/* Closes fd. */
static void scan_dir(struct scan *s, int fd, const char *path, int depth)
{
	DIR *dir = fdopendir(fd);
	struct dirent *e;

	if (!dir) {
		close(fd);
		return;
	}
	while (s->seen <= SCAN_MAX && (e = readdir(dir))) {
		_cleanup_free_ char *child = NULL;

		if (str_eq(e->d_name, ".") || str_eq(e->d_name, ".."))
			continue;
		child = xasprintf("%s/%s", path, e->d_name);
		scan_entry(s, dirfd(dir), child, depth);
	}
	closedir(dir);
}

/* empty is a file with nothing in it: the stand-in for a hidden one. */
static void hide(struct view *v, const struct scan *s, const char *empty)
{
	for (size_t i = 0; i < s->dirs.n; i++)
		view_add(v, VIEW_EMPTY, s->dirs.v[i], NULL);
	for (size_t i = 0; i < s->files.n; i++)
		view_add(v, VIEW_BIND, s->files.v[i], empty);
}

static bool is_dir_at(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* An entry of /opt or /usr/local. What is too much to look through, or to hide piece by piece, is
 * hidden whole. */
static void hide_in(struct scan *s, int dirfd, const char *path, const char *empty, struct view *v)
{
	strv_done(&s->dirs);
	strv_done(&s->files);
	scan_entry(s, dirfd, path, 0);
	if ((s->seen > SCAN_MAX || s->dirs.n + s->files.n > MASKS_MAX) &&
	    is_dir_at(dirfd, path_base(path))) {
		log_note("%s is too large to be searched for secrets: the guest does not see it",
			 path);
		view_add(v, VIEW_EMPTY, path, NULL);
		return;
	}
	hide(v, s, empty);
}

static bool is_hidden(const struct view *v, const char *path)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->entries[i].kind == VIEW_EMPTY && str_eq(v->entries[i].path, path))
			return true;
	return false;
}

/*
 * The software that no package manager vouches for: its authors keep settings beside it. The rest
 * of /usr, a few hundred thousand packaged files, is taken as public.
 */
static void hide_below(const char *root, const char *path, const char *empty, struct view *v)
{
	_cleanup_free_ char *real = xasprintf("%s%s", root, path);
	struct scan s = {0};
	DIR *dir = opendir(real);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		_cleanup_free_ char *child = xasprintf("%s/%s", path, e->d_name);

		if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, "..") && !is_hidden(v, child))
			hide_in(&s, dirfd(dir), child, empty, v);
	}
	if (dir)
		closedir(dir);
	strv_done(&s.dirs);
	strv_done(&s.files);
}

static void hide_known(const char *root, const char *empty, struct view *v)
{
	for (const char *const *p = secret_globs; *p; p++) {
		_cleanup_free_ char *pattern = xasprintf("%s/%s", root, *p);
		struct stat st = {0};
		glob_t g;

		if (glob(pattern, 0, NULL, &g))
			continue;
		for (size_t i = 0; i < g.gl_pathc; i++) {
			const char *path = g.gl_pathv[i] + strlen(root);

			if (lstat(g.gl_pathv[i], &st) == 0 && S_ISDIR(st.st_mode))
				view_add(v, VIEW_EMPTY, path, NULL);
			else if (S_ISREG(st.st_mode))
				view_add(v, VIEW_BIND, path, empty);
		}
		globfree(&g);
	}
}

/* A link stays one (merged /usr), a directory is shown. */
static void add_top(const char *root, const char *path, struct view *v)
{
	_cleanup_free_ char *real = xasprintf("%s%s", root, path);
	char target[PATH_MAX];
	ssize_t n = readlink(real, target, sizeof(target) - 1);

	if (n > 0) {
		target[n] = '\0';
		view_add(v, VIEW_SYMLINK, path, target);
	} else if (path_is_dir(real)) {
		view_add(v, VIEW_BIND, path, real);
	}
}

static void add_empty_dirs(struct view *v)
{
	static const char *const dirs[] = {
		"/dev",	    "/home",	 "/host",      "/media",     "/mnt",	 "/proc",
		"/root",    "/run",	 "/run/lock",  "/run/sshd",  "/srv",	 "/sys",
		"/tmp",	    "/var",	 "/var/cache", "/var/empty", "/var/lib", "/var/local",
		"/var/log", "/var/mail", "/var/opt",   "/var/spool", "/var/tmp",
	};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		view_add(v, VIEW_DIR, dirs[i], NULL);
	view_add(v, VIEW_SYMLINK, "/var/run", "/run");
	view_add(v, VIEW_SYMLINK, "/var/lock", "/run/lock");
}

int hostroot_view_from(const char *root, const char *cache_dir, struct view *v, struct err *err)
{
	static const char *const top[] = {"/usr", "/opt",   "/bin",   "/sbin",
					  "/lib", "/lib32", "/lib64", "/libx32"};
	_cleanup_free_ char *etc = NULL, *empty = NULL;
	int r = etc_cached(root, cache_dir, &etc, err);

	if (r < 0)
		return r;
	empty = xasprintf("%s/fstab", etc);
	for (size_t i = 0; i < ARRAY_SIZE(top); i++)
		add_top(root, top[i], v);
	hide_known(root, empty, v);
	hide_below(root, "/opt", empty, v);
	hide_below(root, "/usr/local", empty, v);
	view_add(v, VIEW_BIND, "/etc", etc);
	add_empty_dirs(v);
	return 0;
}

/* Found once a process: test files that are asked for their needs get it, and every guest. */
int hostroot_view(const char *cache_dir, struct view *v, struct err *err)
{
	static struct view known;
	static char *known_dir;
	int r;

	if (!str_eq(known_dir, cache_dir)) {
		view_done(&known);
		str_set(&known_dir, NULL);
		r = hostroot_view_from("", cache_dir, &known, err);
		if (r < 0)
			return r;
		str_set(&known_dir, cache_dir);
	}
	for (size_t i = 0; i < known.n; i++)
		view_add(v, known.entries[i].kind, known.entries[i].path, known.entries[i].source);
	return 0;
}
