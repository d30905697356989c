// SPDX-License-Identifier: GPL-2.0-only
#include "base/json.h"

#include <string.h>

#include "base/str.h"
#include "base/text.h"

json_t *json_string_lossy(const char *s)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	size_t len, n;

	if (!s)
		return json_null();
	for (len = strlen(s); len; len -= n, s += n) {
		n = utf8_decode(s, len, NULL);
		if (n)
			strbuf_add(&b, s, n);
		else
			strbuf_puts(&b, "\xef\xbf\xbd");
		n = n ? n : 1;
	}
	return json_stringn_nocheck(b.s ? b.s : "", b.len);
}

json_t *json_strv_lossy(const struct strv *sv)
{
	json_t *array = json_array();

	for (size_t i = 0; i < sv->n; i++)
		json_array_append_new(array, json_string_lossy(sv->v[i]));
	return array;
}

const char *json_get_str(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

int64_t json_get_int(const json_t *object, const char *key, int64_t otherwise)
{
	const json_t *v = json_object_get(object, key);

	return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

bool json_get_bool(const json_t *object, const char *key, bool otherwise)
{
	const json_t *v = json_object_get(object, key);

	return json_is_boolean(v) ? json_is_true(v) : otherwise;
}

void cleanup_json(json_t **j)
{
	json_decref(*j);
}
