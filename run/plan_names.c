// SPDX-License-Identifier: GPL-2.0-only
/* Names below out/: each is one file's, or one subtest's, alone. */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "result/outdir.h"
#include "result/phase.h"
#include "run/needs_variants.h"
#include "run/plan.h"

/* The path below the test tree, '/' as '.', less ".ktest". */
static char *long_base(const struct needs *n)
{
	const char *rel = n->path;
	char *base;

	if (str_starts(n->path, n->tree))
		rel = n->path + strlen(n->tree);
	while (*rel == '/')
		rel++;
	base = xstrdup(rel);
	if (str_ends(base, ".ktest"))
		base[strlen(base) - 6] = '\0';
	for (char *c = base; *c; c++)
		if (*c == '/')
			*c = '.';
	return base;
}

static void rename_file(const struct settings *s, struct test_file *f)
{
	_cleanup_free_ char *base = long_base(&f->needs);

	free(f->base);
	f->base = variants_base(&s->variants, base);
	for (size_t k = 0; k < f->n; k++) {
		free(f->subtests[k].dir);
		f->subtests[k].dir = outdir_name(f->base, f->subtests[k].name);
	}
}

/* Files of one name are called by their paths. */
static int resolve_files(const struct settings *s, struct plan *p, struct err *err)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < i; k++) {
			struct test_file *a = &p->files[k], *b = &p->files[i];

			if (!strcmp(a->needs.path, b->needs.path))
				return err_usage(err, "%s is named twice", b->needs.path);
			if (strcmp(a->needs.base, b->needs.base) != 0)
				continue;
			rename_file(s, a);
			rename_file(s, b);
			if (!strcmp(a->base, b->base))
				return err_usage(err,
						 "%s and %s have the same name; run them apart",
						 a->needs.path, b->needs.path);
		}
	return 0;
}

/* ---- one check of all */

/* The writer at a name: a file for its log, or one of its subtests, or a phase of its guests. */
struct writer {
	const struct test_file *file;
	const char *subtest; /* NULL: the file's log */
};

static int take(struct map *names, const char *name, const struct test_file *f, const char *subtest,
		struct err *err)
{
	struct writer *w = xmalloc(sizeof(*w));
	void **slot = map_put(names, name);
	const struct writer *had = *slot;

	*w = (struct writer){f, subtest};
	if (!had) {
		*slot = w;
		return 0;
	}
	free(w);
	return err_usage(err, "%s%s%s and %s%s%s would both write out/%s; run them apart",
			 had->file->needs.path, had->subtest ? " " : "",
			 had->subtest ? had->subtest : "", f->needs.path, subtest ? " " : "",
			 subtest ? subtest : "", name);
}

static int take_file(struct map *names, const struct test_file *f, struct err *err)
{
	int r = take(names, f->base, f, NULL, err);

	for (enum phase p = PHASE_NONE + 1; p < PHASES && r == 0; p++) {
		_cleanup_free_ char *dir = outdir_name(f->base, phase_row(p));

		r = take(names, dir, f, phase_row(p), err);
	}
	for (size_t i = 0; i < f->n && r == 0; i++)
		r = take(names, f->subtests[i].dir, f, f->subtests[i].name, err);
	return r;
}

int plan_names(const struct settings *s, struct plan *p, struct err *err)
{
	struct map names = {0};
	int r = resolve_files(s, p, err);

	for (size_t i = 0; i < p->n && r == 0; i++)
		r = take_file(&names, &p->files[i], err);
	map_done(&names, free);
	return r;
}

bool plan_name_free(const struct plan *p, const char *name)
{
	struct map names = {0};
	bool is_free;

	for (size_t i = 0; i < p->n; i++)
		take_file(&names, &p->files[i], NULL);
	is_free = !map_get(&names, name);
	map_done(&names, free);
	return is_free;
}
