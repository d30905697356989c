// SPDX-License-Identifier: GPL-2.0-only
#include "run/same.h"

#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/walk.h"

static json_t *sum_json(struct sum s)
{
	char hex[SUM_HEX_MAX];

	sum_hex(s, hex);
	return json_string(hex);
}

static json_t *content_json(const char *path)
{
	struct hash h;

	hash_init(&h);
	return hash_file(&h, path, NULL) < 0 ? json_null() : sum_json(h.v);
}

/* ---- a test file */

struct listing {
	struct hash *hash;
	const char *dir;
	bool scripts; /* only those right in dir */
};

static int add_content(void *arg, int dirfd, const char *path, const struct stat *st,
		       struct err *err)
{
	const struct listing *l = arg;
	_cleanup_free_ char *full = xasprintf("%s/%s", l->dir, path);
	struct stat to;

	(void)dirfd;
	(void)err;
	if (S_ISDIR(st->st_mode))
		return l->scripts ? WALK_SKIP : 0;
	if ((l->scripts && !str_ends(path, ".sh")) || stat(full, &to) < 0 || !S_ISREG(to.st_mode))
		return 0;
	hash_str(l->hash, path);
	hash_file(l->hash, full, NULL);
	return 0;
}

static void add_dir(struct hash *h, const char *dir, bool scripts)
{
	struct listing l = {h, dir, scripts};

	walk_tree(dir, true, add_content, &l, NULL);
}

/* The files that bash sources by custom: scripts beside the file and above it in its tree, and the
 * lib/ beside the directory of a test-libs.sh, see needs_tree(). */
static void add_own(struct hash *h, const struct needs *n)
{
	_cleanup_free_ char *dir = xstrdup(n->path);
	bool lib_beside = false;

	for (;;) {
		_cleanup_free_ char *lib = NULL, *libs = NULL;

		dir[path_base(dir) - dir - 1] = '\0';
		if (!path_below(dir, n->tree))
			return;
		lib = xasprintf("%s/lib", dir);
		libs = xasprintf("%s/test-libs.sh", dir);
		if (lib_beside)
			add_dir(h, lib, false);
		add_dir(h, dir, true);
		lib_beside = path_exists(libs);
	}
}

json_t *same_file(const struct needs *n, struct sum content, const char *tree)
{
	_cleanup_free_ char *lib = xasprintf("%s/lib", tree), *tests = xasprintf("%s/tests", tree);
	struct hash h;

	hash_init(&h);
	if (n->own_library) {
		add_dir(&h, lib, false);
		add_dir(&h, tests, true);
	}
	add_own(&h, n);
	return json_pack("{s:o, s:o}", "file_hash", sum_json(content), "library_hash",
			 sum_json(h.v));
}

/* ---- a kernel */

void same_add_module(struct hash *h, const char *path, const struct stat *st)
{
	const int64_t what[] = {st->st_size, st->st_mtim.tv_sec, st->st_mtim.tv_nsec};

	if (S_ISDIR(st->st_mode))
		return;
	hash_str(h, path);
	hash_add(h, what, sizeof(what));
}

static int add_module(void *arg, int dirfd, const char *path, const struct stat *st,
		      struct err *err)
{
	(void)dirfd;
	(void)err;
	same_add_module(arg, path, st);
	return 0;
}

static json_t *modules_json(const char *dir)
{
	struct hash h;

	hash_init(&h);
	return dir && walk_tree(dir, true, add_module, &h, NULL) == 0 ? sum_json(h.v) : json_null();
}

json_t *same_kernel(const struct kernel *k, const struct hash *modules)
{
	return json_pack("{s:o, s:o}", "image_hash", content_json(k->vmlinuz), "modules_hash",
			 modules ? sum_json(modules->v) : modules_json(k->modules));
}

bool same_hash(const json_t *event, const json_t *now, const char *key)
{
	const json_t *had = json_object_get(event, key);

	return !had || json_equal(had, json_object_get(now, key));
}
