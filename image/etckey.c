// SPDX-License-Identifier: GPL-2.0-only
#include "image/etckey.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/str.h"
#include "image/etc.h"
#include "image/secrets.h"

/* To be raised with every change to what the copy holds: the tables of secrets too. */
#define FORMAT "etc 1"

#define NS_S	 1000000000LL
#define TICK_NS	 (20 * NS_S / 1000) /* two of the slowest tick, which file times are made of */
#define FUTURE_S 60

struct walk {
	struct hash hash;
	int64_t start_ns;
	bool racy;
};

static int64_t time_ns(const struct timespec *t)
{
	return t->tv_sec * NS_S + t->tv_nsec;
}

/*
 * A file that changed within the current tick can change again without showing it. A clock that
 * was set back must not make every file such a one.
 */
static bool is_racy(const struct walk *w, int64_t changed_ns)
{
	return changed_ns > w->start_ns - TICK_NS && changed_ns < w->start_ns + FUTURE_S * NS_S;
}

/* Of a directory just who may enter: its entries speak for themselves, and its times change with
 * files that are left out, resolv.conf for one. */
static void add_stat(struct walk *w, const struct stat *st)
{
	int64_t what[6] = {st->st_mode, st->st_uid, st->st_gid};

	if (!S_ISDIR(st->st_mode)) {
		what[3] = st->st_size;
		what[4] = time_ns(&st->st_mtim);
		what[5] = time_ns(&st->st_ctim);
		w->racy |= is_racy(w, what[5]);
	}
	hash_add(&w->hash, what, sizeof(what));
}

static void add_link(struct walk *w, int dirfd, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dirfd, name, target, sizeof(target));

	if (n > 0)
		hash_add(&w->hash, target, (size_t)n);
	hash_str(&w->hash, "");
}

static void walk_dir(struct walk *w, int fd, const char *rel, int depth);

static void walk_entry(struct walk *w, int dirfd, const char *rel, int depth)
{
	const char *name = path_base(rel);
	struct stat st;
	int fd;

	if (secret_in_etc(rel) ||
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
		return;
	hash_str(&w->hash, rel);
	add_stat(w, &st);
	if (S_ISLNK(st.st_mode))
		add_link(w, dirfd, name);
	if (!S_ISDIR(st.st_mode) || depth >= ETC_DEPTH_MAX)
		return;
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		walk_dir(w, fd, rel, depth + 1);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In one order: file systems need not have any. Closes fd. */
static void walk_dir(struct walk *w, int fd, const char *rel, int depth)
{
	_cleanup_strv_ struct strv paths = {0};
	DIR *dir = fdopendir(fd);
	struct dirent *e;

	if (!dir) {
		close(fd);
		return;
	}
	while ((e = readdir(dir)))
		if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, ".."))
			strv_addf(&paths, "%s%s%s", rel, *rel ? "/" : "", e->d_name);
	if (paths.n)
		qsort(paths.v, paths.n, sizeof(*paths.v), compare);
	for (size_t i = 0; i < paths.n; i++)
		walk_entry(w, dirfd(dir), paths.v[i], depth);
	closedir(dir);
}

/* What the accounts are made from. */
static void add_accounts(struct walk *w, const char *root)
{
	static const char *const names[] = {"etc/passwd", "etc/group"};
	_cleanup_free_ char *bash = xasprintf("%s/usr/bin/bash", root);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", root, names[i]);
		struct stat st = {0};

		if (stat(path, &st) < 0)
			st = (struct stat){0};
		add_stat(w, &st);
	}
	hash_str(&w->hash, path_exists(bash) ? "bash" : "");
}

/* Nothing is synced to disk when a copy is made: after a crash of this host its files may be empty,
 * hence none is used past the boot that made it. */
static void add_boot(struct walk *w)
{
	_cleanup_free_ char *id = NULL;
	size_t len;

	if (file_read("/proc/sys/kernel/random/boot_id", NAME_MAX, &id, &len, NULL) == 0)
		hash_str(&w->hash, id);
}

char *etc_key(const char *root)
{
	_cleanup_free_ char *path = xasprintf("%s/etc", root);
	int64_t uid = geteuid();
	struct walk w = {0};
	struct timespec now;
	int fd;

	clock_gettime(CLOCK_REALTIME, &now);
	w.start_ns = time_ns(&now);
	hash_init(&w.hash);
	hash_str(&w.hash, FORMAT);
	hash_str(&w.hash, root);
	hash_add(&w.hash, &uid, sizeof(uid));
	add_boot(&w);
	add_accounts(&w, root);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		walk_dir(&w, fd, "", 0);
	if (w.racy)
		hash_add(&w.hash, &w.start_ns, sizeof(w.start_ns));
	return hash_hex(&w.hash);
}
