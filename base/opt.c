// SPDX-License-Identifier: GPL-2.0-only
#include "base/opt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELP_COLUMN 26

static bool row_takes(const struct opt *o, unsigned int command)
{
	return !command || !o->commands || (o->commands & command);
}

static bool row_has_arg(const struct opt *o)
{
	return o->type != OPT_BOOL && o->type != OPT_HELP;
}

static bool row_end(const struct opt *o)
{
	return !o->name && !o->short_name;
}

static void row_name(const struct opt *o, char *buf, size_t len)
{
	if (o->name)
		snprintf(buf, len, "--%s", o->name);
	else
		snprintf(buf, len, "-%c", o->short_name);
}

static bool choice_ok(const char *choices, const char *value)
{
	size_t n = strlen(value), len;

	for (const char *c = choices; *c; c += len + (c[len] == '|')) {
		len = strcspn(c, "|");
		if (len == n && !strncmp(c, value, n))
			return true;
	}
	return false;
}

static int set_int(const struct opt *o, const char *value, int64_t *field, struct err *err)
{
	char name[64];

	if (str_int(value, o->min, o->max, field) == 0)
		return 0;
	row_name(o, name, sizeof(name));
	return err_usage(err, "%s: '%s' is not a number from %" PRId64 " to %" PRId64, name, value,
			 o->min, o->max);
}

static int set_size(const struct opt *o, const char *value, uint64_t *field, struct err *err)
{
	char name[64];

	if (str_size(value, field) == 0)
		return 0;
	row_name(o, name, sizeof(name));
	return err_usage(err, "%s: '%s' is not a size such as 512M or 4G", name, value);
}

static int row_set(const struct opt *o, const char *value, void *into, struct err *err)
{
	void *field = (char *)into + o->offset;
	char name[64];

	switch (o->type) {
	case OPT_HELP:
		return OPT_WANTS_HELP;
	case OPT_BOOL:
		*(bool *)field = true;
		return 0;
	case OPT_STRING:
		str_set(field, value);
		return 0;
	case OPT_LIST:
		strv_add(field, value);
		return 0;
	case OPT_INT:
		return set_int(o, value, field, err);
	case OPT_SIZE:
		return set_size(o, value, field, err);
	case OPT_CHOICE:
		if (value && choice_ok(o->choices, value)) {
			str_set(field, value);
			return 0;
		}
		row_name(o, name, sizeof(name));
		return err_usage(err, "%s: '%s' is none of %s", name, value, o->choices);
	}
	return 0;
}

static const struct opt *find_long(const struct opt *table, unsigned int command, const char *name,
				   size_t len)
{
	for (const struct opt *o = table; !row_end(o); o++)
		if (o->name && row_takes(o, command) && strlen(o->name) == len &&
		    !strncmp(o->name, name, len))
			return o;
	return NULL;
}

static const struct opt *find_short(const struct opt *table, unsigned int command, char c)
{
	for (const struct opt *o = table; !row_end(o); o++)
		if (o->short_name == c && row_takes(o, command))
			return o;
	return NULL;
}

struct parser {
	const struct opt *table;
	unsigned int command;
	int argc;
	char **argv;
	int i;
	void *into;
};

static int next_arg(struct parser *p, const char *option, const char **value, struct err *err)
{
	if (p->i + 1 >= p->argc)
		return err_usage(err, "%s needs an argument", option);
	*value = p->argv[++p->i];
	return 0;
}

static int parse_long(struct parser *p, struct err *err)
{
	const char *name = p->argv[p->i] + 2;
	size_t len = strcspn(name, "=");
	const struct opt *o = find_long(p->table, p->command, name, len);
	const char *value = name[len] ? name + len + 1 : NULL;
	int r;

	if (!o)
		return err_usage(err, "unknown option --%.*s; '%s -h' lists what there is",
				 (int)len, name, p->argv[0]);
	if (value && !row_has_arg(o))
		return err_usage(err, "--%s takes no argument", o->name);
	if (!value && row_has_arg(o)) {
		r = next_arg(p, p->argv[p->i], &value, err);
		if (r < 0)
			return r;
	}
	return row_set(o, value, p->into, err);
}

static int parse_short(struct parser *p, struct err *err)
{
	const char *c = p->argv[p->i] + 1;
	const struct opt *o;
	const char *value;
	char name[3];
	int r = 0;

	for (; *c && r == 0; c++) {
		o = find_short(p->table, p->command, *c);
		if (!o)
			return err_usage(err, "unknown option -%c; '%s -h' lists what there is", *c,
					 p->argv[0]);
		if (!row_has_arg(o)) {
			r = row_set(o, NULL, p->into, err);
			continue;
		}
		snprintf(name, sizeof(name), "-%c", *c);
		value = c + 1;
		if (!*value)
			r = next_arg(p, name, &value, err);
		return r < 0 ? r : row_set(o, value, p->into, err);
	}
	return r;
}

int opt_parse(const struct opt *table, unsigned int command, int argc, char **argv, void *into,
	      int *rest, struct err *err)
{
	struct parser p = {table, command, argc, argv, 1, into};
	const char *word;
	int r = 0;

	for (; p.i < argc && r == 0; p.i++) {
		word = argv[p.i];
		if (word[0] != '-' || !word[1])
			break;
		if (!strcmp(word, "--")) {
			p.i++;
			break;
		}
		r = word[1] == '-' ? parse_long(&p, err) : parse_short(&p, err);
	}
	*rest = p.i;
	return r;
}

static void spelling(const struct opt *o, struct strbuf *b)
{
	if (o->short_name)
		strbuf_addf(b, "-%c%s", o->short_name, o->name ? ", " : "");
	else
		strbuf_puts(b, "    ");
	if (o->name)
		strbuf_addf(b, "--%s", o->name);
	if (row_has_arg(o))
		strbuf_addf(b, " %s", o->arg ? o->arg : "ARG");
}

void opt_help(const struct opt *table, unsigned int command, struct strbuf *out)
{
	for (const struct opt *o = table; !row_end(o); o++) {
		_cleanup_strbuf_ struct strbuf left = {0};

		if (!o->help || !row_takes(o, command))
			continue;
		spelling(o, &left);
		/* A spelling that is too long for its column has a line of its own. */
		if (left.len > HELP_COLUMN)
			strbuf_addf(out, "  %s\n  %*s %s\n", left.s, HELP_COLUMN, "", o->help);
		else
			strbuf_addf(out, "  %-*s %s\n", HELP_COLUMN, left.s, o->help);
	}
}

void opt_words(const struct opt *table, unsigned int command, struct strbuf *out)
{
	for (const struct opt *o = table; !row_end(o); o++) {
		if (!row_takes(o, command))
			continue;
		if (o->short_name)
			strbuf_addf(out, "-%c ", o->short_name);
		if (o->name)
			strbuf_addf(out, "--%s ", o->name);
	}
}

void opt_mdoc(const struct opt *table, unsigned int command, struct strbuf *out)
{
	for (const struct opt *o = table; !row_end(o); o++) {
		if (!o->help || !row_takes(o, command))
			continue;
		strbuf_puts(out, ".It");
		if (o->short_name)
			strbuf_addf(out, " Fl %c%s", o->short_name, o->name ? " ," : "");
		if (o->name)
			strbuf_addf(out, " Fl -%s", o->name);
		if (row_has_arg(o))
			strbuf_addf(out, " Ar %s", o->arg ? o->arg : "ARG");
		strbuf_addf(out, "\n%s.\n", o->help);
	}
}
