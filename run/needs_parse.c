// SPDX-License-Identifier: GPL-2.0-only
/* The text of `TEST deps` to declarations. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/shword.h"
#include "base/text.h"
#include "run/needs_table.h"
#include "kernel/arch.h"
#include "vm/disk.h"

#define MEM_MIN_MIB 32
#define SECTOR	    512

/* One assignment as it stands in the text. */
struct assignment {
	const char *name;
	size_t name_len;
	bool list;
	struct strv words; /* exactly one unless list */
};

static int refuse(const struct need_row *row, const char *value, const char *why, struct err *err)
{
	_cleanup_strbuf_ struct strbuf shown = {0};

	text_escape(&shown, value, strlen(value), 80);
	return err_set(err, EINVAL, "%s: \"%s\" %s", row->name, shown.s ? shown.s : "", why);
}

/* The names there are, by the message on one that is none; the value in it is foreign text. */
static int refuse_bus(const struct need_row *row, const char *value, struct err *err)
{
	_cleanup_strbuf_ struct strbuf shown = {0};
	struct err why = {0};

	bus_find(value, &why);
	text_escape(&shown, why.msg, strlen(why.msg), 300);
	return err_set(err, EINVAL, "%s: %s", row->name, shown.s);
}

static bool is_choice(const char *choices, const char *value)
{
	size_t n = strlen(value), len;

	for (const char *c = choices; *c; c += len + (c[len] == '|')) {
		len = strcspn(c, "|");
		if (len == n && !memcmp(c, value, n))
			return true;
	}
	return false;
}

static int set_word(const struct need_row *row, char **field, const char *value, struct err *err)
{
	_cleanup_free_ char *why = NULL;

	if (!*value) {
		str_set(field, NULL);
		return 0;
	}
	if (row->kind == NEED_ARCH && !arch_find(value))
		why = xasprintf("is no architecture known here; there are %s", arch_names());
	else if (row->kind == NEED_BUS && !bus_find(value, NULL))
		return refuse_bus(row, value, err);
	else if (row->kind == NEED_CHOICE && !is_choice(row->choices, value))
		why = xasprintf("is none of: %s", row->choices);
	if (why)
		return refuse(row, value, why, err);
	str_set(field, value);
	return 0;
}

static int set_int(const struct need_row *row, int64_t *field, const char *value, struct err *err)
{
	_cleanup_free_ char *why = NULL;
	int64_t v = 0;

	if (*value && str_int(value, 1, row->max, &v) < 0) {
		why = xasprintf("is no number of %s from 1 to %" PRId64, row->what, row->max);
		return refuse(row, value, why, err);
	}
	*field = v;
	return 0;
}

static int set_mem(const struct need_row *row, int64_t *field, const char *value, struct err *err)
{
	_cleanup_free_ char *mib = NULL;
	uint64_t bytes;

	if (!*value) {
		*field = 0;
		return 0;
	}
	/* Without a unit, it counts MiB. */
	mib = xasprintf("%sM", value);
	if (str_size(strspn(value, "0123456789") == strlen(value) ? mib : value, &bytes) < 0)
		return refuse(row, value, "is no size of memory such as 512M or 4G", err);
	if (bytes >> 20 < MEM_MIN_MIB)
		return refuse(row, value, "is too little memory: a guest needs at least 32M", err);
	*field = (int64_t)(bytes >> 20);
	return 0;
}

static int set_sizes(const struct need_row *row, struct needs *n, const struct strv *words,
		     struct err *err)
{
	uint64_t *sizes = xcalloc(words->n, sizeof(*sizes));
	uint64_t **field = need_field(n, row);
	const char *why = NULL;
	size_t i;

	for (i = 0; i < words->n && !why; i++) {
		if (str_size(words->v[i], &sizes[i]) < 0 || sizes[i] > INT64_MAX)
			why = "is no size of a disk such as 512M or 4G";
		else if (sizes[i] < SECTOR)
			why = sizes[i] ? "is no disk: less than a sector"
				       : "is no disk: it has 0 bytes";
	}
	if (why) {
		free(sizes);
		return refuse(row, words->v[i - 1], why, err);
	}
	free(*field);
	*field = sizes;
	*need_count(n, row) = words->n;
	return 0;
}

static int set_isolation(const struct need_row *row, enum isolation *field, const char *value,
			 struct err *err)
{
	*field = isolation_find(value);
	return *field || !*value ? 0 : refuse(row, value, "is none of: shared|boot|clone", err);
}

/* Any word but these switches it on: libraries differ in the one they use. */
static bool flag_value(const char *value)
{
	return *value && strcmp(value, "0") != 0 && strcmp(value, "false") != 0 &&
	       strcmp(value, "no") != 0;
}

static int set_row(const struct need_row *row, const struct assignment *a, struct needs *n,
		   struct err *err)
{
	bool list = row->kind == NEED_LIST || row->kind == NEED_SIZES;
	void *field = need_field(n, row);

	if (a->list != list)
		return err_set(err, EINVAL, "%s: wants %s", row->name,
			       list ? "a list: (...)" : "one word, not a list");
	switch (row->kind) {
	case NEED_FLAG:
		*(bool *)field = flag_value(a->words.v[0]);
		return 0;
	case NEED_INT:
		return set_int(row, field, a->words.v[0], err);
	case NEED_MEM:
		return set_mem(row, field, a->words.v[0], err);
	case NEED_LIST:
		strv_copy(field, &a->words);
		return 0;
	case NEED_SIZES:
		return set_sizes(row, n, &a->words, err);
	case NEED_ISOLATE:
		return set_isolation(row, field, a->words.v[0], err);
	default:
		return set_word(row, field, a->words.v[0], err);
	}
}

static int set_declaration(const struct assignment *a, struct needs *n, struct err *err)
{
	for (size_t i = 0; i < need_nrows; i++)
		if (strlen(need_rows[i].name) == a->name_len &&
		    !memcmp(need_rows[i].name, a->name, a->name_len))
			return set_row(&need_rows[i], a, n, err);
	log_debug("unknown declaration %.*s", (int)(a->name_len < 100 ? a->name_len : 100),
		  a->name);
	return 0;
}

static size_t name_length(const struct shtext *t)
{
	size_t n = 0, len = (size_t)(t->end - t->s);

	while (n < len && (t->s[n] == '_' || (t->s[n] >= 'a' && t->s[n] <= 'z') ||
			   (t->s[n] >= '0' && t->s[n] <= '9')))
		n++;
	return n > 6 && !memcmp(t->s, "ktest_", 6) ? n : 0;
}

/* Up to the end of a list, the parenthesis included. */
static const char *read_list(struct shtext *t, struct assignment *a)
{
	const char *why = NULL;

	t->s++;
	for (shtext_skip(t, true); !why && t->s < t->end && *t->s != ')'; shtext_skip(t, true)) {
		_cleanup_strbuf_ struct strbuf word = {0};

		why = shtext_word(t, &word);
		if (!why)
			strv_addn(&a->words, word.s, word.len);
	}
	if (!why && t->s == t->end)
		why = "the list is not closed";
	if (!why)
		t->s++;
	return why;
}

static const char *read_assignment(struct shtext *t, struct assignment *a)
{
	_cleanup_strbuf_ struct strbuf word = {0};
	const char *why;

	a->name = t->s;
	a->name_len = name_length(t);
	t->s += a->name_len;
	if (!a->name_len || t->s == t->end || *t->s != '=')
		return "no declaration";
	t->s++;
	a->list = t->s < t->end && *t->s == '(';
	why = a->list ? read_list(t, a) : shtext_word(t, &word);
	if (why)
		return why;
	if (!a->list)
		strv_addn(&a->words, word.s, word.len);
	shtext_skip(t, false);
	return t->s < t->end && *t->s != '\n' ? "more than a declaration on the line" : NULL;
}

/* The line in which an assignment began, its number counted from the text's beginning. */
static int bad_line(const char *text, const char *line, const char *end, const char *why,
		    struct err *err)
{
	_cleanup_strbuf_ struct strbuf shown = {0};
	const char *nl = memchr(line, '\n', (size_t)(end - line));
	int number = 1;

	for (const char *p = text; p < line; p++)
		number += *p == '\n';
	text_escape(&shown, line, (size_t)((nl ? nl : end) - line), 80);
	return err_set(err, EINVAL, "line %d of what it prints for 'deps': %s: \"%s\"", number, why,
		       shown.s ? shown.s : "");
}

int needs_parse_deps(const char *text, size_t len, struct needs *n, struct err *err)
{
	struct shtext t = {text, text + len};
	int r = 0;

	for (shtext_skip(&t, true); t.s < t.end && r == 0; shtext_skip(&t, true)) {
		struct assignment a = {0};
		const char *line = t.s;
		const char *why = read_assignment(&t, &a);

		if (why)
			r = bad_line(text, line, t.end, why, err);
		else
			r = set_declaration(&a, n, err);
		strv_done(&a.words);
	}
	return r;
}
