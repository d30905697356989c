// SPDX-License-Identifier: GPL-2.0-only
#include "testy/match.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "testy/path.h"

void testy_match_done(struct testy_match *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->tests[i].path);
		free(m->tests[i].reasons);
	}
	free(m->tests);
	for (size_t i = 0; i < m->nshared; i++)
		testy_list_done(&m->shared[i]);
	free(m->shared);
	strv_done(&m->kernel_trees);
	strv_done(&m->paths);
	testy_dirs_done(&m->dirs);
	*m = (struct testy_match){0};
}

/* ---- lists that lie elsewhere */

static int is_list(const struct dirent *de)
{
	return de->d_name[0] != '.' && str_ends(de->d_name, ".testy");
}

static int read_shared(struct testy_match *m, const char *dir, struct err *err)
{
	_cleanup_free_ char *real = path_real(dir, NULL);
	struct dirent **names;
	int n, r = 0;

	n = real ? scandir(real, &names, is_list, alphasort) : -1;
	if (n < 0)
		return err_usage(err, "the lists in %s: %s", dir, strerror(errno));
	if (!n)
		r = err_usage(err, "no list (a file *.testy) in %s", dir);
	m->shared = xrealloc(m->shared, (m->nshared + (size_t)n + 1) * sizeof(*m->shared));
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", real, names[i]->d_name);

		free(names[i]);
		if (r == 0)
			r = testy_list_read(path, &m->shared[m->nshared++], err);
	}
	free(names);
	return r;
}

/* ---- a path and a list */

static void hit(struct testy_line *line, size_t path)
{
	if (!line->hits++)
		line->first = path;
}

/* dir is where the list lies, or is as if it lay. */
static void try_list(struct testy_list *l, const char *dir, const char *path, size_t number,
		     int64_t priority)
{
	const char *rel = testy_path_below(dir, path);

	for (size_t i = 0; rel && i < l->n; i++)
		if (l->lines[i].priority <= priority &&
		    testy_pattern_matches(&l->lines[i].pattern, rel))
			hit(&l->lines[i], number);
}

static char *parent_of(const char *path)
{
	size_t n = (size_t)(path_base(path) - path);

	return xstrndup(path, n > 1 ? n - 1 : 1);
}

/* What is in a directory below the path lies below it, whatever its name. */
static void try_below(struct testy_match *m, const char *path, size_t number, int64_t priority)
{
	for (size_t i = 0; i < m->dirs.n; i++) {
		const struct testy_dir *d = m->dirs.v[i];

		if (!d->list || !testy_path_below(path, d->path) || !strcmp(path, d->path))
			continue;
		for (size_t k = 0; k < d->list->n; k++)
			if (d->list->lines[k].priority <= priority)
				hit(&d->list->lines[k], number);
	}
}

static void try_above(const struct testy_dir *dir, const char *path, size_t number,
		      int64_t priority)
{
	for (; dir; dir = dir->up)
		if (dir->list)
			try_list(dir->list, dir->path, path, number, priority);
}

static void note_kernel_tree(struct testy_match *m, const struct testy_dir *root)
{
	if (root->kernel_tree && !strv_has(&m->kernel_trees, root->path))
		strv_add(&m->kernel_trees, root->path);
}

static int try_path(struct testy_match *m, size_t number, int64_t priority, struct err *err)
{
	const char *path = m->paths.v[number];
	_cleanup_free_ char *parent = NULL;
	struct testy_dir *dir;
	struct stat st;
	bool is_dir = lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
	int r = is_dir ? testy_dirs_walk(&m->dirs, path, err) : 0;

	if (r < 0)
		return err->usage ? r : err_wrap(err, "%s", path);
	/* A directory may itself be the top of a tree. */
	parent = is_dir ? xstrdup(path) : parent_of(path);
	r = testy_dirs_get(&m->dirs, parent, &dir, err);
	if (r < 0)
		return r;
	try_above(dir, path, number, priority);
	if (is_dir)
		try_below(m, path, number, priority);
	for (size_t i = 0; dir->root && i < m->nshared; i++)
		try_list(&m->shared[i], dir->root->path, path, number, priority);
	if (dir->root)
		note_kernel_tree(m, dir->root);
	return 0;
}

/* ---- what came of it */

/* A line that chose, and its test's name. */
struct choice {
	struct testy_reason reason;
	const char *test;
};

struct choices {
	struct choice *v;
	size_t n;
};

static const char *path_shown(struct testy_match *m, const char *path)
{
	_cleanup_free_ char *parent = parent_of(path);
	struct testy_dir *dir;

	/* Known: it was looked at before. */
	if (testy_dirs_get(&m->dirs, parent, &dir, NULL) < 0 || !dir->root)
		return path;
	return testy_path_below(dir->root->path, path);
}

static void take_lines(struct testy_match *m, const struct testy_list *l, struct choices *c)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct testy_line *line = &l->lines[i];

		if (!line->hits)
			continue;
		c->v = xrealloc(c->v, (c->n + 1) * sizeof(*c->v));
		c->v[c->n++] = (struct choice){
			.reason = {l, line, path_shown(m, m->paths.v[line->first]), line->hits - 1},
			.test = line->test,
		};
	}
}

static int by_test(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;
	int r = strcmp(x->test, y->test);

	if (r)
		return r;
	if (x->reason.line->priority != y->reason.line->priority)
		return x->reason.line->priority < y->reason.line->priority ? -1 : 1;
	r = strcmp(x->reason.list->path, y->reason.list->path);
	return r ? r : x->reason.line->lineno - y->reason.line->lineno;
}

static int by_priority(const void *a, const void *b)
{
	const struct testy_test *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return strcmp(x->path, y->path);
}

static void add_reason(struct testy_match *m, const struct choice *c)
{
	struct testy_test *t = m->n ? &m->tests[m->n - 1] : NULL;

	if (!t || strcmp(t->path, c->test) != 0) {
		m->tests = xrealloc(m->tests, (m->n + 1) * sizeof(*m->tests));
		t = &m->tests[m->n++];
		*t = (struct testy_test){.path = xstrdup(c->test),
					 .priority = c->reason.line->priority};
	}
	t->reasons = xrealloc(t->reasons, (t->n + 1) * sizeof(*t->reasons));
	t->reasons[t->n++] = c->reason;
}

static void collect(struct testy_match *m)
{
	struct choices c = {0};

	for (size_t i = 0; i < m->dirs.n; i++)
		if (m->dirs.v[i]->list)
			take_lines(m, m->dirs.v[i]->list, &c);
	for (size_t i = 0; i < m->nshared; i++)
		take_lines(m, &m->shared[i], &c);
	if (c.n)
		qsort(c.v, c.n, sizeof(*c.v), by_test);
	for (size_t i = 0; i < c.n; i++)
		add_reason(m, &c.v[i]);
	free(c.v);
	if (m->n)
		qsort(m->tests, m->n, sizeof(*m->tests), by_priority);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each once, in an order that does not depend on where they come from. */
static void take_paths(struct testy_match *m, const struct strv *paths)
{
	_cleanup_strv_ struct strv sorted = {0};

	strv_copy(&sorted, paths);
	if (sorted.n)
		qsort(sorted.v, sorted.n, sizeof(*sorted.v), by_name);
	for (size_t i = 0; i < sorted.n; i++)
		if (!i || strcmp(sorted.v[i - 1], sorted.v[i]) != 0)
			strv_add(&m->paths, sorted.v[i]);
}

int testy_match(const struct strv *paths, const struct strv *lists, int64_t priority,
		struct testy_match *m, struct err *err)
{
	int r = 0;

	*m = (struct testy_match){0};
	testy_dirs_init(&m->dirs);
	if (paths->n > TESTY_PATHS_MAX)
		return err_set(err, E2BIG, "more than %d changed paths", TESTY_PATHS_MAX);
	take_paths(m, paths);
	for (size_t i = 0; r == 0 && i < lists->n; i++)
		r = read_shared(m, lists->v[i], err);
	for (size_t i = 0; r == 0 && i < m->paths.n; i++)
		r = try_path(m, i, priority, err);
	if (r == 0)
		collect(m);
	return r;
}

void testy_reasons(const struct testy_test *t, bool all, struct strbuf *out)
{
	for (size_t i = 0; i < (all ? t->n : 1); i++) {
		const struct testy_reason *r = &t->reasons[i];

		strbuf_puts(out, i ? "; " : "");
		text_escape(out, r->list->path, strlen(r->list->path), 0);
		strbuf_addf(out, ":%d for ", r->line->lineno);
		text_escape(out, *r->path ? r->path : ".", strlen(*r->path ? r->path : "."), 0);
		if (r->more)
			strbuf_addf(out, " and %zu more", r->more);
	}
}
