// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/kfail.h"

struct collect {
	struct kfail *f;
	const struct kvalues *v;
	enum ktri need;
};

static void add(const struct collect *c, const struct kblock *block, const char *verb,
		const struct kexpr *e)
{
	enum ktri value;

	if (!e)
		return;
	if (e->op == KEXPR_AND) {
		add(c, block, verb, e->left);
		add(c, block, verb, e->right);
		return;
	}
	value = kexpr_value(e, c->v);
	if (c->need == KTRI_UNKNOWN ? value != KTRI_UNKNOWN : value >= c->need)
		return;
	if (c->f->n < KFAIL_MAX)
		c->f->parts[c->f->n++] = (struct kfail_part){block, verb, e};
}

static void add_conds(const struct collect *c, const struct kblock *block, const char *verb,
		      const struct kconds *conds)
{
	for (const struct kcond *cond = conds->first; cond; cond = cond->next)
		add(c, block, verb, cond->expr);
}

void kfail_collect(struct kfail *f, const struct kdef *def, const struct kvalues *v, enum ktri need,
		   bool prompt)
{
	const struct collect c = {f, v, need};

	f->n = 0;
	add_conds(&c, NULL, "depends on", &def->depends);
	if (prompt)
		add(&c, NULL, "has its prompt only if", def->prompt_if);
	for (const struct kblock *b = def->block; b; b = b->parent) {
		add_conds(&c, b, "depends on", &b->depends);
		if (prompt)
			add_conds(&c, b, "is there only if", &b->visible);
	}
}

static void show_intro(const struct kfail_part *p, struct strbuf *out)
{
	static const char *const kinds[] = {
		[KBLOCK_MENU] = "its menu",
		[KBLOCK_CHOICE] = "its choice",
	};

	if (p->block && p->block->kind == KBLOCK_IF)
		strbuf_puts(out, "stands within if ");
	else if (p->block)
		strbuf_addf(out, "%s \"%s\" %s ", kinds[p->block->kind], p->block->prompt, p->verb);
	else
		strbuf_addf(out, "%s ", p->verb);
}

/* What stands within two "if" reads as within one. */
static bool same_intro(const struct kfail_part *a, const struct kfail_part *b)
{
	if (a->block && b->block && a->block->kind == KBLOCK_IF && b->block->kind == KBLOCK_IF)
		return true;
	return a->block == b->block && a->verb == b->verb;
}

void kfail_show(const struct kfail *f, const struct kvalues *v, struct strbuf *out)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct kfail_part *p = &f->parts[i];
		bool either = p->expr->op == KEXPR_OR;

		strbuf_puts(out, !i ? "" : same_intro(p - 1, p) ? " && " : "; ");
		if (!i || !same_intro(p - 1, p))
			show_intro(p, out);
		strbuf_puts(out, either ? "(" : "");
		kexpr_show(p->expr, v, out);
		strbuf_puts(out, either ? ")" : "");
	}
}

const char *kfail_symbol(const struct kfail *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->parts[i].expr->op == KEXPR_SYMBOL)
			return f->parts[i].expr->text;
	return NULL;
}
