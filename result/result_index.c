// SPDX-License-Identifier: GPL-2.0-only
#include "result/result_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "result/result_attempt.h"
#include "result/result_rounds.h"

void result_index_init(struct result_index *x)
{
	*x = (struct result_index){.names = json_object(), .files = json_object()};
}

void result_test_done(struct result_test *t)
{
	free(t->file);
	free(t->subtest);
	free(t->reason);
	free(t->title);
	free(t->kernel);
	free(t->guest);
	free(t->isolation);
	json_decref(t->findings);
	json_decref(t->nested);
	result_attempts_done(t);
	rounds_done(t);
}

void result_index_done(struct result_index *x)
{
	for (size_t i = 0; i < x->n; i++)
		result_test_done(&x->v[i].test);
	free(x->v);
	json_decref(x->names);
	json_decref(x->files);
	*x = (struct result_index){0};
}

static json_int_t file_rank(struct result_index *x, const char *file)
{
	json_int_t next = (json_int_t)json_object_size(x->files);
	json_int_t rank = json_get_int(x->files, file, next);

	if (rank == next)
		json_object_set_new(x->files, file, json_integer(rank));
	return rank;
}

static struct result_entry *add(struct result_index *x, const char *file, const char *subtest,
				long first)
{
	struct result_entry *e;

	if (!x->v || x->n == x->cap) {
		x->cap = x->cap ? 2 * x->cap : 64;
		x->v = xrealloc(x->v, x->cap * sizeof(*x->v));
	}
	e = &x->v[x->n];
	*e = (struct result_entry){.file = file_rank(x, file), .next = -1};
	e->rank = first < 0 ? (json_int_t)x->n : x->v[first].rank;
	e->test.phase = phase_of_row(subtest);
	e->test.file = xstrdup(file);
	e->test.subtest = xstrdup(subtest);
	if (first >= 0)
		str_set(&e->test.isolation, x->v[first].test.isolation);
	x->n++;
	return e;
}

/* Among those of one name, from first on: where to look no further is told by *last. */
static struct result_entry *on_kernel(struct result_index *x, long first, const char *kernel,
				      long *last)
{
	struct result_entry *open = NULL;

	for (long i = first; i >= 0; i = x->v[i].next) {
		struct result_entry *e = &x->v[i];

		if (!kernel || str_eq(e->test.kernel, kernel))
			return e;
		if (!e->test.kernel && !open)
			open = e;
		*last = i;
	}
	return open;
}

struct result_test *result_index_get(struct result_index *x, const char *file, const char *subtest,
				     const char *kernel)
{
	_cleanup_free_ char *key = xasprintf("%s\n%s", file, subtest);
	long first = (long)json_get_int(x->names, key, -1), last = -1;
	struct result_entry *e = on_kernel(x, first, kernel, &last);

	if (!e) {
		e = add(x, file, subtest, first);
		if (first < 0)
			json_object_set_new(x->names, key, json_integer((json_int_t)x->n - 1));
		else
			x->v[last].next = (long)x->n - 1;
	}
	if (kernel)
		str_set(&e->test.kernel, kernel);
	return &e->test;
}

/* Boot and init stand before the subtests, the end behind them. */
static int place(const struct result_entry *e)
{
	static const int places[PHASES] = {[PHASE_BOOT] = -2, [PHASE_INIT] = -1, [PHASE_END] = 1};

	return places[e->test.phase];
}

static int by_rank(const void *a, const void *b)
{
	const struct result_entry *ea = a, *eb = b;

	if (ea->file != eb->file)
		return ea->file < eb->file ? -1 : 1;
	if (place(ea) != place(eb))
		return place(ea) < place(eb) ? -1 : 1;
	if (ea->rank != eb->rank)
		return ea->rank < eb->rank ? -1 : 1;
	/* One subtest: its kernels by name, none last. */
	if (!ea->test.kernel || !eb->test.kernel)
		return !ea->test.kernel - !eb->test.kernel;
	return strcmp(ea->test.kernel, eb->test.kernel);
}

void result_index_take(struct result_index *x, struct result *r)
{
	if (x->n)
		qsort(x->v, x->n, sizeof(*x->v), by_rank);
	r->tests = xcalloc(x->n, sizeof(*r->tests));
	for (size_t i = 0; i < x->n; i++)
		r->tests[i] = x->v[i].test;
	r->n = x->n;
	x->n = 0;
}
