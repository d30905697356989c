// SPDX-License-Identifier: GPL-2.0-only
#include "base/conf.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/shword.h"
#include "base/str.h"
#include "base/text.h"

struct conf {
	const char *name; /* of the file */
	const struct conf_entry *table;
	void *into;
	int lineno;
};

static int malformed(const struct conf *c, const char *line, size_t len, const char *why,
		     struct err *err)
{
	_cleanup_strbuf_ struct strbuf shown = {0};

	text_escape(&shown, line, len, 60);
	return err_set(err, EINVAL, "%s:%d: %s: \"%s\"", c->name, c->lineno, why,
		       shown.s ? shown.s : "");
}

static size_t name_length(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && (s[n] == '_' || (s[n] >= 'a' && s[n] <= 'z') ||
			   (s[n] >= 'A' && s[n] <= 'Z') || (n && s[n] >= '0' && s[n] <= '9')))
		n++;
	return n;
}

static const struct conf_entry *find_entry(const struct conf_entry *e, const char *name, size_t len)
{
	for (; e->name; e++)
		if (strlen(e->name) == len && !memcmp(e->name, name, len))
			return e;
	return NULL;
}

static int set_int(const struct conf *c, const struct conf_entry *e, const char *value,
		   struct err *err)
{
	int64_t *field = (int64_t *)(void *)((char *)c->into + e->offset);

	if (str_int(value, INT64_MIN, INT64_MAX, field) == 0)
		return 0;
	return err_set(err, EINVAL, "%s:%d: %s: not a number", c->name, c->lineno, e->name);
}

static int set_value(const struct conf *c, const struct conf_entry *e, const char *value,
		     struct err *err)
{
	if (e->type == CONF_INT)
		return set_int(c, e, value, err);
	str_set((char **)(void *)((char *)c->into + e->offset), *value ? value : NULL);
	return 0;
}

/* Nothing but a comment may follow the value. */
static bool at_end(struct shtext *t)
{
	const char *before = t->s;

	shtext_skip(t, false);
	return t->s == t->end || (*t->s == '#' && t->s > before);
}

static int parse_line(struct conf *c, const char *line, size_t len, struct err *err)
{
	_cleanup_strbuf_ struct strbuf value = {0};
	struct shtext t = {line, line + len};
	const struct conf_entry *e;
	const char *name, *why;
	size_t n;

	shtext_skip(&t, false);
	if (t.s == t.end || *t.s == '#')
		return 0;
	name = t.s;
	n = name_length(name, (size_t)(t.end - name));
	if (!n || name + n == t.end || name[n] != '=')
		return malformed(c, line, len, "not of the form name=value", err);
	t.s = name + n + 1;
	why = shtext_word(&t, &value);
	if (!why && !at_end(&t))
		why = "more than one word; quote the value";
	if (why)
		return malformed(c, line, len, why, err);
	e = find_entry(c->table, name, n);
	if (!e) {
		log_warn("%s:%d: unknown name %.*s", c->name, c->lineno, (int)(n < 100 ? n : 100),
			 name);
		return 0;
	}
	return set_value(c, e, value.s, err);
}

int conf_parse(const char *name, const char *text, size_t len, const struct conf_entry *table,
	       void *into, struct err *err)
{
	struct conf c = {.name = name, .table = table, .into = into};
	int r = 0;

	while (len && r == 0) {
		const char *nl = memchr(text, '\n', len);
		size_t n = nl ? (size_t)(nl - text) : len;

		if (++c.lineno > CONF_LINES_MAX)
			return err_set(err, EFBIG, "%s: more than %d lines", name, CONF_LINES_MAX);
		r = parse_line(&c, text, n && text[n - 1] == '\r' ? n - 1 : n, err);
		n += nl ? 1 : 0;
		text += n;
		len -= n;
	}
	return r;
}

int conf_read(const char *path, const struct conf_entry *table, void *into, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r = file_read(path, CONF_SIZE_MAX, &text, &len, err);

	return r < 0 ? r : conf_parse(path, text, len, table, into, err);
}
