// SPDX-License-Identifier: GPL-2.0-only
#include "result/guestdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

/*
 * Where QEMU keeps owners and modes, links and devices of the files beside, on file systems without
 * user.* attributes: a directory of this name in each, and a file of the other for the top
 * (hw/9pfs/9p-local.c).
 */
#define METADATA      GUESTDIR_METADATA
#define METADATA_ROOT METADATA "_root"

#define NAMES_TRIED 1000

/* ---- names in a directory */

/* Read before any is moved. */
static int list_names(int fd, struct strv *names)
{
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;
	DIR *dir = again < 0 ? NULL : fdopendir(again);
	const struct dirent *de;

	if (!dir) {
		r = -errno;
		if (again >= 0)
			close(again);
		return r;
	}
	while (errno = 0, (de = readdir(dir)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			strv_add(names, de->d_name);
	r = -errno;
	closedir(dir);
	return r;
}

static bool is_metadata(const struct outdir *o, const char *name)
{
	return !o->xattr && (!strcmp(name, METADATA) || !strcmp(name, METADATA_ROOT));
}

static bool is_free(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

/* name itself unless it is taken or ours, else NAME.SUFFIX, NAME.SUFFIX.2, ..., of a name that
 * would be too long its beginning. */
static int free_name(int dir, const char *name, bool ours, const char *suffix,
		     char as[NAME_MAX + 1])
{
	char end[64] = "";

	for (int n = ours ? 1 : 0; n < NAMES_TRIED; n++) {
		if (n)
			snprintf(end, sizeof(end), n > 1 ? ".%.40s.%d" : ".%.40s", suffix, n);
		snprintf(as, NAME_MAX + 1, "%.*s%s", NAME_MAX - (int)strlen(end), name, end);
		if (is_free(dir, as))
			return 0;
	}
	return -EEXIST;
}

/* ---- moving */

static int move_metadata(int from, const char *name, int to, const char *as)
{
	_cleanup_close_ int source = open_beneath(from, METADATA, O_RDONLY | O_DIRECTORY, 0);
	_cleanup_close_ int target = -1;

	if (source < 0 || is_free(source, name))
		return 0;
	if (mkdirat(to, METADATA, 0700) < 0 && errno != EEXIST)
		return -errno;
	target = open_beneath(to, METADATA, O_RDONLY | O_DIRECTORY, 0);
	if (target < 0)
		return target;
	return renameat(source, name, target, as) < 0 ? -errno : 0;
}

/* A file that takes the name in the meantime is the user's, where the file system can tell. */
static int rename_new(int from, const char *name, int to, const char *as)
{
	if (syscall(SYS_renameat2, from, name, to, as, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	return renameat(from, name, to, as) < 0 ? -errno : 0;
}

static int move_entry(const struct outdir *o, int from, const char *name, int to, const char *as)
{
	int r = rename_new(from, name, to, as);

	if (r < 0)
		return r;
	return o->xattr ? 0 : move_metadata(from, name, to, as);
}

/* A file that the guest has removed meanwhile, or that cannot be had, does not keep the others. */
static void keep_first(int *first, int r)
{
	if (r < 0 && r != -ENOENT && *first == 0)
		*first = r;
}

static int move_to_subtest(const struct guestdir *g, int from, int to, struct err *err)
{
	_cleanup_strv_ struct strv names = {0};
	char as[NAME_MAX + 1];
	int first = list_names(from, &names);

	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.v[i];
		int r = 0;

		if (is_metadata(g->o, name))
			continue;
		r = free_name(to, name, outdir_is_subtests(name), "test", as);
		if (r == 0)
			r = move_entry(g->o, from, name, to, as);
		keep_first(&first, r);
	}
	return first < 0 ? err_set(err, first, "what the test left in %s/out cannot be moved: %s",
				   g->path, strerror(-first))
			 : 0;
}

static int open_out(const struct guestdir *g)
{
	return open_beneath(g->fd, "out", O_RDONLY | O_DIRECTORY, 0);
}

static int open_subtest(const struct guestdir *g, const char *subtest)
{
	_cleanup_close_ int out = open_out(g);

	return out < 0 ? out : open_beneath(out, subtest, O_RDONLY | O_DIRECTORY, 0);
}

int guestdir_take_subtest(const struct guestdir *g, const char *subtest, struct err *err)
{
	_cleanup_close_ int from = open_subtest(g, subtest), to = -1;

	/* The guest has removed it. */
	if (from < 0)
		return 0;
	to = outdir_subtest_dir(g->o, subtest, err);
	return to < 0 ? to : move_to_subtest(g, from, to, err);
}

int guestdir_take(const struct guestdir *g, const char *dir, struct err *err)
{
	if (renameat(g->fd, dir, g->o->dir_fd, dir) == 0)
		return 0;
	return err_errno(err, "%s/%s", g->path, dir);
}

/* ---- making it */

char *guestdir_path(const struct outdir *o, const char *name)
{
	return xasprintf("%s/" OUTDIR_GUESTS "/%s", o->path, name);
}

static int open_guests(const struct outdir *o)
{
	if (mkdirat(o->dir_fd, OUTDIR_GUESTS, 0755) < 0 && errno != EEXIST)
		return -errno;
	return open_beneath(o->dir_fd, OUTDIR_GUESTS, O_RDONLY | O_DIRECTORY, 0);
}

static void init(const struct outdir *o, const char *name, struct guestdir *g)
{
	*g = (struct guestdir){.o = o, .fd = -1};
	g->name = xstrdup(name);
	g->path = guestdir_path(o, name);
}

int guestdir_make(const struct outdir *o, const char *name, struct guestdir *g, struct err *err)
{
	_cleanup_close_ int guests = -1;

	init(o, name, g);
	/* QEMU goes by the path. */
	if (outdir_check(o, err) < 0)
		return err->code;
	guests = open_guests(o);
	if (guests < 0)
		return err_set(err, guests, "%s: %s", g->path, strerror(-guests));
	if (mkdirat(guests, name, 0755) < 0)
		return err_errno(err, "%s", g->path);
	g->fd = open_beneath(guests, name, O_RDONLY | O_DIRECTORY, 0);
	if (g->fd < 0)
		return err_set(err, g->fd, "%s: %s", g->path, strerror(-g->fd));
	return guestdir_add(g, "out", err);
}

static void drop_metadata(int at, const char *name)
{
	_cleanup_close_ int dir = open_beneath(at, METADATA, O_RDONLY | O_DIRECTORY, 0);

	if (dir >= 0)
		unlinkat(dir, name, 0);
}

/* A file in its way is one that the guest may take for a link: by its metadata, which go with it.
 */
static int make_dir(const struct outdir *o, int at, const char *name)
{
	struct stat st;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode)) {
		unlinkat(at, name, 0);
		if (!o->xattr)
			drop_metadata(at, name);
	}
	return mkdirat(at, name, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

int guestdir_add(const struct guestdir *g, const char *dir, struct err *err)
{
	int r = make_dir(g->o, g->fd, dir);

	return r < 0 ? err_set(err, r, "%s/%s: %s", g->path, dir, strerror(-r)) : 0;
}

int guestdir_add_subtest(const struct guestdir *g, const char *subtest, struct err *err)
{
	_cleanup_close_ int out = -1;
	int r = guestdir_add(g, "out", err);

	if (r < 0)
		return r;
	out = open_out(g);
	r = out < 0 ? out : make_dir(g->o, out, subtest);
	return r < 0 ? err_set(err, r, "%s/out/%s: %s", g->path, subtest, strerror(-r)) : 0;
}

/* ---- its end */

/* Remove a directory that holds nothing of the guest's. */
static void drop_empty(const struct outdir *o, int at, const char *name)
{
	_cleanup_close_ int fd = open_beneath(at, name, O_RDONLY | O_DIRECTORY, 0);
	_cleanup_strv_ struct strv names = {0};
	bool empty = fd >= 0 && list_names(fd, &names) == 0;

	for (size_t i = 0; i < names.n; i++)
		empty &= is_metadata(o, names.v[i]);
	if (empty)
		rm_rf_at(at, name);
}

static void drop_subtests(const struct guestdir *g)
{
	_cleanup_close_ int out = open_out(g);
	_cleanup_strv_ struct strv names = {0};

	if (out >= 0)
		list_names(out, &names);
	for (size_t i = 0; i < names.n; i++)
		if (!is_metadata(g->o, names.v[i]))
			drop_empty(g->o, out, names.v[i]);
	drop_empty(g->o, g->fd, "out");
}

static ino_t ino_of(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : st.st_ino;
}

static int move_up(const struct guestdir *g, const char *name)
{
	const struct outdir *o = g->o;
	char as[NAME_MAX + 1];
	int r = free_name(o->dir_fd, name, outdir_is_ours(name), g->name, as);

	if (r == 0)
		r = outdir_note_left(o, as, ino_of(g->fd, name));
	if (r == 0)
		r = move_entry(o, g->fd, name, o->dir_fd, as);
	if (r == 0 && !o->xattr)
		r = outdir_note_left(o, METADATA, ino_of(o->dir_fd, METADATA));
	if (r == 0 && strcmp(as, name) != 0)
		log_note("%s/%s is what %s left as %s", o->path, as, g->name, name);
	return r;
}

static void remove_tree(const struct guestdir *g)
{
	_cleanup_close_ int guests = open_guests(g->o);
	int r = guests < 0 ? guests : rm_rf_at(guests, g->name);

	if (r < 0 && r != -ENOENT)
		log_warn("cannot remove %s: %s", g->path, strerror(-r));
	unlinkat(g->o->dir_fd, OUTDIR_GUESTS, AT_REMOVEDIR);
}

static void move_rest(const struct guestdir *g)
{
	_cleanup_strv_ struct strv names = {0};
	int first;

	drop_subtests(g);
	first = list_names(g->fd, &names);
	for (size_t i = 0; i < names.n; i++)
		if (!is_metadata(g->o, names.v[i]))
			keep_first(&first, move_up(g, names.v[i]));
	if (first == 0)
		remove_tree(g);
	else
		log_warn("what %s left stays in %s: %s", g->name, g->path, strerror(-first));
}

void guestdir_end(struct guestdir *g)
{
	if (g->o && g->fd >= 0) {
		move_rest(g);
		close(g->fd);
	}
	free(g->name);
	free(g->path);
	*g = (struct guestdir){.fd = -1};
}

/* The subtests that had begun and had no end. */
static void take_subtests(const struct guestdir *g)
{
	_cleanup_close_ int out = open_out(g);
	_cleanup_strv_ struct strv names = {0};
	struct err err = {0};

	if (out >= 0)
		list_names(out, &names);
	for (size_t i = 0; i < names.n; i++)
		if (outdir_subtest_is_open(g->o, names.v[i]) &&
		    guestdir_take_subtest(g, names.v[i], &err) < 0)
			log_warn("%s", err.msg);
}

void guestdir_end_all(const struct outdir *o)
{
	_cleanup_close_ int guests =
		open_beneath(o->dir_fd, OUTDIR_GUESTS, O_RDONLY | O_DIRECTORY, 0);
	_cleanup_strv_ struct strv names = {0};

	if (guests < 0)
		return;
	list_names(guests, &names);
	for (size_t i = 0; i < names.n; i++) {
		struct guestdir g;

		init(o, names.v[i], &g);
		g.fd = open_beneath(guests, names.v[i], O_RDONLY | O_DIRECTORY, 0);
		if (g.fd >= 0)
			take_subtests(&g);
		guestdir_end(&g);
	}
}
