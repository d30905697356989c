// SPDX-License-Identifier: GPL-2.0-only
/* Kconfig's statements, a line each. */
#include <errno.h>
#include <string.h>

#include "kbuild/kfile.h"

static const struct kexpr *expression(struct kfile *f)
{
	return kexpr_parse(&f->lex, &f->k->mem);
}

/* "if EXPR" where it may follow: NULL also for none. */
static const struct kexpr *condition(struct kfile *f)
{
	if (!klex_is(&f->lex, "if"))
		return NULL;
	klex_next(&f->lex);
	return expression(f);
}

static void add_cond(struct kfile *f, struct kconds *to, const struct kexpr *expr)
{
	struct kcond *c;

	if (!expr)
		return;
	c = arena_alloc(&f->k->mem, sizeof(*c));
	c->expr = expr;
	*(to->last ? &to->last->next : &to->first) = c;
	to->last = c;
}

static struct ksymbol *intern(struct kconfig *k, const char *name, size_t len)
{
	void **place = map_putn(&k->symbols, name, len);
	struct ksymbol *sym = *place;

	if (!sym) {
		sym = *place = arena_alloc(&k->mem, sizeof(*sym));
		sym->name = arena_strn(&k->mem, name, len);
		sym->type = KTYPE_UNKNOWN;
	}
	return sym;
}

/* The prompt's text belongs to menus and choices only. */
static void take_prompt(struct kfile *f)
{
	const char *text;

	if (f->lex.token != KTOKEN_QUOTED && f->lex.token != KTOKEN_MACRO)
		return;
	text = f->entry ? arena_strn(&f->k->mem, f->lex.text.s, f->lex.text.len) : NULL;
	klex_next(&f->lex);
	if (f->def) {
		f->def->has_prompt = true;
		f->def->prompt_if = condition(f);
	} else if (f->entry) {
		f->entry->prompt = text;
		add_cond(f, &f->entry->visible, condition(f));
	}
}

static struct kprop *add_prop(struct kfile *f, enum kprop_kind kind)
{
	struct kprop *p = arena_alloc(&f->k->mem, sizeof(*p));

	*p = (struct kprop){.kind = kind, .def = f->def};
	*(f->def->last_prop ? &f->def->last_prop->next : &f->def->props) = p;
	f->def->last_prop = p;
	return p;
}

static int do_config(struct kfile *f, int arg, struct err *err)
{
	struct ksymbol *sym;
	struct kdef *def;

	(void)arg;
	if (f->lex.token != KTOKEN_WORD)
		return kfile_malformed(f, "config without a symbol", err);
	sym = intern(f->k, f->lex.text.s, f->lex.text.len);
	def = arena_alloc(&f->k->mem, sizeof(*def));
	*def = (struct kdef){.symbol = sym, .file = f->path, .line = f->in.lineno};
	def->block = *f->block;
	def->next = sym->defs;
	sym->defs = def;
	f->def = def;
	f->entry = NULL;
	return 0;
}

static int do_block(struct kfile *f, int kind, struct err *err)
{
	struct kblock *b;
	int depth = *f->block ? (*f->block)->depth + 1 : 0;

	if (depth > KCONFIG_DEPTH_MAX)
		return kfile_malformed(f, "too many blocks in one another", err);
	b = arena_alloc(&f->k->mem, sizeof(*b));
	*b = (struct kblock){.kind = (enum kblock_kind)kind, .parent = *f->block, .prompt = ""};
	b->depth = depth;
	*f->block = b;
	f->def = NULL;
	f->entry = b;
	if (kind == KBLOCK_IF)
		add_cond(f, &b->depends, expression(f));
	else
		take_prompt(f);
	return 0;
}

static int do_end(struct kfile *f, int kind, struct err *err)
{
	struct kblock *b = *f->block;

	if (!b || b == f->outer || b->kind != (enum kblock_kind)kind)
		return kfile_malformed(f, "an end of something that did not begin", err);
	*f->block = b->parent;
	f->def = NULL;
	f->entry = NULL;
	return 0;
}

/* Entries that no symbol is affected by: what follows belongs to nothing. */
static int do_nothing(struct kfile *f, int arg, struct err *err)
{
	(void)arg;
	(void)err;
	f->def = NULL;
	f->entry = NULL;
	return 0;
}

static int do_source(struct kfile *f, int arg, struct err *err)
{
	_cleanup_free_ char *path = NULL;
	int r;

	(void)arg;
	if (f->lex.token == KTOKEN_MACRO || f->lex.token == KTOKEN_END)
		return 0;
	path = xstrdup(f->lex.text.s);
	r = kfile_parse(f->k, path, f->block, f->depth + 1, err);
	return r < 0 ? r : do_nothing(f, 0, err);
}

static int do_type(struct kfile *f, int type, struct err *err)
{
	(void)err;
	if (f->def)
		f->def->symbol->type = (enum ktype)type;
	take_prompt(f);
	return 0;
}

static int do_prompt(struct kfile *f, int arg, struct err *err)
{
	(void)arg;
	(void)err;
	take_prompt(f);
	return 0;
}

static int do_default(struct kfile *f, int type, struct err *err)
{
	struct kprop *p;

	(void)err;
	if (!f->def)
		return 0;
	if (type >= 0)
		f->def->symbol->type = (enum ktype)type;
	p = add_prop(f, KPROP_DEFAULT);
	p->first = expression(f);
	p->cond = condition(f);
	return 0;
}

static int do_select(struct kfile *f, int kind, struct err *err)
{
	struct kprop *p;

	(void)err;
	if (!f->def || f->lex.token != KTOKEN_WORD)
		return 0;
	p = add_prop(f, (enum kprop_kind)kind);
	p->target = intern(f->k, f->lex.text.s, f->lex.text.len);
	klex_next(&f->lex);
	p->cond = condition(f);
	if (kind == KPROP_SELECT) {
		p->other = p->target->selects;
		p->target->selects = p;
	}
	return 0;
}

static int do_range(struct kfile *f, int arg, struct err *err)
{
	struct kprop *p;

	(void)arg;
	(void)err;
	if (!f->def)
		return 0;
	p = add_prop(f, KPROP_RANGE);
	p->first = expression(f);
	p->second = expression(f);
	p->cond = condition(f);
	return 0;
}

static int do_depends(struct kfile *f, int arg, struct err *err)
{
	(void)arg;
	(void)err;
	if (klex_is(&f->lex, "on"))
		klex_next(&f->lex);
	if (f->def)
		add_cond(f, &f->def->depends, expression(f));
	else if (f->entry)
		add_cond(f, &f->entry->depends, expression(f));
	return 0;
}

static int do_visible(struct kfile *f, int arg, struct err *err)
{
	(void)arg;
	(void)err;
	if (f->entry)
		add_cond(f, &f->entry->visible, condition(f));
	return 0;
}

static int do_help(struct kfile *f, int arg, struct err *err)
{
	(void)arg;
	(void)err;
	klines_skip_help(&f->in);
	return 0;
}

static const struct kstatement statements[] = {
	{"config", do_config, 0},
	{"menuconfig", do_config, 0},
	{"if", do_block, KBLOCK_IF},
	{"menu", do_block, KBLOCK_MENU},
	{"choice", do_block, KBLOCK_CHOICE},
	{"endif", do_end, KBLOCK_IF},
	{"endmenu", do_end, KBLOCK_MENU},
	{"endchoice", do_end, KBLOCK_CHOICE},
	{"mainmenu", do_nothing, 0},
	{"comment", do_nothing, 0},
	{"source", do_source, 0},
	{"bool", do_type, KTYPE_BOOL},
	{"boolean", do_type, KTYPE_BOOL},
	{"tristate", do_type, KTYPE_TRISTATE},
	{"int", do_type, KTYPE_INT},
	{"hex", do_type, KTYPE_HEX},
	{"string", do_type, KTYPE_STRING},
	{"prompt", do_prompt, 0},
	{"default", do_default, -1},
	{"def_bool", do_default, KTYPE_BOOL},
	{"def_tristate", do_default, KTYPE_TRISTATE},
	{"select", do_select, KPROP_SELECT},
	{"imply", do_select, KPROP_IMPLY},
	{"range", do_range, 0},
	{"depends", do_depends, 0},
	{"visible", do_visible, 0},
	{"help", do_help, 0},
	{"---help---", do_help, 0},
};

const struct kstatement *kstatement_find(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
		if (!strcmp(statements[i].word, word))
			return &statements[i];
	return NULL;
}
