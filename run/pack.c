// SPDX-License-Identifier: GPL-2.0-only
#include "run/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cache.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/walk.h"
#include "run/same.h"

#define CACHE_MAX   (2ULL << 30)
#define LIST_MAX    (16 << 20) /* bytes of names */
#define GIT_MS	    60000
#define MKFS_MS	    300000
#define BLOCK	    4096
#define SPARE_BYTES (2ULL << 20)
#define IMAGE	    "image" /* in its entry */

/* The image's content: found for its key, and used to make it. */
struct packing {
	const struct view *view;
	const char *skip;
	bool whole;	      /* however much it is */
	struct strv from, to; /* a host path and where it is to lie, without the first '/' */
	uint64_t bytes;
	struct hash *hash;
};

static bool is_skipped(const struct packing *p, const char *path)
{
	return p->skip && path_below(path, p->skip);
}

/* What guests of an earlier run wrote there, or of one that goes on, is no part of the tests. */
static bool is_output(const char *dir)
{
	_cleanup_free_ char *journal = xasprintf("%s/journal.jsonl", dir);
	_cleanup_free_ char *lock = xasprintf("%s/.lock", dir);

	return path_exists(journal) && path_exists(lock);
}

/* ---- the list */

static uint64_t in_blocks(const struct stat *st)
{
	return (uint64_t)(st->st_size + BLOCK - 1) / BLOCK * BLOCK;
}

static int too_much(const struct packing *p, const char *dir, struct err *err)
{
	if (p->whole || (p->from.n <= PACK_FILES_MAX && p->bytes <= PACK_BYTES_MAX))
		return 0;
	return err_set(err, EFBIG, "%s holds more than %d files or %llu MiB", dir, PACK_FILES_MAX,
		       PACK_BYTES_MAX >> 20);
}

/* Devices, sockets and the like are nothing to read. dir is what holds too much, if this is it. */
static int add_file(struct packing *p, const char *from, const char *to, const struct stat *st,
		    const char *dir, struct err *err)
{
	if (!(S_ISREG(st->st_mode) || S_ISLNK(st->st_mode)) || is_skipped(p, from))
		return 0;
	strv_add(&p->from, from);
	strv_add(&p->to, to + (*to == '/'));
	p->bytes += in_blocks(st);
	hash_str(p->hash, to);
	hash_state(p->hash, AT_FDCWD, from, st);
	return too_much(p, dir, err);
}

struct dir_walk {
	struct packing *p;
	const char *from, *to;
};

/* What a repository keeps of itself is none of it: a directory, or a file that names one. */
static int add_found(void *arg, int dirfd, const char *path, const struct stat *st, struct err *err)
{
	const struct dir_walk *w = arg;
	_cleanup_free_ char *from = xasprintf("%s/%s", w->from, path);
	_cleanup_free_ char *to = xasprintf("%s/%s", w->to, path);

	(void)dirfd;
	if (str_eq(path_base(path), ".git"))
		return WALK_SKIP;
	if (S_ISDIR(st->st_mode))
		return is_skipped(w->p, from) || is_output(from) ? WALK_SKIP : 0;
	return add_file(w->p, from, to, st, w->from, err);
}

static int add_all(struct packing *p, const char *from, const char *to, struct err *err)
{
	struct dir_walk w = {p, from, to};

	if (is_skipped(p, from) || is_output(from))
		return 0;
	return walk_tree(from, false, add_found, &w, err);
}

/* The names that git has below dir, each ended by NUL. */
static int git_list(const char *dir, struct strbuf *out, struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};
	struct proc_spec spec = PROC_SPEC(&argv);
	struct proc_result res = {0};
	int r;

	/* Of a partial clone git fetches what is missing, by a program that its config names. */
	strv_addv(&argv, "env", "GIT_ALLOW_PROTOCOL=none", "GIT_NO_LAZY_FETCH=1", "git", "-c",
		  "core.fsmonitor=false", "-C", dir, "ls-files", "-z", "--cached", "--others",
		  "--exclude-standard", NULL);
	r = proc_capture(&spec, GIT_MS, LIST_MAX, &res, err);
	if (r == 0 && (res.timed_out || res.flooded || res.status))
		r = err_set(err, EIO, "git cannot list %s", dir);
	if (r == 0)
		strbuf_add(out, res.out.s, res.out.len);
	proc_result_done(&res);
	return r;
}

/* git prints an index as it stands, and that may be anything. */
static bool is_below(const char *name)
{
	size_t len;

	for (const char *s = name; *s; s += len + (s[len] == '/')) {
		len = strcspn(s, "/");
		if (!len || (len == 1 && *s == '.') || (len == 2 && !memcmp(s, "..", 2)))
			return false;
	}
	return *name;
}

/* Whether a directory that the name lies in holds output. seen: the last one that does not. */
static bool below_output(const char *dir, const char *name, char **seen)
{
	for (const char *s = name; (s = strchr(s, '/')); s++) {
		_cleanup_free_ char *above = xasprintf("%s/%.*s", dir, (int)(s - name), name);

		if (*seen && path_below(*seen, above))
			continue;
		if (is_output(above))
			return true;
		str_set(seen, above);
	}
	return false;
}

/*
 * A directory that is listed is a repository in this one: a submodule, or not known ('/' follows).
 * git is not asked again in it: who wrote it could have commands run. All of it is taken.
 */
static int add_entry(struct packing *p, const char *dir, const char *name, const char *to,
		     char **seen, struct err *err)
{
	int n = (int)strlen(name) - str_ends(name, "/");
	_cleanup_free_ char *from = xasprintf("%s/%.*s", dir, n, name);
	_cleanup_free_ char *target = xasprintf("%s/%.*s", to, n, name);
	struct stat st;

	if (!is_below(name))
		return err_set(err, EINVAL, "git lists '%.200s' in %s, which does not lie there",
			       name, dir);
	/* A file that has gone since git listed it is left out. */
	if (below_output(dir, name, seen) || lstat(from, &st) < 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return add_all(p, from, target, err);
	return add_file(p, from, target, &st, dir, err);
}

static int add_listed(struct packing *p, const char *dir, const char *to, struct err *err)
{
	_cleanup_strbuf_ struct strbuf names = {0};
	_cleanup_free_ char *seen = NULL;
	int r = git_list(dir, &names, err);

	for (size_t at = 0; r == 0 && at < names.len; at += strlen(names.s + at) + 1)
		r = add_entry(p, dir, names.s + at, to, &seen, err);
	return r;
}

static int add_dir(struct packing *p, const char *dir, const char *to, struct err *err)
{
	_cleanup_free_ char *git = xasprintf("%s/.git", dir);

	return path_exists(git) ? add_listed(p, dir, to, err) : add_all(p, dir, to, err);
}

static int list(struct packing *p, struct err *err)
{
	const struct view *v = p->view;
	struct stat st;
	int r = 0;

	for (size_t i = 0; i < v->n && r == 0; i++) {
		const struct view_entry *e = &v->entries[i];

		hash_str(p->hash, e->path);
		hash_add(p->hash, &e->kind, sizeof(e->kind));
		hash_str(p->hash, e->kind == VIEW_SYMLINK ? e->source : "");
		if (e->kind == VIEW_BIND && path_is_dir(e->source))
			r = add_dir(p, e->source, e->path, err);
		else if (e->kind == VIEW_BIND && lstat(e->source, &st) == 0)
			r = add_file(p, e->source, e->path, &st, e->source, err);
	}
	return r;
}

/* ---- the image */

static int copy_one(const char *from, const char *to, struct err *err)
{
	_cleanup_free_ char *parent = xstrndup(to, (size_t)(path_base(to) - to));
	char link[PATH_MAX];
	ssize_t n;
	int r = mkdir_p(parent, 0755, err);

	if (r < 0)
		return r;
	n = readlink(from, link, sizeof(link) - 1);
	if (n < 0)
		return file_copy(from, to, err);
	link[n] = '\0';
	return symlink(link, to) < 0 ? err_errno(err, "%s", to) : 0;
}

static int copy_all(const struct packing *p, const char *dir, struct err *err)
{
	const struct view *v = p->view;
	int r = 0;

	for (size_t i = 0; i < v->n && r == 0; i++) {
		const struct view_entry *e = &v->entries[i];
		_cleanup_free_ char *to = xasprintf("%s%s", dir, e->path);
		_cleanup_free_ char *parent = xstrndup(to, (size_t)(path_base(to) - to));
		bool is_dir =
			e->kind == VIEW_DIR || (e->kind == VIEW_BIND && path_is_dir(e->source));

		r = mkdir_p(is_dir ? to : parent, 0755, err);
		if (r == 0 && e->kind == VIEW_SYMLINK && symlink(e->source, to) < 0)
			r = err_errno(err, "%s", to);
	}
	for (size_t i = 0; i < p->from.n && r == 0; i++) {
		_cleanup_free_ char *to = xasprintf("%s/%s", dir, p->to.v[i]);

		r = copy_one(p->from.v[i], to, err);
	}
	return r;
}

/* Of features only those that every kernel with ext4 reads. */
static int make_image(const char *dir, uint64_t bytes, size_t files, const char *path,
		      struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};

	strv_addv(&argv, "mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-O",
		  "none,extent,filetype,dir_index,sparse_super,large_file", "-m", "0", "-E",
		  "root_owner=0:0", "-N", NULL);
	strv_addf(&argv, "%zu", 2 * files + 64);
	strv_addv(&argv, "-d", dir, path, NULL);
	strv_addf(&argv, "%" PRIu64 "k",
		  (uint64_t)(bytes + bytes / 8 + SPARE_BYTES + (uint64_t)files * 1024) >> 10);
	return proc_run(&argv, MKFS_MS, NULL, err);
}

static void forget(struct packing *p)
{
	strv_done(&p->from);
	strv_done(&p->to);
	p->bytes = 0;
}

static int key_tree(void *arg, struct hash *h, struct err *err)
{
	struct packing *p = arg;

	forget(p);
	p->hash = h;
	hash_str(h, p->whole ? "directory" : "image");
	return list(p, err);
}

static int make_tree(void *arg, const char *entry, const char *to, struct err *err)
{
	const struct packing *p = arg;
	_cleanup_free_ char *work = xasprintf("%s/work", entry);
	_cleanup_free_ char *image = xasprintf("%s/" IMAGE, entry);
	int r = mkdir_p(work, 0755, err); /* becomes the guest's */

	(void)to;
	if (r == 0)
		r = copy_all(p, work, err);
	if (r == 0)
		r = make_image(work, p->bytes, p->from.n, image, err);
	return r < 0 ? r : rm_rf(work, err);
}

static int make_copy(void *arg, const char *entry, const char *to, struct err *err)
{
	(void)to;
	return copy_all(arg, entry, err);
}

static int get(struct cache_item *item, const char *dir, char **entry, struct err *err)
{
	item->dir = dir;
	item->limits = (struct cache_limits){.bytes = CACHE_MAX, .in_use_s = CACHE_IN_USE_S};
	return cache_get(item, entry, err);
}

static int get_image(struct cache_item *item, const char *dir, char **path, struct err *err)
{
	_cleanup_free_ char *entry = NULL;
	int r = get(item, dir, &entry, err);

	*path = r < 0 ? NULL : xasprintf("%s/" IMAGE, entry);
	return r;
}

int pack_view(const struct view *v, const char *skip, const char *dir, char **path, struct err *err)
{
	struct packing p = {.view = v, .skip = skip};
	struct cache_item item = {.key = key_tree, .make = make_tree, .arg = &p};
	int r = get_image(&item, dir, path, err);

	forget(&p);
	return r;
}

int pack_copy(const struct view *v, const char *skip, const char *dir, char **path, struct err *err)
{
	struct packing p = {.view = v, .skip = skip, .whole = true};
	struct cache_item item = {.key = key_tree, .make = make_copy, .arg = &p};
	int r = get(&item, dir, path, err);

	forget(&p);
	return r;
}

/* ---- modules */

struct modules {
	const char *dir;
	uint64_t bytes;
	size_t files;
	struct hash *hash, *same;
};

static int add_module(void *arg, int dirfd, const char *path, const struct stat *st,
		      struct err *err)
{
	struct modules *m = arg;

	(void)err;
	hash_str(m->hash, path);
	hash_state(m->hash, dirfd, path_base(path), st);
	same_add_module(m->same, path, st);
	m->bytes += in_blocks(st);
	m->files++;
	return 0;
}

static int key_modules(void *arg, struct hash *h, struct err *err)
{
	struct modules *m = arg;

	m->hash = h;
	m->bytes = m->files = 0;
	hash_init(m->same);
	hash_str(h, m->dir);
	return walk_tree(m->dir, false, add_module, m, err);
}

static int make_modules(void *arg, const char *entry, const char *to, struct err *err)
{
	const struct modules *m = arg;
	_cleanup_free_ char *image = xasprintf("%s/" IMAGE, entry);

	(void)to;
	return make_image(m->dir, m->bytes, m->files, image, err);
}

int pack_modules(const struct kernel *k, const char *dir, char **path, struct hash *same,
		 struct err *err)
{
	struct modules m = {.dir = k->modules, .same = same};
	struct cache_item item = {.key = key_modules, .make = make_modules, .arg = &m};

	*path = NULL;
	return k->modules ? get_image(&item, dir, path, err) : 0;
}
