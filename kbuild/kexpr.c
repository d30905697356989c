// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/kexpr.h"

struct parse {
	struct klex *l;
	struct arena *mem;
	int depth, nodes;
};

static const struct kexpr *parse_or(struct parse *p);

static const struct kexpr *node(struct parse *p, enum kexpr_op op, const struct kexpr *left,
				const struct kexpr *right)
{
	struct kexpr *e;

	if (!left || !right || ++p->nodes > KEXPR_NODES_MAX)
		return NULL;
	e = arena_alloc(p->mem, sizeof(*e));
	*e = (struct kexpr){.op = op, .left = left, .right = right};
	return e;
}

static const struct kexpr *leaf(struct parse *p)
{
	static const enum kexpr_op ops[] = {
		[KTOKEN_WORD] = KEXPR_SYMBOL,
		[KTOKEN_QUOTED] = KEXPR_TEXT,
		[KTOKEN_MACRO] = KEXPR_MACRO,
	};
	struct kexpr *e;

	if (p->l->token < KTOKEN_WORD || p->l->token > KTOKEN_MACRO)
		return NULL;
	e = arena_alloc(p->mem, sizeof(*e));
	e->op = ops[p->l->token];
	e->text = arena_strn(p->mem, p->l->text.s, p->l->text.len);
	klex_next(p->l);
	return e;
}

static const struct kexpr *parse_comparison(struct parse *p)
{
	const struct kexpr *left = leaf(p);
	enum ktoken t = p->l->token;

	if (!left || t < KTOKEN_EQ || t > KTOKEN_GE)
		return left;
	klex_next(p->l);
	return node(p, KEXPR_EQ + (t - KTOKEN_EQ), left, leaf(p));
}

static const struct kexpr *parse_unary(struct parse *p)
{
	const struct kexpr *e;

	if (p->depth > KEXPR_DEPTH_MAX)
		return NULL;
	p->depth++;
	if (p->l->token == KTOKEN_NOT) {
		klex_next(p->l);
		e = parse_unary(p);
		e = node(p, KEXPR_NOT, e, e);
	} else if (p->l->token == KTOKEN_OPEN) {
		klex_next(p->l);
		e = parse_or(p);
		if (p->l->token == KTOKEN_CLOSE)
			klex_next(p->l);
		else
			e = NULL;
	} else {
		e = parse_comparison(p);
	}
	p->depth--;
	return e;
}

static const struct kexpr *parse_and(struct parse *p)
{
	const struct kexpr *e = parse_unary(p);

	while (e && p->l->token == KTOKEN_AND) {
		klex_next(p->l);
		e = node(p, KEXPR_AND, e, parse_unary(p));
	}
	return e;
}

static const struct kexpr *parse_or(struct parse *p)
{
	const struct kexpr *e = parse_and(p);

	while (e && p->l->token == KTOKEN_OR) {
		klex_next(p->l);
		e = node(p, KEXPR_OR, e, parse_and(p));
	}
	return e;
}

const struct kexpr *kexpr_parse(struct klex *l, struct arena *mem)
{
	struct parse p = {.l = l, .mem = mem};

	return parse_or(&p);
}
