// SPDX-License-Identifier: GPL-2.0-only
#include "report/ktap.h"

#include <string.h>

#include "base/text.h"
#include "report/nested.h"
#include "report/table.h"

static void indent(struct strbuf *out, int level)
{
	for (int i = 0; i < level; i++)
		strbuf_puts(out, "  ");
}

/* One line whatever is in it; what would begin a directive is escaped. */
static void add_text(struct strbuf *out, const char *s)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	text_escape(&b, s, strlen(s), 500);
	for (size_t i = 0; i < b.len; i++) {
		if (b.s[i] == '#')
			strbuf_putc(out, '\\');
		strbuf_putc(out, b.s[i]);
	}
}

/* A name holds no '#' at all: the kernel's own parser would not know even an escaped one. */
static void add_name(struct strbuf *out, const char *name)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	text_escape(&b, name, strlen(name), 500);
	for (size_t i = 0; i < b.len; i++)
		strbuf_putc(out, b.s[i] == '#' ? '_' : b.s[i]);
}

static void add_head(struct strbuf *out, int level, const char *name, size_t n)
{
	indent(out, level);
	strbuf_puts(out, "KTAP version 1\n");
	if (name) {
		indent(out, level);
		strbuf_puts(out, "# Subtest: ");
		add_name(out, name);
		strbuf_putc(out, '\n');
	}
	indent(out, level);
	strbuf_addf(out, "1..%zu\n", n);
}

static void add_result(struct strbuf *out, int level, size_t number, bool ok, const char *name,
		       const char *directive, const char *text)
{
	indent(out, level);
	strbuf_addf(out, "%s %zu ", ok ? "ok" : "not ok", number);
	add_name(out, name);
	if (directive)
		strbuf_addf(out, " # %s", directive);
	if (directive && text && *text) {
		strbuf_putc(out, ' ');
		add_text(out, text);
	}
	strbuf_putc(out, '\n');
}

/* ---- what a subtest printed itself */

static void add_nested_result(struct strbuf *out, int level, size_t number, const struct nested *n)
{
	bool ok = (n->verdict == VERDICT_PASS && !n->expected) || n->verdict == VERDICT_SKIP;

	if (n->pardoned)
		add_result(out, level, number, false, n->name, "TODO",
			   "the subtest passed all the same");
	else if (n->verdict == VERDICT_SKIP)
		add_result(out, level, number, true, n->name, "SKIP", n->text);
	else if (n->verdict == VERDICT_ERROR || n->verdict == VERDICT_MISS)
		add_result(out, level, number, false, n->name, "ERROR", n->text);
	else
		add_result(out, level, number, ok, n->name, n->directive, n->text);
}

static void add_nested(struct strbuf *out, int level, const char *name, const struct result_test *t,
		       const json_t *results)
{
	size_t number = 0, count = nested_count(t, results);
	struct nested n;

	if (!count || level > NESTED_DEPTH_MAX)
		return;
	add_head(out, level, name, count);
	for (size_t i = 0; i < json_array_size(results); i++) {
		if (!nested_get(t, results, i, &n))
			continue;
		add_nested(out, level + 1, n.name, t, n.nested);
		add_nested_result(out, level, ++number, &n);
	}
}

/* ---- subtests and files */

/* A failure that decides nothing is one that was to be expected. */
static const char *directive_of(const struct result_test *t)
{
	if (t->undecisive && t->verdict == VERDICT_FAIL)
		return "TODO";
	if (t->verdict == VERDICT_SKIP)
		return "SKIP";
	if (t->verdict == VERDICT_FAIL && t->reason && !strcmp(t->reason, "timeout"))
		return "TIMEOUT";
	if (t->verdict == VERDICT_PASS || t->verdict == VERDICT_FAIL)
		return NULL;
	return "ERROR";
}

static const char *why(const struct result_test *t)
{
	if (t->verdict == VERDICT_NONE)
		return t->cut_off ? "cut off" : "not run";
	return t->title ? t->title : t->reason;
}

/* What a directive has no room for. */
static void add_diagnostics(struct strbuf *out, const struct result_test *t)
{
	if (t->verdict == VERDICT_FAIL && why(t)) {
		indent(out, 1);
		strbuf_puts(out, "# ");
		if (t->title && t->reason && !str_starts(t->title, t->reason)) {
			add_text(out, t->reason);
			strbuf_puts(out, ": ");
		}
		add_text(out, why(t));
		strbuf_putc(out, '\n');
	}
	if (t->flaky) {
		indent(out, 1);
		strbuf_addf(out, "# flaky: it passed in attempt %d\n", t->told);
	}
	if (t->confirmed != VERDICT_NONE) {
		indent(out, 1);
		strbuf_addf(out, "# %s in a guest of its own\n", table_confirmed(t));
	}
	if (t->rate.runs > 1) {
		indent(out, 1);
		strbuf_puts(out, "# ");
		table_rate(&t->rate, out);
		strbuf_putc(out, '\n');
	}
	if (t->nested_dropped > 0) {
		indent(out, 1);
		strbuf_puts(out, "# more results than are kept were printed\n");
	}
}

static void add_test(struct strbuf *out, const struct result *r, const struct result_test *t,
		     size_t number)
{
	bool several = json_array_size(r->kernels) > 1 && t->kernel;
	_cleanup_free_ char *name =
		several ? xasprintf("%s [%s]", t->subtest, t->kernel) : xstrdup(t->subtest);
	bool ok = t->verdict == VERDICT_PASS || t->verdict == VERDICT_SKIP;

	add_nested(out, 2, name, t, t->nested);
	add_diagnostics(out, t);
	add_result(out, 1, number, ok, name, directive_of(t), why(t));
}

/* The tests of one file, from *at on; *at is moved behind them. */
static void add_file(struct strbuf *out, const struct result *r, size_t *at, size_t number)
{
	size_t first = *at, skipped = 0, passed = 0, n;
	const char *file = r->tests[first].file;

	while (*at < r->n && !strcmp(r->tests[*at].file, file)) {
		passed += r->tests[*at].verdict == VERDICT_PASS || r->tests[*at].undecisive;
		skipped += r->tests[*at].verdict == VERDICT_SKIP;
		++*at;
	}
	n = *at - first;
	add_head(out, 1, file, n);
	for (size_t i = first; i < *at; i++)
		add_test(out, r, &r->tests[i], i - first + 1);
	add_result(out, 0, number, passed + skipped == n, file, skipped == n ? "SKIP" : NULL, NULL);
}

static size_t count_files(const struct result *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += !i || strcmp(r->tests[i].file, r->tests[i - 1].file) != 0;
	return n;
}

void report_ktap(const struct result *r, struct strbuf *out)
{
	size_t at = 0, number = 0;

	add_head(out, 0, NULL, count_files(r));
	while (at < r->n)
		add_file(out, r, &at, ++number);
}
