// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/publish.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/stage.h"
#include "kbuild/devel.h"
#include "kbuild/install.h"
#include "kernel/load.h"

#define GIT_MS 60000

/* ---- the manifest */

/* The first line that git says about the source, NULL if it is in no repository; the caller frees
 * it. */
static char *git_line(const struct kbuild *b, const char *verb, const char *arg, const char *path)
{
	_cleanup_strv_ struct strv argv = {0};
	_cleanup_strbuf_ struct strbuf out = {0};

	strv_addv(&argv, "git", "--no-optional-locks", "-C", b->source, verb, arg, NULL);
	if (path)
		strv_addv(&argv, "--", ".", path, NULL);
	if (proc_run(&argv, GIT_MS, &out, NULL) < 0)
		return NULL;
	return xstrndup(out.len ? out.s : "", out.len ? strcspn(out.s, "\n") : 0);
}

/* The output is often within the source, and none of it. */
static char *not_output(const struct kbuild *b)
{
	size_t n = strlen(b->source), len = (size_t)(path_base(b->install_dir) - b->install_dir);

	if (len <= n + 2 || strncmp(b->install_dir, b->source, n) != 0 || b->install_dir[n] != '/')
		return NULL;
	return xasprintf(":(exclude,literal)%.*s", (int)(len - n - 2), b->install_dir + n + 1);
}

/* A repository that merely contains the source, as an unpacked archive in one, is not its own. */
static json_t *revision_json(const struct kbuild *b, json_t **dirty)
{
	_cleanup_free_ char *top = git_line(b, "rev-parse", "--show-toplevel", NULL);
	_cleanup_free_ char *real = top ? path_real(top, NULL) : NULL;
	_cleanup_free_ char *revision = NULL, *status = NULL, *but = not_output(b);

	*dirty = json_null();
	if (!str_eq(real, b->source))
		return json_null();
	revision = git_line(b, "rev-parse", "HEAD", NULL);
	status = git_line(b, "status", "--porcelain", but);
	if (status)
		*dirty = json_boolean(*status != '\0');
	return json_string_lossy(revision);
}

static json_t *manifest(const struct kbuild *b, const struct kernel *k, const char *variant)
{
	_cleanup_free_ char *vmlinux = xasprintf("%s/vmlinux", b->install_dir);
	_cleanup_free_ char *id = build_id_of(vmlinux), *compiler;
	json_t *dirty, *revision = revision_json(b, &dirty);
	time_t now = time(NULL);
	char when[32];
	struct tm tm;

	compiler = kernel_config_get(k, "CC_VERSION_TEXT");
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	return json_pack(
		"{s:i s:o s:o s:o s:o s:o s:o s:o s:o s:o s:s}", "version", 1, "release",
		json_string_lossy(k->release), "arch", json_string_lossy(k->arch), "kernel_version",
		json_string_lossy(b->version), "variant", json_string_lossy(variant), "source",
		json_string_lossy(b->source), "revision", revision, "dirty", dirty, "compiler",
		json_string_lossy(compiler), "build_id", json_string_lossy(id), "built", when);
}

static int write_manifest(const struct kbuild *b, const struct kernel *k, const char *variant,
			  const char *dir, struct err *err)
{
	_cleanup_json_ json_t *doc = manifest(b, k, variant);
	_cleanup_free_ char *path = xasprintf("%s/manifest.json", dir), *text = NULL, *line = NULL;

	text = json_dumps(doc, JSON_INDENT(2));
	line = xasprintf("%s\n", text ? text : "");
	return file_write(path, line, strlen(line), 0644, err);
}

/* ---- the directory */

static bool is_empty(const char *dir)
{
	const struct dirent *de;
	DIR *d = opendir(dir);
	int n = 0;

	while (d && (de = readdir(d)))
		n++;
	if (d)
		closedir(d);
	return d && n <= 2;
}

/* What is replaced is gone: only what is a kernel, or nothing. */
static int check_dest(const char *dest, struct err *err)
{
	_cleanup_free_ char *manifest = xasprintf("%s/manifest.json", dest);
	_cleanup_free_ char *image = xasprintf("%s/vmlinuz", dest);

	if (!path_exists(dest) || is_empty(dest) || (path_exists(manifest) && path_exists(image)))
		return 0;
	return err_set(err, EEXIST,
		       "%s is there, and is no published kernel: name a new directory with -D",
		       dest);
}

static int fill(const struct kbuild *b, const char *variant, const char *dir, struct err *err)
{
	_cleanup_free_ char *from = xasprintf("%s/headers/build", b->install_dir);
	_cleanup_free_ char *devel = xasprintf("%s/headers/build", dir);
	_cleanup_kernel_ struct kernel k = {0};
	int r = install_publish(b->install_dir, dir, err);

	if (r == 0)
		r = mkdir_p(devel, 0755, err);
	if (r == 0)
		r = devel_publish(b, from, devel, err);
	if (r == 0)
		r = kernel_load_dir(dir, &k, err);
	return r < 0 ? r : write_manifest(b, &k, variant, dir, err);
}

int publish_kernel(const struct kbuild *b, const char *variant, const char *dest, struct err *err)
{
	_cleanup_free_ char *full = path_absolute(dest), *ready = NULL, *path = NULL;
	_cleanup_free_ char *parent = NULL;
	_cleanup_stage_ struct stage stage = STAGE_INIT;
	size_t len = strlen(full);
	int r;

	while (len > 1 && full[len - 1] == '/')
		full[--len] = '\0';
	r = check_dest(full, err);
	if (r < 0)
		return r;
	parent = xstrndup(full, (size_t)(path_base(full) - full));
	r = stage_open(parent, &stage, err);
	if (r < 0)
		return err_wrap(err, "publishing");
	ready = xasprintf("%s/kernel", stage.dir);
	r = fill(b, variant, ready, err);
	if (r == 0)
		r = stage_publish(&stage, ready, path_base(full), &path, err);
	return r < 0 ? err_wrap(err, "publishing %s", dest) : 0;
}
