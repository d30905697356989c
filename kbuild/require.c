// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/require.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

#define VALUE_MAX 1024

static void require_free(void *arg)
{
	struct require *q = arg;

	free(q->value);
	free(q->from);
	free(q);
}

void requires_done(struct requires *r)
{
	map_done(&r->by_symbol, require_free);
}

/* Of letters, digits and underscores; what else ends it. */
static size_t symbol_length(const char *s)
{
	return strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
}

static bool is_number(const char *s)
{
	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
		return s[2] && !s[2 + strspn(s + 2, "0123456789abcdefABCDEF")];
	s += *s == '-' ? 1 : 0;
	return *s && !s[strspn(s, "0123456789")];
}

static bool is_quoted(const char *s)
{
	size_t n = strlen(s);

	return n >= 2 && s[0] == '"' && s[n - 1] == '"';
}

/* As a .config writes it: what is neither a state nor a number is text and stands in quotes. */
static char *config_value(const char *s)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	if (!strcmp(s, "y") || !strcmp(s, "n") || !strcmp(s, "m") || is_number(s) || is_quoted(s))
		return xstrdup(s);
	strbuf_putc(&b, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			strbuf_putc(&b, '\\');
		strbuf_putc(&b, *s);
	}
	strbuf_putc(&b, '"');
	return strbuf_detach(&b);
}

static bool printable(const char *s)
{
	size_t len = strlen(s);

	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return len <= VALUE_MAX;
}

static int bad_word(const char *word, const char *from, const char *why, struct err *err)
{
	_cleanup_strbuf_ struct strbuf shown = {0};

	text_escape(&shown, word, strlen(word), 60);
	return err_set(err, EINVAL, "%s: %s, not SYMBOL or SYMBOL=VALUE: \"%s\"", from, why,
		       shown.s ? shown.s : "");
}

static int set(struct require **place, const char *symbol, char *value, const char *from, bool soft,
	       struct err *err)
{
	struct require *q = *place;

	if (q && soft && !q->soft) {
		free(value);
		return 0;
	}
	if (q && soft == q->soft && str_eq(q->from, from) && !str_eq(q->value, value)) {
		int r = err_set(err, EINVAL, "%s: CONFIG_%s is required as %s and as %s", from,
				symbol, q->value, value);

		free(value);
		return r;
	}
	if (!q)
		q = *place = xcalloc(1, sizeof(*q));
	free(q->value);
	q->value = value;
	q->soft = soft;
	str_set(&q->from, from);
	return 0;
}

int requires_add(struct requires *r, const char *word, const char *from, bool soft, struct err *err)
{
	const char *symbol = str_starts(word, "CONFIG_") ? word + strlen("CONFIG_") : word;
	size_t n = symbol_length(symbol);
	_cleanup_free_ char *name = xstrndup(symbol, n);
	const char *value = symbol[n] == '=' ? symbol + n + 1 : "y";

	if (!n)
		return bad_word(word, from, "no symbol", err);
	if ((symbol[n] && symbol[n] != '=') || !*value || !printable(value))
		return bad_word(word, from, "no value", err);
	return set((struct require **)map_put(&r->by_symbol, name), name, config_value(value), from,
		   soft, err);
}

/* The test and the command line may want what no list has. */
static int add_words(struct requires *r, const struct strv *words, bool soft, struct err *err)
{
	int ret = 0;

	for (size_t i = 0; words && i < words->n && ret == 0; i++)
		ret = requires_add(r, words->v[i], "required by the test", soft, err);
	return ret;
}

static int add_named(struct requires *r, const struct kbuild *b, const char *kind, const char *name,
		     struct err *err)
{
	_cleanup_free_ char *list = xasprintf("%s.%s", kind, name);
	_cleanup_free_ char *path = xasprintf("%s/kconfig/%s", b->tree, list);

	if (strchr(name, '/') || !path_exists(path))
		return err_set(err, ENOENT, "no %s '%s': there is no %s", kind, name, path);
	return requires_list(r, b, list, err);
}

int requires_collect(struct requires *r, const struct kbuild *b, struct err *err)
{
	int ret = requires_list(r, b, "base", err);

	if (ret == 0)
		ret = requires_list(r, b, b->arch->source_arch, err);
	if (ret == 0 && b->bus)
		ret = add_named(r, b, "bus", b->bus, err);
	if (ret == 0 && b->gcov && b->gcov->n)
		ret = requires_list(r, b, "coverage", err);
	for (size_t i = 0; b->variants && i < b->variants->n && ret == 0; i++)
		ret = add_named(r, b, "variant", b->variants->v[i], err);
	if (ret == 0)
		ret = add_words(r, b->require, false, err);
	return ret < 0 ? ret : add_words(r, b->require_soft, true, err);
}
