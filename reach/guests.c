// SPDX-License-Identifier: GPL-2.0-only
#include "reach/guests.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "reach/control.h"
#include "reach/sockname.h"

#define SUBDIR "guests"

static char *link_path(const char *cache, const char *name)
{
	return xasprintf("%s/" SUBDIR "/%d.%s", cache, (int)getpid(), name);
}

int guests_add(const char *cache, const char *name, const char *dir, struct err *err)
{
	_cleanup_free_ char *parent = xasprintf("%s/" SUBDIR, cache);
	_cleanup_free_ char *path = link_path(cache, name);

	if (mkdir_p(parent, 0700, err) < 0)
		return err->code;
	unlink(path);
	return symlink(dir, path) < 0 ? err_errno(err, "%s", path) : 0;
}

void guests_remove(const char *cache, const char *name)
{
	_cleanup_free_ char *path = link_path(cache, name);

	unlink(path);
}

static bool answers(const char *dir)
{
	_cleanup_free_ char *host = xasprintf("%s/" CONTROL_HOST_DIR, dir);
	_cleanup_close_ int fd = socket_connect(host, CONTROL_SOCKET, NULL);

	return fd >= 0;
}

static int by_name(const void *a, const void *b)
{
	const struct guest_ref *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void take(const char *parent, const char *name, struct guest_ref **v, size_t *n)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", parent, name);
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof(target) - 1);

	if (len <= 0)
		return;
	target[len] = '\0';
	if (!answers(target)) {
		unlink(path);
		return;
	}
	*v = xrealloc(*v, (*n + 1) * sizeof(**v));
	(*v)[(*n)++] = (struct guest_ref){xstrdup(name), xstrdup(target)};
}

size_t guests_list(const char *cache, struct guest_ref **out)
{
	_cleanup_free_ char *parent = xasprintf("%s/" SUBDIR, cache);
	DIR *dir = opendir(parent);
	struct dirent *de;
	size_t n = 0;

	*out = NULL;
	while (dir && (de = readdir(dir)))
		take(parent, de->d_name, out, &n);
	if (dir)
		closedir(dir);
	if (n)
		qsort(*out, n, sizeof(**out), by_name);
	return n;
}

void guests_free(struct guest_ref *v, size_t n)
{
	for (size_t i = 0; v && i < n; i++) {
		free(v[i].name);
		free(v[i].dir);
	}
	free(v);
}

static char *names_of(const struct guest_ref *v, size_t n)
{
	_cleanup_strv_ struct strv names = {0};

	for (size_t i = 0; i < n; i++)
		strv_add(&names, v[i].name);
	return strv_join(&names, " ");
}

static bool is_called(const struct guest_ref *g, const char *name)
{
	const char *dot = strchr(g->name, '.');

	return !strcmp(g->name, name) || (dot && !strcmp(dot + 1, name));
}

/* Which of them name means, -1 when none or several; how many in *matches. */
static int choose(const struct guest_ref *v, size_t n, const char *name, size_t *matches)
{
	int found = -1;

	*matches = 0;
	for (size_t i = 0; i < n; i++) {
		if (name && !is_called(&v[i], name))
			continue;
		found = (int)i;
		++*matches;
	}
	return *matches == 1 ? found : -1;
}

static int find_listed(const char *cache, const char *name, char **dir, struct err *err)
{
	struct guest_ref *v;
	size_t matches, n = guests_list(cache, &v);
	_cleanup_free_ char *names = names_of(v, n);
	int r = 0, i = choose(v, n, name, &matches);

	if (v && i >= 0)
		*dir = xstrdup(v[i].dir);
	else if (!n)
		r = err_set(err, ENOENT, "no guest runs; 'ktest boot' starts one");
	else if (!matches)
		r = err_usage(err, "no guest is called '%s'; there are: %.900s", name, names);
	else
		r = err_usage(err, "%zu guests run; name one with --vm: %.900s", n, names);
	guests_free(v, n);
	return r;
}

int guests_find(const char *cache, const char *name, const char *out, char **dir, struct err *err)
{
	_cleanup_free_ char *link = xasprintf("%s/vm", out ? out : "ktest-out");
	const char *path = name ? name : link;

	*dir = NULL;
	if ((!name || strchr(name, '/')) && path_is_dir(path)) {
		*dir = path_real(path, err);
		if (*dir && answers(*dir))
			return 0;
		free(*dir);
		*dir = NULL;
	}
	if (name && strchr(name, '/'))
		return err_set(err, ENOENT,
			       "%s: no guest answers there; 'ktest ps' lists those that run", name);
	if (!name && out)
		return err_set(err, ENOENT,
			       "no guest runs with the output %s; 'ktest ps' lists those that run",
			       out);
	return find_listed(cache, name, dir, err);
}
