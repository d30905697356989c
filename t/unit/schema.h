/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of JSON Schema (draft 07) as the schemas in doc/ use. A keyword that is not known here is
 * a failure: it would check nothing.
 */
#ifndef T_UNIT_SCHEMA_H
#define T_UNIT_SCHEMA_H

#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/str.h"

struct schema {
	const json_t *root;
	char why[512]; /* the first thing that is wrong, with its path */
};

static bool schema_check(struct schema *s, const json_t *schema, const json_t *v, const char *path);

static inline bool schema_fail(struct schema *s, const char *path, const char *what)
{
	if (!s->why[0])
		snprintf(s->why, sizeof(s->why), "%s: %s", *path ? path : "/", what);
	return false;
}

static inline bool schema_type_is(const json_t *v, const char *type)
{
	static const char *const names[] = {"object", "array",	 "string",  "integer",
					    "number", "boolean", "boolean", "null"};

	return !strcmp(names[json_typeof(v)], type) ||
	       (!strcmp(type, "number") && json_is_integer(v));
}

static inline bool schema_type(struct schema *s, const json_t *rule, const json_t *v,
			       const char *path)
{
	if (json_is_string(rule) && schema_type_is(v, json_string_value(rule)))
		return true;
	for (size_t i = 0; i < json_array_size(rule); i++)
		if (schema_type_is(v, json_string_value(json_array_get(rule, i))))
			return true;
	return schema_fail(s, path, "of another type");
}

static inline bool schema_required(struct schema *s, const json_t *rule, const json_t *v,
				   const char *path)
{
	for (size_t i = 0; json_is_object(v) && i < json_array_size(rule); i++)
		if (!json_object_get(v, json_string_value(json_array_get(rule, i))))
			return schema_fail(s, path, json_string_value(json_array_get(rule, i)));
	return true;
}

static inline bool schema_properties(struct schema *s, const json_t *rule, const json_t *v,
				     const char *path)
{
	const char *key;
	json_t *sub;

	json_object_foreach ((json_t *)(uintptr_t)rule, key, sub) {
		const json_t *value = json_object_get(v, key);
		_cleanup_free_ char *at = xasprintf("%s/%s", path, key);

		if (value && !schema_check(s, sub, value, at))
			return false;
	}
	return true;
}

static inline bool schema_items(struct schema *s, const json_t *rule, const json_t *v,
				const char *path)
{
	for (size_t i = 0; i < json_array_size(v); i++) {
		_cleanup_free_ char *at = xasprintf("%s/%zu", path, i);

		if (!schema_check(s, rule, json_array_get(v, i), at))
			return false;
	}
	return true;
}

static inline bool schema_enum(struct schema *s, const json_t *rule, const json_t *v,
			       const char *path)
{
	for (size_t i = 0; i < json_array_size(rule); i++)
		if (json_equal(json_array_get(rule, i), v))
			return true;
	return schema_fail(s, path, "none of the values allowed");
}

static inline bool schema_all_of(struct schema *s, const json_t *rule, const json_t *v,
				 const char *path)
{
	for (size_t i = 0; i < json_array_size(rule); i++)
		if (!schema_check(s, json_array_get(rule, i), v, path))
			return false;
	return true;
}

static inline bool schema_ref(struct schema *s, const json_t *rule, const json_t *v,
			      const char *path)
{
	const char *name = json_string_value(rule);
	const json_t *to = json_object_get(s->root, "definitions");

	to = str_starts(name, "#/definitions/") ? json_object_get(to, name + 14) : NULL;
	return to ? schema_check(s, to, v, path) : schema_fail(s, path, "a reference to nothing");
}

static inline bool schema_if(struct schema *s, const json_t *schema, const json_t *v,
			     const char *path)
{
	struct schema quiet = {.root = s->root};

	return !schema_check(&quiet, json_object_get(schema, "if"), v, path) ||
	       schema_check(s, json_object_get(schema, "then"), v, path);
}

static inline bool schema_pattern(struct schema *s, const json_t *rule, const json_t *v,
				  const char *path)
{
	regex_t re;
	bool ok;

	if (!json_is_string(v))
		return true;
	if (regcomp(&re, json_string_value(rule), REG_EXTENDED | REG_NOSUB))
		return schema_fail(s, path, "the schema has a pattern that is none");
	ok = !regexec(&re, json_string_value(v), 0, NULL, 0);
	regfree(&re);
	return ok || schema_fail(s, path, json_string_value(rule));
}

/* Only `false` is known. */
static inline bool schema_no_others(struct schema *s, const json_t *schema, const json_t *v,
				    const char *path)
{
	const json_t *known = json_object_get(schema, "properties");
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)v, key, value)
		if (!json_object_get(known, key))
			return schema_fail(s, path, key);
	return json_is_false(json_object_get(schema, "additionalProperties"));
}

/* JSON Schema counts characters. */
static inline bool schema_max_length(struct schema *s, const json_t *rule, const json_t *v,
				     const char *path)
{
	const char *c = json_string_value(v);
	json_int_t n = 0;

	for (; c && *c; c++)
		n += (*c & 0xc0) != 0x80;
	return n <= json_integer_value(rule) || schema_fail(s, path, "too long");
}

static inline bool schema_keyword(struct schema *s, const json_t *schema, const char *key,
				  const json_t *rule, const json_t *v, const char *path)
{
	static const char words[] = " $schema $id title description definitions format then ";
	_cleanup_free_ char *word = xasprintf(" %s ", key);

	if (strstr(words, word))
		return true;
	if (!strcmp(key, "type"))
		return schema_type(s, rule, v, path);
	if (!strcmp(key, "required"))
		return schema_required(s, rule, v, path);
	if (!strcmp(key, "properties"))
		return schema_properties(s, rule, v, path);
	if (!strcmp(key, "items"))
		return schema_items(s, rule, v, path);
	if (!strcmp(key, "enum"))
		return schema_enum(s, rule, v, path);
	if (!strcmp(key, "const"))
		return json_equal(rule, v) || schema_fail(s, path, "another value");
	if (!strcmp(key, "minimum"))
		return !json_is_number(v) || json_number_value(v) >= json_number_value(rule) ||
		       schema_fail(s, path, "too small");
	if (!strcmp(key, "minLength"))
		return !json_is_string(v) ||
		       (json_int_t)json_string_length(v) >= json_integer_value(rule) ||
		       schema_fail(s, path, "too short");
	if (!strcmp(key, "maxLength"))
		return schema_max_length(s, rule, v, path);
	if (!strcmp(key, "pattern"))
		return schema_pattern(s, rule, v, path);
	if (!strcmp(key, "additionalProperties"))
		return schema_no_others(s, schema, v, path);
	if (!strcmp(key, "allOf"))
		return schema_all_of(s, rule, v, path);
	if (!strcmp(key, "$ref"))
		return schema_ref(s, rule, v, path);
	if (!strcmp(key, "if"))
		return schema_if(s, schema, v, path);
	return schema_fail(s, path, "the schema has a keyword that is not checked");
}

static inline bool schema_check(struct schema *s, const json_t *schema, const json_t *v,
				const char *path)
{
	const char *key;
	json_t *rule;

	json_object_foreach ((json_t *)(uintptr_t)schema, key, rule)
		if (!schema_keyword(s, schema, key, rule, v, path))
			return false;
	return true;
}

#endif
