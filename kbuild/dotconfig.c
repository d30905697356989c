// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/dotconfig.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define PREFIX	"CONFIG_"
#define NOT_SET " is not set"

static size_t symbol_length(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && (s[n] == '_' || (s[n] >= 'A' && s[n] <= 'Z') ||
			   (s[n] >= 'a' && s[n] <= 'z') || (s[n] >= '0' && s[n] <= '9')))
		n++;
	return n;
}

static void put(struct dotconfig *c, const char *symbol, size_t n, const char *value, size_t len)
{
	void **place = map_putn(&c->values, symbol, n);

	free(*place);
	*place = xstrndup(value, len);
}

static void parse_line(struct dotconfig *c, const char *s, size_t len)
{
	const size_t prefix = strlen(PREFIX), not_set = strlen(NOT_SET);
	bool comment = len > 2 && !memcmp(s, "# ", 2);
	size_t n;

	s += comment ? 2 : 0;
	len -= comment ? 2 : 0;
	if (len < prefix || memcmp(s, PREFIX, prefix) != 0)
		return;
	s += prefix;
	len -= prefix;
	n = symbol_length(s, len);
	if (!n)
		return;
	if (!comment && n < len && s[n] == '=')
		put(c, s, n, s + n + 1, len - n - 1);
	else if (comment && len - n == not_set && !memcmp(s + n, NOT_SET, not_set))
		put(c, s, n, "n", 1);
}

void dotconfig_parse(struct dotconfig *c, const char *text, size_t len)
{
	while (len) {
		const char *nl = memchr(text, '\n', len);
		size_t n = nl ? (size_t)(nl - text) : len;
		size_t line = strnlen(text, n);

		while (line && text[line - 1] == '\r')
			line--;
		parse_line(c, text, line);
		n += nl ? 1 : 0;
		text += n;
		len -= n;
	}
}

int dotconfig_read(struct dotconfig *c, const char *path, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r = file_read(path, DOTCONFIG_SIZE_MAX, &text, &len, err);

	if (r == 0)
		dotconfig_parse(c, text, len);
	return r;
}

const char *dotconfig_get(const struct dotconfig *c, const char *symbol)
{
	return map_get(&c->values, symbol);
}

void dotconfig_set(struct dotconfig *c, const char *symbol, const char *value)
{
	put(c, symbol, strlen(symbol), value, strlen(value));
}

void dotconfig_write(const struct dotconfig *c, struct strbuf *out)
{
	for (size_t i = 0; i < c->values.n; i++) {
		const struct map_entry *e = &c->values.entries[i];

		if (str_eq(e->value, "n"))
			strbuf_addf(out, "# " PREFIX "%s" NOT_SET "\n", e->key);
		else
			strbuf_addf(out, PREFIX "%s=%s\n", e->key, (const char *)e->value);
	}
}

void dotconfig_done(struct dotconfig *c)
{
	map_done(&c->values, free);
}

/* s without the quotes around it. */
static size_t bare(const char **s)
{
	size_t n = strlen(*s);

	if (n < 2 || (*s)[0] != '"' || (*s)[n - 1] != '"')
		return n;
	(*s)++;
	return n - 2;
}

bool dotconfig_same(const char *a, const char *b)
{
	size_t la, lb;

	a = a ? a : "n";
	b = b ? b : "n";
	la = bare(&a);
	lb = bare(&b);
	return la == lb && !memcmp(a, b, la);
}
