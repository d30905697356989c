// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/kreason.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "kbuild/kfail.h"
#include "kbuild/kquestion.h"

#define REASON_MAX 900 /* columns */
#define CHASE_MAX  3   /* how far conditions that do not hold are followed */

/* What conditions must come to: those of a bool and of what is no state at all are content with m.
 */
static enum ktri need(const struct kquestion *q)
{
	return q->symbol->type == KTYPE_TRISTATE && !strcmp(q->want, "y") ? KTRI_Y : KTRI_M;
}

/* The definition with a prompt that has the fewest conditions left open; NULL if there is none. */
static const struct kdef *best_definition(const struct kquestion *q, bool prompt,
					  struct kfail *failing)
{
	const struct kdef *best = NULL;
	struct kfail f = {0};

	for (const struct kdef *d = q->symbol->defs; d; d = d->next) {
		if (d->has_prompt != prompt)
			continue;
		kfail_collect(&f, d, &q->v, need(q), prompt);
		if (best && f.n >= failing->n)
			continue;
		best = d;
		*failing = f;
	}
	return best;
}

static void add_place(const struct kquestion *q, const struct kdef *d)
{
	strbuf_addf(q->out, " (%s:%d)", d->file, d->line);
}

static bool has_default(const struct kdef *d)
{
	const struct kprop *p = d ? d->props : NULL;

	while (p && p->kind != KPROP_DEFAULT)
		p = p->next;
	return p;
}

static void no_prompt(const struct kquestion *q)
{
	struct kfail failing = {0};
	const struct kdef *d = best_definition(q, false, &failing);

	strbuf_puts(q->out, "it has no prompt");
	if (q->symbol->selects) {
		strbuf_puts(q->out, ", only select sets it");
		kquestion_show_selects(q);
	} else if (!has_default(d)) {
		strbuf_puts(q->out, ", and nothing selects it here");
	}
	if (!d)
		return;
	kquestion_show_defaults(q, d);
	if (failing.n) {
		strbuf_puts(q->out, "; it ");
		kfail_show(&failing, &q->v, q->out);
	}
	add_place(q, d);
}

static bool not_known(const struct kquestion *q, const struct kdef *d)
{
	struct kfail f = {0};

	kfail_collect(&f, d, &q->v, KTRI_UNKNOWN, true);
	if (!f.n)
		return false;
	kfail_show(&f, &q->v, q->out);
	strbuf_puts(q->out, ", which a test of this compiler or machine decides");
	return true;
}

/* The conditions are met, so that something else it must be. */
static void allowed(const struct kquestion *q, const struct kdef *d)
{
	bool m_only = kquestion_is_state(q) && !strcmp(q->want, "m") &&
		      !str_eq(dotconfig_get(q->v.c, "MODULES"), "y");

	if (m_only)
		strbuf_puts(q->out, "MODULES (=n)");
	else if (!kquestion_out_of_range(q, d) && !kquestion_other_choice(q, d) && !not_known(q, d))
		strbuf_puts(q->out, "its conditions in Kconfig are met, but it was not set");
}

static void chase(const struct kquestion *q, const char *symbol, int depth);

/* One line of argument: what fails, and what lies behind the first of it. */
static void because(const struct kquestion *q, int depth)
{
	struct kfail failing = {.n = 0};
	const struct kdef *d = best_definition(q, true, &failing);

	if (!d) {
		no_prompt(q);
		return;
	}
	if (failing.n) {
		kfail_show(&failing, &q->v, q->out);
		if (!kquestion_is_state(q) || !strcmp(q->want, "n"))
			kquestion_show_defaults(q, d);
	} else {
		allowed(q, d);
	}
	add_place(q, d);
	if (failing.n && kfail_symbol(&failing))
		chase(q, kfail_symbol(&failing), depth + 1);
}

/* A symbol that is in the way is asked why, unless it could simply be set. */
static void chase(const struct kquestion *q, const char *symbol, int depth)
{
	struct kquestion next = *q;
	struct kfail failing = {.n = 0};
	const struct kdef *d;

	next.symbol = kconfig_find(q->v.k, symbol);
	if (depth > CHASE_MAX || !next.symbol || !next.symbol->defs)
		return;
	next.want = "y";
	d = best_definition(&next, true, &failing);
	if (d && !failing.n)
		return;
	strbuf_addf(q->out, "; %s: ", symbol);
	because(&next, depth);
}

int kreason(const struct kconfig *k, const struct dotconfig *c, const char *symbol,
	    const char *want, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct kquestion q = {.v = {k, c}, .want = want, .out = &text};

	q.symbol = kconfig_find(k, symbol);
	if (!q.symbol || !q.symbol->defs)
		return -ENOENT;
	if (!kquestion_wrong_type(&q) && (!kquestion_is_state(&q) || !kquestion_selected(&q)))
		because(&q, 0);
	text_escape(out, text.s, text.len, REASON_MAX);
	return 0;
}
