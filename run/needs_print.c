// SPDX-License-Identifier: GPL-2.0-only
/* What a file needs, for people and for programs. */
#include <inttypes.h>

#include "base/json.h"
#include "run/needs_table.h"

static json_t *sizes_json(const struct needs *n, const struct need_row *row)
{
	const uint64_t *sizes = *(uint64_t **)need_field(n, row);
	json_t *array = json_array();

	for (size_t i = 0; i < *need_count(n, row); i++)
		json_array_append_new(array, json_integer((json_int_t)sizes[i]));
	return array;
}

static json_t *row_json(const struct needs *n, const struct need_row *row)
{
	const void *field = need_field(n, row);
	int64_t number;

	switch (row->kind) {
	case NEED_FLAG:
		return json_boolean(*(const bool *)field);
	case NEED_INT:
	case NEED_MEM:
		number = *(const int64_t *)field;
		return number ? json_integer(number) : json_null();
	case NEED_LIST:
		return json_strv_lossy(field);
	case NEED_SIZES:
		return sizes_json(n, row);
	case NEED_ISOLATE:
		return json_string_lossy(isolation_name(*(const enum isolation *)field));
	default:
		return json_string_lossy(*(char *const *)field);
	}
}

json_t *needs_json(const struct needs *n)
{
	json_t *o = json_object();

	json_object_set_new(o, "path", json_string_lossy(n->path));
	json_object_set_new(o, "file", json_string_lossy(n->base));
	json_object_set_new(o, "tree", json_string_lossy(n->tree));
	for (size_t i = 0; i < need_nrows; i++)
		json_object_set_new(o, need_rows[i].json, row_json(n, &need_rows[i]));
	json_object_set_new(o, "subtests", json_strv_lossy(&n->subtests));
	return o;
}

static void list_text(const struct need_row *row, const struct strv *list, struct strbuf *out)
{
	if (!list->n)
		return;
	strbuf_addf(out, "%s=(", row->name);
	for (size_t i = 0; i < list->n; i++) {
		if (i)
			strbuf_putc(out, ' ');
		strbuf_shell_quote(out, list->v[i]);
	}
	strbuf_puts(out, ")\n");
}

static void sizes_text(const struct needs *n, const struct need_row *row, struct strbuf *out)
{
	const uint64_t *sizes = *(uint64_t **)need_field(n, row);
	size_t count = *need_count(n, row);

	for (size_t i = 0; i < count; i++)
		strbuf_addf(out, "%s%s%" PRIu64, i ? "" : row->name, i ? " " : "=(", sizes[i]);
	if (count)
		strbuf_puts(out, ")\n");
}

static void word_text(const struct need_row *row, const char *word, struct strbuf *out)
{
	if (!word)
		return;
	strbuf_addf(out, "%s=", row->name);
	strbuf_shell_quote(out, word);
	strbuf_putc(out, '\n');
}

static void row_text(const struct needs *n, const struct need_row *row, struct strbuf *out)
{
	const void *field = need_field(n, row);

	switch (row->kind) {
	case NEED_FLAG:
		if (*(const bool *)field)
			strbuf_addf(out, "%s=1\n", row->name);
		break;
	case NEED_INT:
	case NEED_MEM:
		if (*(const int64_t *)field)
			strbuf_addf(out, "%s=%" PRId64 "\n", row->name, *(const int64_t *)field);
		break;
	case NEED_LIST:
		list_text(row, field, out);
		break;
	case NEED_SIZES:
		sizes_text(n, row, out);
		break;
	case NEED_ISOLATE:
		word_text(row, isolation_name(*(const enum isolation *)field), out);
		break;
	default:
		word_text(row, *(char *const *)field, out);
	}
}

void needs_text(const struct needs *n, struct strbuf *out)
{
	for (size_t i = 0; i < need_nrows; i++)
		row_text(n, &need_rows[i], out);
	for (size_t i = 0; i < n->subtests.n; i++)
		strbuf_addf(out, "%s\n", n->subtests.v[i]);
}
