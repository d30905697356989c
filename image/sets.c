// SPDX-License-Identifier: GPL-2.0-only
#include "image/sets.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define SET_BYTES_MAX (256 << 10)

/* Policy 5.6.7; names go to apt and into a shell's words. */
bool package_name_ok(const char *name)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	static const char more[] = "abcdefghijklmnopqrstuvwxyz0123456789+-.";
	size_t len = strlen(name);

	return len >= 2 && len <= 100 && strchr(first, *name) && strspn(name, more) == len;
}

/* A set has no dot in its name: other data lies beside it. */
static bool set_name_ok(const char *name)
{
	return package_name_ok(name) && !strchr(name, '.');
}

/* A package that is wanted anyway need not be optional. */
static int add_package(const char *word, struct strv *packages, struct err *err)
{
	bool optional = *word == '?';
	const char *name = word + optional;
	_cleanup_free_ char *other = optional ? xstrdup(name) : xasprintf("?%s", name);

	if (!package_name_ok(name))
		return err_set(err, EINVAL, "'%s' is no name of a package", word);
	if (packages->n >= SETS_PACKAGES_MAX)
		return err_set(err, E2BIG, "more than %d packages", SETS_PACKAGES_MAX);
	if (strv_has(packages, word) || (optional && strv_has(packages, other)))
		return 0;
	for (size_t i = 0; i < packages->n && !optional; i++)
		if (str_eq(packages->v[i], other)) {
			str_set(&packages->v[i], name);
			return 0;
		}
	strv_add(packages, word);
	return 0;
}

static int read_set(const char *path, int depth, struct strv *packages, struct err *err);

static int read_line(const char *path, char *line, int depth, struct strv *packages,
		     struct err *err)
{
	char *save = NULL, *word;

	line[strcspn(line, "#")] = '\0';
	word = strtok_r(line, " \t\r", &save);
	if (!word)
		return 0;
	if (strtok_r(NULL, " \t\r", &save))
		return err_set(err, EINVAL, "more than one word");
	if (*word != '@')
		return add_package(word, packages, err);
	if (!set_name_ok(word + 1))
		return err_set(err, EINVAL, "'%s' is no name of a set", word);
	if (depth >= SETS_DEPTH_MAX)
		return err_set(err, ELOOP, "sets include each other without end");
	{
		int dirlen = (int)(path_base(path) - path);
		_cleanup_free_ char *other = xasprintf("%.*s%s", dirlen, path, word + 1);

		return read_set(other, depth + 1, packages, err);
	}
}

static int read_set(const char *path, int depth, struct strv *packages, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int number = 0, r = file_read(path, SET_BYTES_MAX, &text, &len, err);
	char *next;

	if (r == 0 && strlen(text) != len)
		return err_set(err, EINVAL, "%s: no text", path);
	for (char *line = text; line && r == 0; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		number++;
		r = read_line(path, line, depth, packages, err);
		if (r < 0)
			return err_wrap(err, "%s:%d", path, number);
	}
	return r;
}

int sets_add(const char *dir, const char *word, struct strv *packages, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, word);

	if (strchr(word, '/'))
		return read_set(word, 0, packages, err);
	if (set_name_ok(word) && path_exists(path))
		return read_set(path, 0, packages, err);
	return add_package(word, packages, err);
}

static int name_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int sets_list(const char *dir, struct strv *names, struct err *err)
{
	const struct dirent *de;
	DIR *d = opendir(dir);

	if (!d)
		return err_errno(err, "%s", dir);
	while ((de = readdir(d)))
		if (set_name_ok(de->d_name))
			strv_add(names, de->d_name);
	closedir(d);
	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), name_cmp);
	return 0;
}
