// SPDX-License-Identifier: GPL-2.0-only
#include "testy/list.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "testy/path.h"

void testy_list_done(struct testy_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		strv_done(&l->lines[i].pattern);
		free(l->lines[i].test);
	}
	free(l->lines);
	free(l->path);
	*l = (struct testy_list){0};
}

/* ---- its text */

/* Where in a list we are, for messages. */
struct place {
	const char *name;
	int lineno;
};

static int __attribute__((format(printf, 3, 4)))
malformed(const struct place *at, struct err *err, const char *fmt, ...)
{
	_cleanup_free_ char *what = NULL;
	va_list ap;
	struct strbuf b = {0};

	va_start(ap, fmt);
	strbuf_vaddf(&b, fmt, ap);
	va_end(ap);
	what = strbuf_detach(&b);
	return err_usage(err, "%s:%d: %s", at->name, at->lineno, what);
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The words of a line, up to a comment. */
static void split_words(const char *s, size_t len, struct strv *words)
{
	const char *end = s + len, *start;

	for (;;) {
		while (s < end && is_blank(*s))
			s++;
		if (s == end || *s == '#')
			return;
		for (start = s; s < end && !is_blank(*s);)
			s++;
		strv_addn(words, start, (size_t)(s - start));
	}
}

static int set_pattern(const struct place *at, const char *text, struct testy_line *line,
		       struct err *err)
{
	size_t n;

	for (; *text; text += n + (text[n] == '/')) {
		n = strcspn(text, "/");
		if (n == 2 && !memcmp(text, "..", 2))
			return malformed(at, err, "a PATTERN does not leave the list's directory");
		if (n && !(n == 1 && *text == '.'))
			strv_addn(&line->pattern, text, n);
	}
	return 0;
}

static int parse_line(const struct place *at, const char *s, size_t len, struct testy_list *l,
		      struct err *err)
{
	_cleanup_strbuf_ struct strbuf shown = {0};
	_cleanup_strv_ struct strv words = {0};
	struct testy_line *line;

	/* What follows is C strings. */
	if (memchr(s, '\0', len))
		return malformed(at, err, "a NUL byte; a list is text");
	split_words(s, len, &words);
	if (!words.n)
		return 0;
	text_escape(&shown, s, len, 60);
	if (words.n != 3)
		return malformed(at, err, "%zu field%s instead of PRIORITY PATTERN TEST: \"%s\"",
				 words.n, words.n == 1 ? "" : "s", shown.s);
	l->lines = xrealloc(l->lines, (l->n + 1) * sizeof(*l->lines));
	line = &l->lines[l->n++];
	*line = (struct testy_line){.lineno = at->lineno, .test = xstrdup(words.v[2])};
	if (str_int(words.v[0], INT32_MIN, INT32_MAX, &line->priority) < 0)
		return malformed(at, err, "the PRIORITY is not a number: \"%s\"", shown.s);
	return set_pattern(at, words.v[1], line, err);
}

int testy_list_parse(const char *name, const char *text, size_t len, struct testy_list *l,
		     struct err *err)
{
	struct place at = {.name = name};
	int r = 0;

	*l = (struct testy_list){.path = xstrdup(name)};
	while (len && r == 0) {
		const char *nl = memchr(text, '\n', len);
		size_t n = nl ? (size_t)(nl - text) : len;

		if (++at.lineno > TESTY_LINES_MAX)
			return malformed(&at, err, "more than %d lines", TESTY_LINES_MAX);
		r = parse_line(&at, text, n, l, err);
		n += nl ? 1 : 0;
		text += n;
		len -= n;
	}
	return r;
}

/* ---- its file */

static const char *what_is_wrong(const char *test)
{
	struct stat st;

	if (stat(test, &st) < 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? "a directory, not a test" : "not a regular file";
	if (!str_ends(test, TESTY_SUFFIX_RUN) && access(test, X_OK) < 0)
		return "neither a .ktest file nor executable";
	return NULL;
}

static int find_test(const struct testy_list *l, struct testy_line *line, struct err *err)
{
	struct place at = {l->path, line->lineno};
	_cleanup_free_ char *dir = xstrndup(l->path, (size_t)(path_base(l->path) - l->path));
	_cleanup_strbuf_ struct strbuf shown = {0};
	char *test = testy_path(dir, line->test, false);
	const char *why = what_is_wrong(test);

	free(line->test);
	line->test = test;
	if (!why)
		return 0;
	text_escape(&shown, test, strlen(test), 500);
	return malformed(&at, err, "the test %s: %s", shown.s, why);
}

int testy_list_read(const char *path, struct testy_list *l, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	struct stat st;
	size_t len;
	int r;

	*l = (struct testy_list){0};
	/* A fifo would keep us waiting. */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_usage(err, "%s: not a regular file", path);
	r = file_read(path, TESTY_LIST_MAX, &text, &len, err);
	if (r < 0)
		err->usage = 1;
	else
		r = testy_list_parse(path, text, len, l, err);
	for (size_t i = 0; r == 0 && i < l->n; i++)
		r = find_test(l, &l->lines[i], err);
	return r;
}

/* ---- its patterns */

static bool component_matches(const char *glob, const char *name, size_t len)
{
	_cleanup_free_ char *copy = NULL;

	if (!glob[strcspn(glob, "*?[\\")])
		return strlen(glob) == len && !memcmp(glob, name, len);
	copy = xstrndup(name, len);
	return fnmatch(glob, copy, 0) == 0;
}

bool testy_pattern_matches(const struct strv *pattern, const char *path)
{
	for (size_t i = 0; i < pattern->n && *path; i++) {
		size_t n = strcspn(path, "/");

		if (!component_matches(pattern->v[i], path, n))
			return false;
		path += n + (path[n] == '/');
	}
	return true;
}
