// SPDX-License-Identifier: GPL-2.0-only
#include "image/treeroot.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const empty_dirs[] = {"/dev", "/host", "/proc", "/run", "/sys", "/tmp"};

static bool is_empty_dir(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(empty_dirs); i++)
		if (str_eq(path, empty_dirs[i]))
			return true;
	return false;
}

/* A link stays one, or it would lead about on the host. */
static void add_entry(const char *dir, const char *name, struct view *v)
{
	_cleanup_free_ char *path = xasprintf("/%s", name), *real = xasprintf("%s/%s", dir, name);
	char target[PATH_MAX];
	ssize_t n = readlink(real, target, sizeof(target) - 1);
	struct stat st;

	if (is_empty_dir(path))
		return;
	if (n > 0) {
		target[n] = '\0';
		view_add(v, VIEW_SYMLINK, path, target);
	} else if (lstat(real, &st) == 0 && (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode))) {
		view_add(v, VIEW_BIND, path, real);
	}
}

int tree_view(const char *dir, struct view *v, struct err *err)
{
	const struct dirent *de;
	DIR *d = opendir(dir);

	if (!d)
		return err_errno(err, "%s", dir);
	while ((de = readdir(d)))
		if (!str_eq(de->d_name, ".") && !str_eq(de->d_name, ".."))
			add_entry(dir, de->d_name, v);
	closedir(d);
	for (size_t i = 0; i < ARRAY_SIZE(empty_dirs); i++)
		view_add(v, VIEW_DIR, empty_dirs[i], NULL);
	return 0;
}
