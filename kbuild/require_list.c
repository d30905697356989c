// SPDX-License-Identifier: GPL-2.0-only
/* The lists in kconfig/. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "kbuild/require.h"

/* A line of a list, as far as it is read. */
struct list_line {
	const struct kbuild *b;
	const char *from; /* "kconfig/base:12" */
	bool applies, soft;
};

static int compare_versions(const char *a, const char *b)
{
	for (;;) {
		char *enda, *endb;
		unsigned long x = strtoul(a, &enda, 10), y = strtoul(b, &endb, 10);

		if (x != y)
			return x < y ? -1 : 1;
		if (*enda != '.' && *endb != '.')
			return 0;
		a = *enda == '.' ? enda + 1 : "0";
		b = *endb == '.' ? endb + 1 : "0";
	}
}

static bool is_version(const char *s)
{
	return *s >= '0' && *s <= '9' && !s[strspn(s, "0123456789.")];
}

static int malformed(const struct list_line *l, const char *word, const char *why, struct err *err)
{
	_cleanup_strbuf_ struct strbuf shown = {0};

	text_escape(&shown, word, strlen(word), 60);
	return err_set(err, EINVAL, "%s: %s: \"%s\"", l->from, why, shown.s ? shown.s : "");
}

/* One of "on ARCH", "from VERSION", "before VERSION". */
static int condition(struct list_line *l, const char *word, const char *value, struct err *err)
{
	bool on = !strcmp(word, "on"), from = !strcmp(word, "from");

	if (!on && !from && strcmp(word, "before") != 0)
		return malformed(l, word, "neither soft nor on, from or before", err);
	if (!value || (on ? !arch_find(value) : !is_version(value)))
		return malformed(l, value ? value : word,
				 on ? "no architecture" : "no version of the kernel", err);
	if (on)
		l->applies &= arch_find(value) == l->b->arch;
	else
		l->applies &= (compare_versions(l->b->version, value) >= 0) == from;
	return 0;
}

static int conditions(struct list_line *l, char **save, struct err *err)
{
	int r = 0;

	for (char *word; r == 0 && (word = strtok_r(NULL, " \t", save));) {
		if (strcmp(word, "soft") == 0)
			l->soft = true;
		else
			r = condition(l, word, strtok_r(NULL, " \t", save), err);
	}
	return r;
}

/* A '#' begins a comment where a word could begin; none of the values has one. */
static int parse_line(struct requires *r, struct list_line *l, char *text, struct err *err)
{
	char *save, *word;
	int ret;

	text[strcspn(text, "#\r")] = 0;
	word = strtok_r(text, " \t", &save);
	if (!word)
		return 0;
	ret = conditions(l, &save, err);
	if (ret < 0 || !l->applies)
		return ret;
	return requires_add(r, word, l->from, l->soft, err);
}

int requires_parse(struct requires *r, const struct kbuild *b, const char *name, const char *text,
		   size_t len, struct err *err)
{
	const char *end = text + len;
	int ret = 0;

	for (int lineno = 1; text < end && ret == 0; lineno++) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		_cleanup_free_ char *line = xstrndup(text, (size_t)((nl ? nl : end) - text));
		_cleanup_free_ char *from = xasprintf("%s:%d", name, lineno);
		struct list_line l = {.b = b, .from = from, .applies = true};

		ret = parse_line(r, &l, line, err);
		text = nl ? nl + 1 : end;
	}
	return ret;
}

int requires_list(struct requires *r, const struct kbuild *b, const char *name, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/kconfig/%s", b->tree, name);
	_cleanup_free_ char *shown = xasprintf("kconfig/%s", name);
	_cleanup_free_ char *text = NULL;
	size_t len;
	int ret = file_read(path, REQUIRE_LIST_MAX, &text, &len, err);

	return ret < 0 ? ret : requires_parse(r, b, shown, text, len, err);
}
