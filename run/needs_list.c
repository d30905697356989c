// SPDX-License-Identifier: GPL-2.0-only
/* The text of `TEST list-tests` to names, each of which becomes a directory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "run/needs.h"

#define NAME_BYTES_MAX 200

static const char white[] = " \t\n\r\v\f";

static bool printable(const char *s, size_t len)
{
	uint32_t cp;
	size_t n;

	for (; len; s += n, len -= n) {
		n = utf8_decode(s, len, &cp);
		if (!n || !text_printable(cp))
			return false;
	}
	return true;
}

static int add_name(const char *s, size_t len, struct strv *names, struct err *err)
{
	_cleanup_strbuf_ struct strbuf shown = {0};

	if (len <= NAME_BYTES_MAX && printable(s, len)) {
		strv_addn(names, s, len);
		return 0;
	}
	text_escape(&shown, s, len, 60);
	if (len > NAME_BYTES_MAX)
		return err_set(err, EINVAL, "the subtest name \"%s\" takes %zu bytes, at most %d",
			       shown.s, len, NAME_BYTES_MAX);
	return err_set(err, EINVAL, "the subtest name \"%s\" is not printable", shown.s);
}

/* A name and what its directory is called. */
struct named {
	const char *name;
	char *dir;
};

static int compare_dirs(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->dir, ((const struct named *)b)->dir);
}

static int report_collision(const struct named *a, const struct named *b, struct err *err)
{
	if (!strcmp(a->name, b->name))
		return err_set(err, EEXIST, "two subtests are called \"%s\"", a->name);
	return err_set(err, EEXIST, "the subtests \"%s\" and \"%s\" share the directory \"%s\"",
		       a->name, b->name, a->dir);
}

static int check_collisions(const struct strv *names, struct err *err)
{
	struct named *all = xcalloc(names->n, sizeof(*all));
	int r = 0;

	for (size_t i = 0; i < names->n; i++) {
		all[i] = (struct named){names->v[i], xstrdup(names->v[i])};
		for (char *c = all[i].dir; *c; c++)
			if (*c == '/')
				*c = '.';
	}
	qsort(all, names->n, sizeof(*all), compare_dirs);
	for (size_t i = 1; i < names->n && r == 0; i++)
		if (!strcmp(all[i - 1].dir, all[i].dir))
			r = report_collision(&all[i - 1], &all[i], err);
	for (size_t i = 0; i < names->n; i++)
		free(all[i].dir);
	free(all);
	return r;
}

static bool is_white(char c)
{
	return c && strchr(white, c);
}

int needs_parse_list(const char *text, size_t len, struct needs *n, struct err *err)
{
	const char *end = text + len, *start;
	int r = 0;

	strv_done(&n->subtests);
	while (r == 0) {
		while (text < end && is_white(*text))
			text++;
		for (start = text; text < end && !is_white(*text);)
			text++;
		if (text == start)
			break;
		r = add_name(start, (size_t)(text - start), &n->subtests, err);
	}
	return r < 0 ? r : check_collisions(&n->subtests, err);
}
