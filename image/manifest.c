// SPDX-License-Identifier: GPL-2.0-only
#include "image/manifest.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/json.h"
#include "base/proc.h"

#define DEBUGFS_MS   60000
#define MANIFEST_MAX (1 << 20)
#define VERSION	     1

void image_manifest_done(struct image_manifest *m)
{
	free(m->distro);
	free(m->suite);
	free(m->arch);
	free(m->mirror);
	free(m->changed);
	strv_done(&m->want);
	*m = (struct image_manifest){0};
}

static char *now_text(void)
{
	time_t now = time(NULL);
	struct tm tm;
	char buf[32];

	gmtime_r(&now, &tm);
	strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return xstrdup(buf);
}

char *image_manifest_text(const struct image_manifest *m)
{
	_cleanup_free_ char *now = now_text(), *text = NULL;
	_cleanup_json_ json_t *j = json_pack(
		"{s:i, s:o, s:o, s:o, s:o, s:s, s:o}", "version", VERSION, "distro",
		json_string_lossy(m->distro), "suite", json_string_lossy(m->suite), "arch",
		json_string_lossy(m->arch), "mirror", json_string_lossy(m->mirror), "changed", now,
		"packages", json_strv_lossy(&m->want));

	text = json_dumps(j, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	return xasprintf("%s\n", text ? text : "");
}

static void take(char **field, const json_t *j, const char *key)
{
	str_set(field, json_get_str(j, key));
}

int image_manifest_parse(const char *text, struct image_manifest *m, struct err *err)
{
	_cleanup_json_ json_t *j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const json_t *v;
	size_t i;

	*m = (struct image_manifest){0};
	take(&m->distro, j, "distro");
	take(&m->suite, j, "suite");
	take(&m->arch, j, "arch");
	take(&m->mirror, j, "mirror");
	take(&m->changed, j, "changed");
	json_array_foreach (json_object_get(j, "packages"), i, v)
		if (json_is_string(v))
			strv_add(&m->want, json_string_value(v));
	if (json_get_int(j, "version", 0) == VERSION && m->distro && m->suite && m->arch)
		return 0;
	image_manifest_done(m);
	return err_set(err, EINVAL, "%s is not one that this version of ktest knows",
		       MANIFEST_PATH);
}

int image_file(const char *path, const char *file, size_t max, char **text, size_t *len,
	       struct err *err)
{
	_cleanup_free_ char *request = xasprintf("cat %s", file);
	_cleanup_strv_ struct strv argv = {0};
	struct proc_spec spec = PROC_SPEC(&argv);
	struct proc_result res;
	int r;

	strv_addv(&argv, "debugfs", "-R", request, path, NULL);
	r = proc_capture(&spec, DEBUGFS_MS, max, &res, err);
	if (r < 0)
		return r;
	if (res.status || res.timed_out || res.flooded)
		r = err_set(err, EIO, "%s: debugfs cannot read %s in it", path, file);
	if (r == 0) {
		*len = res.out.len;
		*text = strbuf_detach(&res.out);
	}
	proc_result_done(&res);
	return r;
}

int image_manifest_read(const char *path, struct image_manifest *m, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	int r = image_file(path, MANIFEST_PATH, MANIFEST_MAX, &text, &len, err);

	if (r < 0)
		return r;
	if (!len)
		return err_set(err, ENOENT, "%s was not made by root_image: there is no %s in it",
			       path, MANIFEST_PATH);
	r = image_manifest_parse(text, m, err);
	return r < 0 ? err_wrap(err, "%s", path) : 0;
}
