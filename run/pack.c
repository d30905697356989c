// SPDX-License-Identifier: GPL-2.0-only
#include "run/pack.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cache.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/proc.h"

#define CACHE_MAX   (2ULL << 30)
#define LIST_MAX    (16 << 20) /* bytes of names */
#define GIT_MS	    60000
#define MKFS_MS	    300000
#define DEPTH_MAX   64
#define BLOCK	    4096
#define SPARE_BYTES (2ULL << 20)
#define LEFT_OVER_S 3600

/* What goes into the image. */
struct packing {
	struct strv from, to; /* a host path and where it is to lie, without the first '/' */
	const char *skip;
	uint64_t bytes;
	struct hash hash;
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

static int too_much(const struct packing *p, const char *dir, struct err *err)
{
	if (p->from.n <= PACK_FILES_MAX && p->bytes <= PACK_BYTES_MAX)
		return 0;
	return err_set(err, EFBIG, "%s holds more than %d files or %llu MiB", dir, PACK_FILES_MAX,
		       PACK_BYTES_MAX >> 20);
}

/* Devices, sockets and the like are nothing to read; what has gone since it was listed is not
 * there. dir is what holds too much, if this is it. */
static int add_file(struct packing *p, const char *from, const char *to, const char *dir,
		    struct err *err)
{
	struct stat st;

	if (lstat(from, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISLNK(st.st_mode)) ||
	    is_skipped(p, from))
		return 0;
	strv_add(&p->from, from);
	strv_add(&p->to, to + (*to == '/'));
	p->bytes += (uint64_t)(st.st_size + BLOCK - 1) / BLOCK * BLOCK;
	hash_str(&p->hash, to);
	hash_add(&p->hash, &st.st_mode, sizeof(st.st_mode));
	hash_add(&p->hash, &st.st_size, sizeof(st.st_size));
	hash_add(&p->hash, &st.st_mtim, sizeof(st.st_mtim));
	hash_add(&p->hash, &st.st_ino, sizeof(st.st_ino));
	return too_much(p, dir, err);
}

/* Some file systems do not tell in the list. */
static bool is_dir(const char *path, const struct dirent *de)
{
	struct stat st;

	if (de->d_type != DT_UNKNOWN)
		return de->d_type == DT_DIR;
	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* What a repository keeps of itself is none of it: a directory, or a file that names one. */
static bool is_content(const char *name)
{
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, ".git") != 0;
}

static int walk(struct packing *p, const char *from, const char *to, int depth, struct err *err)
{
	struct dirent **v = NULL;
	bool wanted = depth < DEPTH_MAX && !is_skipped(p, from) && !is_output(from);
	int n = wanted ? scandir(from, &v, NULL, by_name) : 0;
	int r = 0;

	for (int i = 0; i < n; i++) {
		const char *name = v[i]->d_name;
		_cleanup_free_ char *path = xasprintf("%s/%s", from, name);
		_cleanup_free_ char *target = xasprintf("%s/%s", to, name);

		if (r == 0 && is_content(name))
			r = is_dir(path, v[i]) ? walk(p, path, target, depth + 1, err)
					       : add_file(p, path, target, from, err);
		free(v[i]);
	}
	free(v);
	return r;
}

/* The names that git has below dir, each ended by NUL. */
static int git_list(const char *dir, struct strbuf *out, struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};
	struct proc_spec spec = PROC_SPEC(&argv);
	struct proc_result res = {0};
	int r;

	strv_addv(&argv, "git", "-c", "core.fsmonitor=false", "-C", dir, "ls-files", "-z",
		  "--cached", "--others", "--exclude-standard", NULL);
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
	if (below_output(dir, name, seen))
		return 0;
	if (lstat(from, &st) == 0 && S_ISDIR(st.st_mode))
		return walk(p, from, target, 1, err);
	return add_file(p, from, target, dir, err);
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

	return path_exists(git) ? add_listed(p, dir, to, err) : walk(p, dir, to, 0, err);
}

static int list(const struct view *v, struct packing *p, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < v->n && r == 0; i++) {
		const struct view_entry *e = &v->entries[i];

		hash_str(&p->hash, e->path);
		hash_str(&p->hash, e->kind == VIEW_SYMLINK ? e->source : "");
		if (e->kind == VIEW_BIND && path_is_dir(e->source))
			r = add_dir(p, e->source, e->path, err);
		else if (e->kind == VIEW_BIND)
			r = add_file(p, e->source, e->path, e->source, err);
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

static int copy_all(const struct packing *p, const struct view *v, const char *dir, struct err *err)
{
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

/* Beside its place and renamed: who comes at the same time makes the same. */
static int publish(const char *dir, const char *from, uint64_t bytes, size_t files,
		   const char *path, struct err *err)
{
	_cleanup_free_ char *tmp = xasprintf("%s/" CACHE_TEMPORARY "%d.img", dir, (int)getpid());
	int r;

	unlink(tmp);
	r = make_image(from, bytes, files, tmp, err);
	if (r == 0 && rename(tmp, path) < 0)
		r = err_errno(err, "%s", path);
	if (r < 0)
		unlink(tmp);
	cache_trim(dir, "", CACHE_MAX);
	return r;
}

static char *image_path(const struct hash *h, const char *kind, const char *dir)
{
	_cleanup_free_ char *hex = hash_hex(h);

	return xasprintf("%s/%s-%s", dir, kind, hex);
}

static int make(const struct packing *p, const struct view *v, const char *dir, const char *path,
		struct err *err)
{
	_cleanup_free_ char *work = xasprintf("%s/" CACHE_TEMPORARY "XXXXXX", dir);
	int r = mkdir_p(dir, 0700, err);

	cache_sweep(dir, CACHE_TEMPORARY, LEFT_OVER_S);
	if (r == 0)
		r = dir_make_temp(work, err);
	if (r < 0)
		return r;
	/* It becomes the guest's. */
	if (chmod(work, 0755) < 0)
		r = err_errno(err, "%s", work);
	if (r == 0)
		r = copy_all(p, v, work, err);
	if (r == 0)
		r = publish(dir, work, p->bytes, p->from.n, path, err);
	rm_rf(work, NULL);
	return r;
}

static int pack(struct packing *p, const struct view *v, const char *dir, char **path,
		struct err *err)
{
	int r = list(v, p, err);

	if (r < 0)
		return r;
	*path = image_path(&p->hash, "tree", dir);
	return cache_use(*path) ? 0 : make(p, v, dir, *path, err);
}

int pack_view(const struct view *v, const char *skip, const char *dir, char **path, struct err *err)
{
	struct packing p = {.skip = skip};
	int r;

	*path = NULL;
	hash_init(&p.hash);
	r = pack(&p, v, dir, path, err);
	strv_done(&p.from);
	strv_done(&p.to);
	return r;
}

/* ---- modules */

struct amount {
	uint64_t bytes;
	size_t files;
};

static void count(const char *dir, int depth, struct amount *a)
{
	struct dirent **v = NULL;
	int n = depth < DEPTH_MAX ? scandir(dir, &v, NULL, NULL) : 0;

	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", dir, v[i]->d_name);
		struct stat st;

		if (is_dir(path, v[i]) && v[i]->d_name[0] != '.')
			count(path, depth + 1, a);
		else if (lstat(path, &st) == 0)
			a->bytes += (uint64_t)(st.st_size + BLOCK - 1) / BLOCK * BLOCK;
		a->files++;
		free(v[i]);
	}
	free(v);
}

int pack_modules(const struct kernel *k, const char *dir, char **path, struct err *err)
{
	struct amount a = {0};
	struct hash h;
	int r;

	*path = NULL;
	if (!k->modules)
		return 0;
	hash_init(&h);
	hash_str(&h, k->id);
	*path = image_path(&h, "modules", dir);
	if (cache_use(*path))
		return 0;
	r = mkdir_p(dir, 0700, err);
	count(k->modules, 0, &a);
	return r == 0 ? publish(dir, k->modules, a.bytes, a.files, *path, err) : r;
}
