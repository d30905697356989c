// SPDX-License-Identifier: GPL-2.0-only
#include "run/deps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"

#define CLONE_MS (30 * 60 * 1000)

/* A plain name below deps_dir. */
static bool name_ok(const char *dir)
{
	return *dir && *dir != '.' && *dir != '-' && !strchr(dir, '/');
}

static int clone_one(const char *url, const char *target, struct err *err)
{
	_cleanup_free_ char *tmp = xasprintf("%s.XXXXXX", target);
	_cleanup_strv_ struct strv argv = {0};
	int r = dir_make_temp(tmp, err);

	if (r < 0)
		return r;
	log_note("cloning %s", url);
	/* "--": what a test file declares is no option of git's. */
	strv_addv(&argv, "git", "clone", "--quiet", "--depth", "1", "--", url, tmp, NULL);
	r = proc_run(&argv, CLONE_MS, NULL, err);
	if (r == 0 && rename(tmp, target) < 0 && !path_is_dir(target))
		r = err_errno(err, "%s", target);
	rm_rf(tmp, NULL);
	return r < 0 ? err_wrap(err, "require-git %s", url) : 0;
}

static int fetch_one(const char *declared, const char *deps_dir, struct err *err)
{
	_cleanup_free_ char *url = xstrndup(declared, strcspn(declared, " "));
	const char *dir = declared + strlen(url);
	_cleanup_free_ char *target = NULL;

	dir += strspn(dir, " ");
	if (!name_ok(dir))
		return err_set(err, EINVAL, "require-git %s: '%s' is no name of a directory", url,
			       dir);
	target = xasprintf("%s/%s", deps_dir, dir);
	if (path_is_dir(target))
		return 0;
	if (mkdir_p(deps_dir, 0755, err) < 0)
		return err->code;
	return clone_one(url, target, err);
}

int deps_fetch(const struct plan *p, const char *deps_dir, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct needs *n = &p->files[i].needs;

		for (size_t k = 0; k < n->git.n && r == 0; k++) {
			r = fetch_one(n->git.v[k], deps_dir, err);
			if (r < 0)
				err_wrap(err, "%s", n->path);
		}
	}
	return r;
}
