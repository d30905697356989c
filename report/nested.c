// SPDX-License-Identifier: GPL-2.0-only
#include "report/nested.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

static bool is_failure(enum verdict v)
{
	return v == VERDICT_FAIL || v == VERDICT_ERROR || v == VERDICT_MISS;
}

bool nested_get(const struct result_test *t, const json_t *results, size_t i, struct nested *n)
{
	const json_t *o = json_array_get(results, i);
	const json_t *below = json_object_get(o, "nested");

	*n = (struct nested){.name = json_get_str(o, "name")};
	n->verdict = verdict_parse(json_get_str(o, "verdict"));
	if (!n->name || n->verdict == VERDICT_NONE)
		return false;
	n->directive = json_get_str(o, "directive");
	n->text = json_get_str(o, "text");
	n->expected = n->verdict == VERDICT_PASS &&
		      (str_eq(n->directive, "TODO") || str_eq(n->directive, "XFAIL"));
	n->pardoned = is_failure(n->verdict) &&
		      (t->verdict == VERDICT_PASS || t->verdict == VERDICT_SKIP);
	n->nested = json_array_size(below) ? below : NULL;
	return true;
}

size_t nested_count(const struct result_test *t, const json_t *results)
{
	struct nested n;
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(results); i++)
		count += nested_get(t, results, i, &n);
	return count;
}

struct walk {
	const struct result_test *t;
	nested_fn *fn;
	void *arg;
};

static void walk(const struct walk *w, const json_t *results, int depth, struct strbuf *path)
{
	size_t len = path->len;
	struct nested n;

	for (size_t i = 0; i < json_array_size(results); i++) {
		if (!nested_get(w->t, results, i, &n))
			continue;
		strbuf_addf(path, "%s%s", len ? "." : "", n.name);
		if (n.nested && depth < NESTED_DEPTH_MAX)
			walk(w, n.nested, depth + 1, path);
		else
			w->fn(w->arg, path->s, &n);
		path->len = len;
		path->s[len] = '\0';
	}
}

void nested_each(const struct result_test *t, nested_fn *fn, void *arg)
{
	const struct walk w = {t, fn, arg};
	_cleanup_strbuf_ struct strbuf path = {0};

	walk(&w, t->nested, 1, &path);
}
