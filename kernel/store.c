// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/store.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "kernel/arch.h"
#include "kernel/vmlinuz.h"

/* The weight of what is no digit: a pre-release mark is less than the end, which is less than
 * anything else. */
static int char_order(const char *s)
{
	if (*s == '~' || str_starts(s, "-rc"))
		return -1;
	if (!*s || isdigit((unsigned char)*s))
		return 0;
	return isalpha((unsigned char)*s) ? (unsigned char)*s : (unsigned char)*s + 256;
}

static int number_cmp(const char **a, const char **b)
{
	size_t la, lb;
	int r;

	*a += strspn(*a, "0");
	*b += strspn(*b, "0");
	la = strspn(*a, "0123456789");
	lb = strspn(*b, "0123456789");
	r = la != lb ? (la < lb ? -1 : 1) : strncmp(*a, *b, la);
	*a += la;
	*b += lb;
	return r;
}

int version_cmp(const char *a, const char *b)
{
	int r;

	while (*a || *b) {
		while (char_order(a) || char_order(b)) {
			r = char_order(a) - char_order(b);
			if (r)
				return r;
			a++;
			b++;
		}
		r = number_cmp(&a, &b);
		if (r)
			return r;
	}
	return 0;
}

void store_dirs(struct strv *dirs)
{
	_cleanup_free_ char *own = path_home(".ktest/kernels");

	strv_add(dirs, own);
	strv_add(dirs, "/var/lib/ktest/kernels");
}

/* Field number i of DISTRO/RELEASE/ARCH/VERSION; the caller frees it. */
static char *name_field(const char *name, int i)
{
	const char *s = name;

	while (i-- > 0 && s) {
		s = strchr(s, '/');
		s = s ? s + 1 : NULL;
	}
	return s ? xstrndup(s, strcspn(s, "/")) : NULL;
}

const char *store_name_arch(const char *name)
{
	_cleanup_free_ char *arch = name_field(name, 2);

	return arch_name(arch);
}

bool store_entry_matches(const struct store_entry *e, const char *spec)
{
	for (int i = 0; i < 4; i++) {
		_cleanup_free_ char *want = name_field(spec, i), *have = name_field(e->name, i);

		if (!want || !*want)
			return true;
		if (str_eq(want, have))
			continue;
		if (i != 2 || !arch_find(want) ||
		    !str_eq(arch_name(want), store_name_arch(e->name)))
			return false;
	}
	return true;
}

struct list {
	struct store_entry *v;
	size_t n;
};

static void list_add(struct list *l, const char *store, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", store, name);
	_cleanup_free_ char *image = xasprintf("%s/vmlinuz", path);

	if (!path_exists(image))
		return;
	l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = (struct store_entry){.name = xstrdup(name), .path = xstrdup(path)};
}

const char *store_entry_release(struct store_entry *e)
{
	_cleanup_free_ char *image = xasprintf("%s/vmlinuz", e->path);
	_cleanup_free_ char *arch = NULL;

	if (!e->release && (vmlinuz_probe(image, &arch, &e->release, NULL) < 0 || !e->release))
		e->release = xstrdup(path_base(e->name));
	return e->release;
}

static int list_dir(struct list *l, const char *store, const char *name, int depth, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", store, name);
	const struct dirent *de;
	DIR *d = opendir(path);
	int r = 0;

	if (!d)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_errno(err, "%s", path);
	while (r == 0 && (de = readdir(d))) {
		_cleanup_free_ char *sub = NULL;

		if (*de->d_name == '.')
			continue;
		sub = xasprintf("%s%s%s", name, *name ? "/" : "", de->d_name);
		if (depth == 3)
			list_add(l, store, sub);
		else
			r = list_dir(l, store, sub, depth + 1, err);
	}
	closedir(d);
	return r;
}

/* By DISTRO/RELEASE/ARCH, then the newest first. */
static int entry_cmp(const void *pa, const void *pb)
{
	const struct store_entry *a = pa, *b = pb;
	size_t la = (size_t)(path_base(a->name) - a->name);
	size_t lb = (size_t)(path_base(b->name) - b->name);
	int r = strncmp(a->name, b->name, la < lb ? la : lb);

	if (r || la != lb)
		return r ? r : (la < lb ? -1 : 1);
	return version_cmp(a->name + la, b->name + lb) > 0 ? -1 : strcmp(a->name, b->name) != 0;
}

int store_list_in(const struct strv *dirs, struct store_entry **entries, size_t *n, struct err *err)
{
	struct list l = {0};
	int r = 0;

	for (size_t i = 0; i < dirs->n && r == 0; i++)
		r = list_dir(&l, dirs->v[i], "", 0, err);
	if (r < 0) {
		store_list_free(l.v, l.n);
		return r;
	}
	if (l.n)
		qsort(l.v, l.n, sizeof(*l.v), entry_cmp);
	*entries = l.v;
	*n = l.n;
	return 0;
}

int store_list(struct store_entry **entries, size_t *n, struct err *err)
{
	_cleanup_strv_ struct strv dirs = {0};

	store_dirs(&dirs);
	return store_list_in(&dirs, entries, n, err);
}

void store_list_free(struct store_entry *entries, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(entries[i].name);
		free(entries[i].path);
		free(entries[i].release);
	}
	free(entries);
}
