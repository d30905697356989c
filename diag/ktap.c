// SPDX-License-Identifier: GPL-2.0-only
/* The levels of KTAP that are open, and the tree that they grow. */
#include "diag/ktap.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "diag/ktap_parse.h"
#include "diag/prefix.h"

struct level {
	int indent;
	int64_t plan, count; /* plan -1: none yet */
	char *name;	     /* NULL: not told */
	char *skip;	     /* "1..0 # SKIP text"; NULL: it was not */
	json_t *results;
};

struct ktap {
	struct level levels[KTAP_DEPTH_MAX];
	int depth;
	json_t *found; /* of the documents that ended; NULL: none */
	char *subtest; /* of a "# Subtest:" whose results have not begun; NULL: none */
	char *bail;    /* why the program gave up */
	size_t results, bytes;
	int64_t dropped;
};

struct ktap *ktap_new(void)
{
	return xcalloc(1, sizeof(struct ktap));
}

static struct level *top(struct ktap *k)
{
	return &k->levels[k->depth - 1];
}

/* ---- results */

static json_t *text_json(struct ktap_text t, size_t max, const char *otherwise)
{
	_cleanup_free_ char *s = xstrndup(t.s ? t.s : "", t.len < max ? t.len : max);

	return json_string_lossy(*s ? s : otherwise);
}

/* A parent is what its children are, unless it is worse. */
static const char *with_children(const char *verdict, const json_t *children)
{
	size_t i, skipped = 0, n = json_array_size(children);
	json_t *child;

	json_array_foreach (children, i, child) {
		const char *v = json_get_str(child, "verdict");

		skipped += str_eq(v, "SKIP");
		if (!str_eq(v, "SKIP") && !str_eq(v, "PASS") && str_eq(verdict, "PASS"))
			return "FAIL";
	}
	return n && skipped == n && str_eq(verdict, "PASS") ? "SKIP" : verdict;
}

static const char *verdict_of(const struct ktap_line *l, const json_t *children)
{
	const char *d = l->directive;

	if (str_eq(d, "SKIP") || str_eq(d, "ERROR"))
		return d;
	if (str_eq(d, "TODO") || str_eq(d, "XFAIL"))
		return "PASS";
	if (str_eq(d, "TIMEOUT"))
		return "FAIL";
	return with_children(l->ok ? "PASS" : "FAIL", children);
}

/* Takes over children (NULL: none); counts what is over the limits instead of keeping it. */
static void add(struct ktap *k, json_t *into, const char *verdict, const struct ktap_line *l,
		json_t *children)
{
	json_t *o;

	k->bytes += (l->name.len < KTAP_NAME_MAX ? l->name.len : KTAP_NAME_MAX) +
		    (l->directive_text.len < KTAP_TEXT_MAX ? l->directive_text.len : KTAP_TEXT_MAX);
	if (k->results >= KTAP_RESULTS_MAX || k->bytes > KTAP_ALL_TEXT_MAX) {
		k->dropped++;
		json_decref(children);
		return;
	}
	k->results++;
	o = json_object();
	json_object_set_new(o, "name", text_json(l->name, KTAP_NAME_MAX, "(unnamed)"));
	json_object_set_new(o, "verdict", json_string(verdict));
	if (l->directive)
		json_object_set_new(o, "directive", json_string(l->directive));
	if (l->directive_text.len)
		json_object_set_new(o, "text", text_json(l->directive_text, KTAP_TEXT_MAX, ""));
	if (json_array_size(children))
		json_object_set(o, "nested", children);
	json_decref(children);
	json_array_append_new(into, o);
}

static void add_words(struct ktap *k, json_t *into, const char *name, const char *verdict,
		      const char *text, json_t *children)
{
	struct ktap_line l = {.name = {name, strlen(name)}};

	l.directive_text = (struct ktap_text){text, strlen(text)};
	add(k, into, verdict, &l, children);
}

/* ---- levels */

static void push(struct ktap *k, int indent, const char *name)
{
	struct level *l;

	if (k->depth == KTAP_DEPTH_MAX)
		return;
	k->depth++;
	l = top(k);
	*l = (struct level){.indent = indent, .plan = -1, .results = json_array()};
	str_set(&l->name, name);
	str_set(&k->subtest, NULL);
}

/* What the plan promised and did not come, crashed. */
static void add_missing(struct ktap *k, struct level *l)
{
	char text[200];

	if (k->bail && l->plan < 0)
		add_words(k, l->results, "Bail out!", "MISS", k->bail, NULL);
	if (l->plan <= l->count)
		return;
	snprintf(text, sizeof(text), "%" PRId64 " of %" PRId64 " results are missing%s%.100s",
		 l->plan - l->count, l->plan, k->bail ? ": " : "", k->bail ? k->bail : "");
	add_words(k, l->results, "(missing)", "MISS", text, NULL);
}

/* Close the innermost level; its results are the caller's. *name is set to its own, or NULL. */
static json_t *pop(struct ktap *k, char **name)
{
	struct level *l = top(k);

	add_missing(k, l);
	if (l->skip && !l->count)
		add_words(k, l->results, l->name ? l->name : "(all)", "SKIP", l->skip, NULL);
	free(l->skip);
	*name = l->name;
	k->depth--;
	return l->results;
}

/* Of a document that ended, or of a level whose parent's result did not come. */
static void close_level(struct ktap *k)
{
	_cleanup_free_ char *name = NULL;
	json_t *results = pop(k, &name);

	if (k->depth) {
		add_words(k, top(k)->results, name ? name : "(unnamed)", "MISS",
			  "its own result is missing", results);
		top(k)->count++;
		return;
	}
	if (!k->found)
		k->found = json_array();
	json_array_extend(k->found, results);
	json_decref(results);
}

static void close_all(struct ktap *k)
{
	while (k->depth)
		close_level(k);
	str_set(&k->bail, NULL);
	str_set(&k->subtest, NULL);
}

static struct level *level_at(struct ktap *k, int indent)
{
	for (int i = k->depth; i-- > 0;)
		if (k->levels[i].indent == indent)
			return &k->levels[i];
	return NULL;
}

/* ---- lines */

static void on_version(struct ktap *k, int indent)
{
	/* KUnit has the version before the name, and both before the plan. */
	if (k->depth && top(k)->indent == indent && top(k)->plan < 0 && !top(k)->count)
		return;
	if (k->depth && indent <= k->levels[0].indent)
		close_all(k);
	while (k->depth && top(k)->indent >= indent)
		close_level(k);
	push(k, indent, k->depth ? k->subtest : NULL);
}

/* A level without a version line of its own begins behind "# Subtest:". */
static void open_unversioned(struct ktap *k, int indent)
{
	if (k->subtest && indent > top(k)->indent)
		push(k, indent, k->subtest);
}

static void on_plan(struct ktap *k, const struct ktap_line *line)
{
	struct level *l;

	open_unversioned(k, line->indent);
	l = top(k);
	if (l->indent != line->indent || l->plan >= 0)
		return;
	l->plan = line->plan;
	if (line->plan == 0 && line->directive)
		l->skip = xstrndup(line->directive_text.s, line->directive_text.len);
}

static void on_result(struct ktap *k, const struct ktap_line *line)
{
	_cleanup_free_ char *name = NULL;
	json_t *children = NULL;
	struct level *l;

	open_unversioned(k, line->indent);
	l = level_at(k, line->indent);
	if (!l)
		return;
	while (top(k) > l + 1)
		close_level(k);
	if (top(k) > l)
		children = pop(k, &name);
	add(k, l->results, verdict_of(line, children), line, children);
	l->count++;
	str_set(&k->subtest, NULL);
}

static void on_subtest(struct ktap *k, const struct ktap_line *line)
{
	size_t len = line->name.len < KTAP_NAME_MAX ? line->name.len : KTAP_NAME_MAX;
	struct level *l = top(k);

	free(k->subtest);
	k->subtest = xstrndup(line->name.s, len);
	if (l->indent == line->indent && !l->name && !l->count)
		str_set(&l->name, k->subtest);
}

static void on_bail(struct ktap *k, const struct ktap_line *line)
{
	free(k->bail);
	k->bail = xstrndup(line->directive_text.s, line->directive_text.len);
	close_all(k);
}

void ktap_line(struct ktap *k, const char *line, size_t len)
{
	size_t prefix = prefix_read(line, len).len;
	struct ktap_line l;

	l = ktap_parse(line + prefix, len - prefix);
	if (l.kind == KTAP_VERSION)
		on_version(k, l.indent);
	if (!k->depth)
		return;
	if (l.kind == KTAP_PLAN)
		on_plan(k, &l);
	else if (l.kind == KTAP_RESULT)
		on_result(k, &l);
	else if (l.kind == KTAP_SUBTEST)
		on_subtest(k, &l);
	else if (l.kind == KTAP_BAIL)
		on_bail(k, &l);
}

json_t *ktap_take(struct ktap *k, int64_t *dropped)
{
	json_t *found;

	close_all(k);
	found = k->found;
	*dropped = k->dropped;
	*k = (struct ktap){0};
	if (json_array_size(found))
		return found;
	json_decref(found);
	return NULL;
}

void ktap_free(struct ktap *k)
{
	int64_t dropped;

	if (!k)
		return;
	json_decref(ktap_take(k, &dropped));
	free(k);
}
