// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/layout.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include <jansson.h>

#include "base/file.h"

static json_t *packages_json(const struct strv *packages)
{
	json_t *list = json_array();

	for (size_t i = 0; i < packages->n; i++)
		json_array_append_new(list, json_string(packages->v[i]));
	return list;
}

int manifest_write(const char *dir, const struct kernel *k, const char *from,
		   const struct strv *packages, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/manifest.json", dir), *text = NULL;
	_cleanup_strbuf_ struct strbuf b = {0};
	time_t now = time(NULL);
	char when[32];
	struct tm tm;
	json_t *doc;

	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	doc = json_pack("{s:i s:s s:s s:s s:s s:o}", "version", 1, "release", k->release, "arch",
			k->arch, "from", from, "fetched", when, "packages",
			packages_json(packages));
	text = doc ? json_dumps(doc, JSON_INDENT(2)) : NULL;
	json_decref(doc);
	if (!text)
		return err_set(err, EINVAL, "%s: a name in it is not UTF-8", path);
	strbuf_addf(&b, "%s\n", text);
	return file_write(path, b.s, b.len, 0644, err);
}

bool manifest_has(const char *dir, const struct strv *packages)
{
	_cleanup_free_ char *path = xasprintf("%s/manifest.json", dir);
	_cleanup_strv_ struct strv have = {0};
	json_t *doc = json_load_file(path, 0, NULL), *item;
	size_t i;

	json_array_foreach (json_object_get(doc, "packages"), i, item)
		if (json_is_string(item))
			strv_add(&have, json_string_value(item));
	json_decref(doc);
	for (i = 0; i < packages->n; i++)
		if (!strv_has(&have, packages->v[i]))
			return false;
	return have.n > 0;
}
