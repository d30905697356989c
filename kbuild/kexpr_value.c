// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kbuild/dotconfig.h"
#include "kbuild/kconfig.h"
#include "kbuild/kexpr.h"

static bool is_state(const char *s)
{
	return (*s == 'y' || *s == 'm' || *s == 'n') && !s[1];
}

enum ktri ktri_of(const char *value)
{
	if (!strcmp(value, "y"))
		return KTRI_Y;
	return strcmp(value, "m") ? KTRI_N : KTRI_M;
}

/* What stands for the symbol in a comparison: one that nobody defines is its own name. */
static const char *text_of(const struct kexpr *e, const struct kvalues *v)
{
	const struct ksymbol *sym;
	const char *value;

	if (e->op != KEXPR_SYMBOL || is_state(e->text))
		return e->text;
	value = dotconfig_get(v->c, e->text);
	if (value)
		return value;
	sym = kconfig_find(v->k, e->text);
	if (!sym || !sym->defs)
		return e->text;
	return sym->type <= KTYPE_TRISTATE ? "n" : "";
}

static bool as_number(const char *s, long long *out)
{
	char *end;

	if (is_state(s)) {
		*out = (long long)ktri_of(s);
		return true;
	}
	errno = 0;
	*out = strtoll(s, &end, 0);
	return end > s && !*end && !errno;
}

static int compare(const char *a, const char *b)
{
	long long x, y;

	if (as_number(a, &x) && as_number(b, &y))
		return (x > y) - (x < y);
	return dotconfig_same(a, b) ? 0 : strcmp(a, b);
}

static enum ktri comparison(const struct kexpr *e, const struct kvalues *v)
{
	bool is;
	int cmp;

	if (e->left->op == KEXPR_MACRO || e->right->op == KEXPR_MACRO)
		return KTRI_UNKNOWN;
	cmp = compare(text_of(e->left, v), text_of(e->right, v));
	switch (e->op) {
	case KEXPR_EQ:
		is = cmp == 0;
		break;
	case KEXPR_NE:
		is = cmp != 0;
		break;
	case KEXPR_LT:
		is = cmp < 0;
		break;
	case KEXPR_LE:
		is = cmp <= 0;
		break;
	case KEXPR_GT:
		is = cmp > 0;
		break;
	default:
		is = cmp >= 0;
	}
	return is ? KTRI_Y : KTRI_N;
}

static enum ktri symbol_value(const char *name, const struct kvalues *v)
{
	const char *modules = dotconfig_get(v->c, "MODULES");
	const char *value = is_state(name) ? name : dotconfig_get(v->c, name);

	if (!strcmp(name, "m") && !str_eq(modules, "y"))
		return KTRI_N;
	return value ? ktri_of(value) : KTRI_N;
}

/* With one side unknown, the other may still decide it. */
static enum ktri both(enum ktri a, enum ktri b)
{
	if (a == KTRI_N || b == KTRI_N)
		return KTRI_N;
	if (a == KTRI_UNKNOWN || b == KTRI_UNKNOWN)
		return KTRI_UNKNOWN;
	return a < b ? a : b;
}

static enum ktri either(enum ktri a, enum ktri b)
{
	if (a == KTRI_Y || b == KTRI_Y)
		return KTRI_Y;
	return a > b ? a : b;
}

enum ktri kexpr_value(const struct kexpr *e, const struct kvalues *v)
{
	enum ktri left;

	if (!e)
		return KTRI_Y;
	switch (e->op) {
	case KEXPR_SYMBOL:
	case KEXPR_TEXT:
		return symbol_value(e->text, v);
	case KEXPR_MACRO:
		return KTRI_UNKNOWN;
	case KEXPR_NOT:
		left = kexpr_value(e->left, v);
		return left == KTRI_UNKNOWN ? left : KTRI_Y - left;
	case KEXPR_AND:
		return both(kexpr_value(e->left, v), kexpr_value(e->right, v));
	case KEXPR_OR:
		return either(kexpr_value(e->left, v), kexpr_value(e->right, v));
	default:
		return comparison(e, v);
	}
}

static void show_symbol(const struct kexpr *e, const struct kvalues *v, struct strbuf *out)
{
	const struct ksymbol *sym = kconfig_find(v->k, e->text);
	const char *value = dotconfig_get(v->c, e->text);

	strbuf_puts(out, e->text);
	if (is_state(e->text) || !e->text[strspn(e->text, "0123456789")])
		return;
	if (sym && sym->defs)
		strbuf_addf(out, " (=%s)", value ? value : sym->type <= KTYPE_TRISTATE ? "n" : "");
	else
		strbuf_puts(out, " (=n, not defined here)");
}

static const char *const operators[] = {
	[KEXPR_AND] = "&&", [KEXPR_OR] = "||", [KEXPR_EQ] = "=", [KEXPR_NE] = "!=",
	[KEXPR_LT] = "<",   [KEXPR_LE] = "<=", [KEXPR_GT] = ">", [KEXPR_GE] = ">=",
};

/* How tightly it holds its parts together: what is looser than where it stands needs parentheses.
 */
static int binding(const struct kexpr *e)
{
	if (e->op == KEXPR_OR)
		return 0;
	return e->op == KEXPR_AND ? 1 : e->op >= KEXPR_EQ ? 2 : 3;
}

static void show(const struct kexpr *e, const struct kvalues *v, int at, struct strbuf *out)
{
	bool parens = binding(e) < at;

	strbuf_puts(out, parens ? "(" : "");
	if (e->op == KEXPR_SYMBOL) {
		show_symbol(e, v, out);
	} else if (e->op == KEXPR_TEXT) {
		strbuf_addf(out, "\"%s\"", e->text);
	} else if (e->op == KEXPR_MACRO) {
		strbuf_puts(out, e->text);
	} else if (e->op == KEXPR_NOT) {
		strbuf_putc(out, '!');
		show(e->left, v, 3, out);
	} else {
		show(e->left, v, binding(e), out);
		strbuf_addf(out, " %s ", operators[e->op]);
		show(e->right, v, binding(e), out);
	}
	strbuf_puts(out, parens ? ")" : "");
}

void kexpr_show(const struct kexpr *e, const struct kvalues *v, struct strbuf *out)
{
	show(e, v, 0, out);
}
