// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/kquestion.h"

#include <string.h>

#define SELECTS_MAX 4 /* named of those that could select it */

bool kquestion_is_state(const struct kquestion *q)
{
	return q->symbol->type <= KTYPE_TRISTATE;
}

/* Whether the value is one that the symbol's type has. */
bool kquestion_wrong_type(const struct kquestion *q)
{
	static const char *const kinds[] = {
		[KTYPE_BOOL] = "bool, which is y or n",
		[KTYPE_TRISTATE] = "tristate, which is y, m or n",
		[KTYPE_INT] = "int, a number",
		[KTYPE_HEX] = "hex, a number beginning with 0x",
		[KTYPE_STRING] = "string, a text in quotes",
	};
	enum ktype type = q->symbol->type;
	bool state = !strcmp(q->want, "y") || !strcmp(q->want, "n");
	bool wrong = type <= KTYPE_TRISTATE
			     ? !state && (type == KTYPE_BOOL || strcmp(q->want, "m") != 0)
			     : state || !strcmp(q->want, "m") ||
				       (type == KTYPE_STRING) != (q->want[0] == '"');

	if (!wrong || type == KTYPE_UNKNOWN)
		return false;
	strbuf_addf(q->out, "it is of type %s", kinds[type]);
	return true;
}

static enum ktri select_value(const struct kprop *p, const struct kvalues *v)
{
	const char *by = dotconfig_get(v->c, p->def->symbol->name);
	enum ktri value = by ? ktri_of(by) : KTRI_N, cond = kexpr_value(p->cond, v);

	return value < cond ? value : cond;
}

/* What is above want because others select it: they are named. */
bool kquestion_selected(const struct kquestion *q)
{
	int n = 0;

	for (const struct kprop *p = q->symbol->selects; p && n < SELECTS_MAX; p = p->other) {
		if (select_value(p, &q->v) <= ktri_of(q->want))
			continue;
		strbuf_addf(q->out, "%sselected by %s (=%s)", n++ ? ", " : "", p->def->symbol->name,
			    dotconfig_get(q->v.c, p->def->symbol->name));
	}
	return n > 0;
}

void kquestion_show_selects(const struct kquestion *q)
{
	const struct kprop *p = q->symbol->selects;
	int n = 0, more = 0;

	for (; p; p = p->other) {
		const char *by = dotconfig_get(q->v.c, p->def->symbol->name);

		if (n >= SELECTS_MAX) {
			more++;
			continue;
		}
		strbuf_addf(q->out, "%s%s (=%s)", n++ ? ", " : ": by ", p->def->symbol->name,
			    by ? by : "n");
		if (!p->cond)
			continue;
		strbuf_puts(q->out, " if ");
		kexpr_show(p->cond, &q->v, q->out);
	}
	if (more)
		strbuf_addf(q->out, " and %d more", more);
}

void kquestion_show_defaults(const struct kquestion *q, const struct kdef *d)
{
	for (const struct kprop *p = d->props; p; p = p->next) {
		if (p->kind != KPROP_DEFAULT || !p->first)
			continue;
		strbuf_puts(q->out, "; its default is ");
		kexpr_show(p->first, &q->v, q->out);
		if (!p->cond)
			continue;
		strbuf_puts(q->out, " if ");
		kexpr_show(p->cond, &q->v, q->out);
	}
}

static const struct kblock *choice_of(const struct kdef *d)
{
	const struct kblock *b = d->block;

	while (b && b->kind == KBLOCK_IF)
		b = b->parent;
	return b && b->kind == KBLOCK_CHOICE ? b : NULL;
}

/* Another symbol of the choice that d stands in has been taken. */
bool kquestion_other_choice(const struct kquestion *q, const struct kdef *d)
{
	const struct kblock *b = choice_of(d);

	if (!b)
		return false;
	if (!strcmp(q->want, "n")) {
		strbuf_addf(q->out, "the choice \"%s\" has to have one", b->prompt);
		return true;
	}
	for (size_t i = 0; i < q->v.k->symbols.n; i++) {
		const struct ksymbol *sym = q->v.k->symbols.entries[i].value;
		const char *value = dotconfig_get(q->v.c, sym->name);

		if (sym == q->symbol || !sym->defs || choice_of(sym->defs) != b || !value ||
		    ktri_of(value) == KTRI_N)
			continue;
		strbuf_addf(q->out, "the choice \"%s\" has %s (=%s)", b->prompt, sym->name, value);
		return true;
	}
	return false;
}

bool kquestion_out_of_range(const struct kquestion *q, const struct kdef *d)
{
	for (const struct kprop *p = d->props; p; p = p->next) {
		if (p->kind != KPROP_RANGE || !p->first || !p->second ||
		    kexpr_value(p->cond, &q->v) == KTRI_N)
			continue;
		strbuf_puts(q->out, "its range is ");
		kexpr_show(p->first, &q->v, q->out);
		strbuf_puts(q->out, " to ");
		kexpr_show(p->second, &q->v, q->out);
		return true;
	}
	return false;
}
