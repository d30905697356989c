// SPDX-License-Identifier: GPL-2.0-only
/* The key of modules that are built: all that they are built from. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/walk.h"
#include "kernel/extmod_parts.h"

#define SOURCE_MAX   10000 /* files */
#define MAKEFILE_MAX (1 << 20)

/* ---- the sources */

int extmod_counts(struct sources *s, const struct stat *st, struct err *err)
{
	if (S_ISDIR(st->st_mode) || S_ISREG(st->st_mode)) {
		if (++s->files > SOURCE_MAX)
			return err_set(err, EFBIG, "%s: more than %d files", s->dir, SOURCE_MAX);
		return 1;
	}
	return 0;
}

static int hash_source(void *arg, int dirfd, const char *path, const struct stat *st,
		       struct err *err)
{
	struct sources *s = arg;
	_cleanup_free_ char *full = xasprintf("%s/%s", s->dir, path);
	int r = extmod_counts(s, st, err);

	(void)dirfd;
	if (r <= 0)
		return r;
	hash_str(s->hash, path);
	hash_add(s->hash, &st->st_mode, sizeof(st->st_mode));
	return S_ISDIR(st->st_mode) ? 0 : hash_file(s->hash, full, err);
}

/* ---- the headers */

/* The tree of headers as its links are followed. */
struct headers {
	const char *dir;
	struct hash *hash;
};

static int hash_header(void *arg, int dirfd, const char *path, const struct stat *st,
		       struct err *err)
{
	struct hash *h = arg;

	(void)err;
	hash_str(h, path);
	hash_state(h, dirfd, path_base(path), st);
	return 0;
}

static int hash_tree(struct hash *h, const char *dir, struct err *err)
{
	hash_str(h, dir);
	return walk_tree(dir, false, hash_header, h, err);
}

/* A link at the top of the tree: Debian's scripts, the source of one that was built apart. */
static int hash_linked(void *arg, int dirfd, const char *path, const struct stat *st,
		       struct err *err)
{
	struct headers *hd = arg;
	_cleanup_free_ char *link = xasprintf("%s/%s", hd->dir, path), *to = NULL;

	(void)dirfd;
	if (S_ISDIR(st->st_mode))
		return WALK_SKIP;
	to = S_ISLNK(st->st_mode) ? path_real(link, NULL) : NULL;
	return to && path_is_dir(to) ? hash_tree(hd->hash, to, err) : 0;
}

/* Debian's trees of one architecture have but a line "include DIR/Makefile". */
static int hash_included(struct headers *hd, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/Makefile", hd->dir), *text = NULL;
	int r = file_read(path, MAKEFILE_MAX, &text, &(size_t){0}, err);

	for (char *save, *line = r < 0 ? NULL : strtok_r(text, "\n", &save); line && r == 0;
	     line = strtok_r(NULL, "\n", &save)) {
		_cleanup_free_ char *dir = NULL;

		if (!str_starts(line, "include /") || !str_ends(line, "/Makefile"))
			continue;
		dir = xstrndup(line + strlen("include "),
			       strlen(line) - strlen("include ") - strlen("/Makefile"));
		r = path_is_dir(dir) ? hash_tree(hd->hash, dir, err) : 0;
	}
	return r;
}

/* The trees that they are built in: makefiles, headers, the symbols' versions. Those of a kernel of
 * the store lie together. */
static int hash_headers(const struct kernel *k, struct hash *h, struct err *err)
{
	_cleanup_free_ char *all = xasprintf("%s/headers", k->dir ? k->dir : "");
	struct headers hd = {k->headers, h};
	int r;

	if (path_below(k->headers, all))
		return hash_tree(h, all, err);
	r = hash_tree(h, k->headers, err);
	if (r == 0)
		r = walk_tree(k->headers, false, hash_linked, &hd, err);
	return r == 0 ? hash_included(&hd, err) : r;
}

/* ---- the tools */

void extmod_environment(struct strv *env)
{
	static const char *const names[] = {"PATH",	     "KCFLAGS", "KCPPFLAGS", "KAFLAGS",
					    "CFLAGS_MODULE", "LLVM",	"LLVM_IAS"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = getenv(names[i]);

		if (value)
			strv_addf(env, "%s=%s", names[i], value);
	}
}

static void hash_tools(const char *path, const char *cross, struct hash *h)
{
	_cleanup_free_ char *ld = xasprintf("%sld", cross);
	const char *const names[] = {"make", ld};

	hash_stat(h, path);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *tool = find_program(names[i]);

		hash_stat(h, tool ? tool : "");
	}
}

int extmod_key(const struct kernel *k, const char *cc, const char *cross, const char *dir,
	       struct hash *h, struct err *err)
{
	_cleanup_free_ char *path = find_program(cc);
	_cleanup_strv_ struct strv env = {0};
	struct sources s = {.dir = dir, .hash = h};
	int r;

	if (!path)
		return err_set(err, ENOENT, "%s is missing: it compiles modules for %s", cc,
			       k->name);
	hash_str(h, k->release);
	hash_str(h, cc);
	hash_tools(path, cross, h);
	extmod_environment(&env);
	for (size_t i = 0; i < env.n; i++)
		hash_str(h, env.v[i]);
	r = hash_headers(k, h, err);
	return r == 0 ? walk_tree(dir, false, hash_source, &s, err) : r;
}
