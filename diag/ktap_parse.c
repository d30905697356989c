// SPDX-License-Identifier: GPL-2.0-only
#include "diag/ktap_parse.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"

#define INDENT_MAX 64
#define PLAN_MAX   1000000

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void skip(struct ktap_text *t, size_t n)
{
	t->s += n;
	t->len -= n;
}

static void trim(struct ktap_text *t)
{
	while (t->len && is_blank(t->s[0]))
		skip(t, 1);
	while (t->len && (is_blank(t->s[t->len - 1]) || t->s[t->len - 1] == '\r'))
		t->len--;
}

static bool take(struct ktap_text *t, const char *word)
{
	size_t n = strlen(word);

	if (t->len < n || memcmp(t->s, word, n) != 0)
		return false;
	skip(t, n);
	return true;
}

/* A number of at most PLAN_MAX; -1 if there is none. */
static int64_t take_number(struct ktap_text *t)
{
	int64_t v = 0;
	size_t i = 0;

	while (i < t->len && is_digit(t->s[i]) && v <= PLAN_MAX)
		v = v * 10 + (t->s[i++] - '0');
	if (!i || v > PLAN_MAX)
		return -1;
	skip(t, i);
	return v;
}

static int take_blanks(struct ktap_text *t)
{
	int n = 0;

	for (; t->len && is_blank(t->s[0]) && n < INDENT_MAX; skip(t, 1))
		n += t->s[0] == '\t' ? 8 : 1;
	return n;
}

static const char *find_directive(struct ktap_text t, struct ktap_text *text)
{
	static const char *const names[] = {"SKIP", "TODO", "XFAIL", "TIMEOUT", "ERROR"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t n = strlen(names[i]);

		if (t.len < n || strncasecmp(t.s, names[i], n) != 0)
			continue;
		/* "skipped", "SKIP:" and "SKIP-foo" are in use; "SKIPPER" is a word of its own. */
		if (t.len >= n + 3 && !strncasecmp(t.s + n, "ped", 3))
			n += 3;
		if (t.len > n && (is_alpha(t.s[n]) || is_digit(t.s[n])))
			continue;
		skip(&t, n);
		if (t.len && t.s[0] == ':')
			skip(&t, 1);
		trim(&t);
		*text = t;
		return names[i];
	}
	return NULL;
}

/* Cut "NAME # DIRECTIVE TEXT" in two at the first mark that a directive follows. */
static void split_directive(struct ktap_text *name, struct ktap_line *l)
{
	for (size_t i = 0; i < name->len; i++) {
		struct ktap_text rest = {name->s + i + 1, name->len - i - 1};

		if (name->s[i] != '#' || (i && !is_blank(name->s[i - 1])))
			continue;
		trim(&rest);
		l->directive = find_directive(rest, &l->directive_text);
		if (!l->directive)
			continue;
		name->len = i;
		break;
	}
	trim(name);
}

static bool parse_version(struct ktap_text t)
{
	int64_t version;

	if (!take(&t, "KTAP version ") && !take(&t, "TAP version "))
		return false;
	version = take_number(&t);
	trim(&t);
	return version > 0 && !t.len;
}

static bool parse_plan(struct ktap_text t, struct ktap_line *l)
{
	if (!take(&t, "1.."))
		return false;
	l->plan = take_number(&t);
	if (l->plan < 0 || (t.len && !is_blank(t.s[0]) && t.s[0] != '\r'))
		return false;
	split_directive(&t, l);
	return !t.len;
}

/* KTAP wants the number; TAP does not, but "ok, done" is what many a program says. */
static bool parse_result(struct ktap_text t, struct ktap_line *l)
{
	l->ok = !take(&t, "not ");
	if (!take(&t, "ok ") || take_number(&t) < 0 ||
	    (t.len && !is_blank(t.s[0]) && t.s[0] != '\r'))
		return false;
	trim(&t);
	if (!take(&t, "- ") && t.len == 1)
		take(&t, "-");
	l->name = t;
	split_directive(&l->name, l);
	return true;
}

static bool parse_subtest(struct ktap_text t, struct ktap_line *l)
{
	if (!take(&t, "# Subtest: "))
		return false;
	trim(&t);
	l->name = t;
	return true;
}

static bool parse_bail(struct ktap_text t, struct ktap_line *l)
{
	if (!take(&t, "Bail out!"))
		return false;
	trim(&t);
	l->directive_text = t;
	return true;
}

static enum ktap_kind parse_rest(struct ktap_text t, struct ktap_line *l)
{
	if (!t.len)
		return KTAP_NONE;
	switch (t.s[0]) {
	case 'K':
	case 'T':
		return parse_version(t) ? KTAP_VERSION : KTAP_NONE;
	case '1':
		return parse_plan(t, l) ? KTAP_PLAN : KTAP_NONE;
	case 'o':
	case 'n':
		return parse_result(t, l) ? KTAP_RESULT : KTAP_NONE;
	case 'B':
		return parse_bail(t, l) ? KTAP_BAIL : KTAP_NONE;
	default:
		return KTAP_NONE;
	}
}

struct ktap_line ktap_parse(const char *line, size_t len)
{
	struct ktap_text t = {line, len};
	struct ktap_line l = {.plan = -1};

	l.indent = take_blanks(&t);
	if (parse_subtest(t, &l)) {
		l.kind = KTAP_SUBTEST;
		return l;
	}
	while (l.indent < INDENT_MAX && take(&t, "# "))
		l.indent += 2 + take_blanks(&t);
	l.kind = parse_rest(t, &l);
	return l;
}
