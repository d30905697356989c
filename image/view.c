// SPDX-License-Identifier: GPL-2.0-only
#include "image/view.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void view_add(struct view *v, enum view_kind kind, const char *path, const char *source)
{
	v->entries = xrealloc(v->entries, (v->n + 1) * sizeof(v->entries[0]));
	v->entries[v->n++] = (struct view_entry){
		.kind = kind,
		.path = xstrdup(path),
		.source = source ? xstrdup(source) : NULL,
	};
}

void view_done(struct view *v)
{
	for (size_t i = 0; i < v->n; i++) {
		free(v->entries[i].path);
		free(v->entries[i].source);
	}
	free(v->entries);
	*v = (struct view){0};
}

static void hide_git(struct view *v, const char *path, const char *source)
{
	_cleanup_free_ char *git = xasprintf("%s/.git", source);
	_cleanup_free_ char *hidden = xasprintf("%s/.git", path);
	struct stat st;

	/* bwrap cannot mount on a link. */
	if (lstat(git, &st) == 0 && S_ISDIR(st.st_mode))
		view_add(v, VIEW_EMPTY, hidden, NULL);
}

void view_add_tree(struct view *v, const char *path, const char *source)
{
	view_add(v, VIEW_BIND, path, source);
	hide_git(v, path, source);
}

void view_hide_clones(struct view *v, const char *path, const char *source)
{
	const struct dirent *de;
	DIR *dir = opendir(source);

	while (dir && (de = readdir(dir))) {
		_cleanup_free_ char *below = xasprintf("%s/%s", path, de->d_name);
		_cleanup_free_ char *clone = xasprintf("%s/%s", source, de->d_name);

		if (de->d_name[0] != '.' && de->d_type != DT_LNK)
			hide_git(v, below, clone);
	}
	if (dir)
		closedir(dir);
}

/*
 * bwrap makes the parents of a bind as closed as its source's are; the guest's users have to come
 * through those below /host.
 */
static void add_parents(const char *path, const char *prefix, struct strv *argv)
{
	_cleanup_free_ char *host = xasprintf("%s/host/", prefix);

	if (!str_starts(path, host))
		return;
	for (const char *p = path + strlen(host); (p = strchr(p, '/')); p++) {
		strv_add(argv, "--dir");
		strv_addn(argv, path, (size_t)(p - path));
	}
}

void view_argv(const struct view *v, const char *prefix, struct strv *argv)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct view_entry *e = &v->entries[i];
		_cleanup_free_ char *path = xasprintf("%s%s", prefix, e->path);

		add_parents(path, prefix, argv);
		if (e->kind == VIEW_BIND)
			strv_addv(argv, "--ro-bind", e->source, path, NULL);
		else if (e->kind == VIEW_SYMLINK)
			strv_addv(argv, "--symlink", e->source, path, NULL);
		else if (e->kind == VIEW_EMPTY)
			strv_addv(argv, "--tmpfs", path, NULL);
		else
			strv_addv(argv, "--dir", path, NULL);
	}
}
