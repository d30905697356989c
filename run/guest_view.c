// SPDX-License-Identifier: GPL-2.0-only
/* What a guest sees of the host. */
#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "image/hostroot.h"
#include "image/treeroot.h"
#include "run/guest_parts.h"
#include "run/kernels.h"

char *guest_path(const char *host_path)
{
	return xasprintf("/host%s", host_path);
}

static void show(struct view *v, const char *host_path)
{
	_cleanup_free_ char *path = guest_path(host_path);

	view_add(v, VIEW_BIND, path, host_path);
}

/* The library: of an installation or checkout of ours just what tests source. */
static void show_library(const struct guest_base *b, const char *tree, struct view *v)
{
	static const char *const parts[] = {"lib", "tests"};

	if (path_below(b->settings->tree, tree))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		_cleanup_free_ char *part = xasprintf("%s/%s", b->settings->tree, parts[i]);

		show(v, part);
	}
}

static void show_tree(const char *tree, struct view *v)
{
	_cleanup_free_ char *git = xasprintf("%s/.git", tree);
	_cleanup_free_ char *hidden = guest_path(git);

	show(v, tree);
	if (path_is_dir(git))
		view_add(v, VIEW_EMPTY, hidden, NULL);
}

static void show_kernel(const struct guest_plan *gp, struct view *v)
{
	const struct kernel *k = &gp->file->kernel->kernel;

	view_add(v, VIEW_BIND, "/host/.kernel/vmlinuz", k->vmlinuz);
	if (k->config)
		view_add(v, VIEW_BIND, "/host/.kernel/config", k->config);
	for (size_t i = 0; i < gp->extmods.n; i++) {
		_cleanup_free_ char *path =
			xasprintf("/host/.kmod/%s", path_base(gp->file->needs.kernel_modules.v[i]));

		view_add(v, VIEW_BIND, path, gp->extmods.v[i]);
	}
}

/* Of what lies elsewhere than the test, that which may be large or change while the guest runs. */
static void other_trees(const struct guest_base *b, const char *tree, struct strv *dirs)
{
	const char *deps = b->settings->deps_dir, *source = b->settings->source;

	if (deps && path_is_dir(deps) && !path_below(deps, tree))
		strv_add(dirs, deps);
	if (source && !path_below(source, tree))
		strv_add(dirs, source);
}

static bool shown_already(const char *path, const char *tree, const struct strv *dirs)
{
	bool shown = path_below(path, tree);

	for (size_t i = 0; i < dirs->n; i++)
		shown |= path_below(path, dirs->v[i]);
	return shown;
}

int guest_view_make(const struct guest_base *b, const struct guest_plan *gp, struct guest *g,
		    struct err *err)
{
	struct view *v = &g->config.view;
	const char *tree = gp->file->needs.tree;
	const struct kernel *k = &gp->file->kernel->kernel;
	_cleanup_free_ char *out = guest_path(b->out->path);
	_cleanup_strv_ struct strv others = {0};
	int r = 0;

	other_trees(b, tree, &others);
	if (guest_is_packed(g)) {
		for (size_t i = 0; i < others.n; i++)
			show_tree(others.v[i], v);
		return 0;
	}
	if (b->root_dir)
		r = tree_view(b->root_dir, v, err);
	else if (!b->root_image)
		r = hostroot_view(b->settings->cache, v, err);
	if (r < 0)
		return err_wrap(err, "%s as a root",
				b->root_dir ? b->root_dir : "the host's userspace");
	view_add(v, VIEW_DIR, "/host", NULL);
	show_tree(tree, v);
	show_library(b, tree, v);
	show_kernel(gp, v);
	if (k->modules)
		view_add(v, VIEW_BIND, "/host/.modules", k->modules);
	for (size_t i = 0; i < others.n; i++)
		show_tree(others.v[i], v);
	if (!shown_already(b->out->path, tree, &others))
		view_add(v, VIEW_DIR, out, NULL);
	return 0;
}

/* What has no place in an image is found through a share. */
static void link_others(const struct strv *others, struct view *v)
{
	for (size_t i = 0; i < others->n; i++) {
		_cleanup_free_ char *path = guest_path(others->v[i]);
		_cleanup_free_ char *shared = xasprintf(GUEST_SHARE "%s", path);

		view_add(v, VIEW_SYMLINK, path, shared);
	}
}

void guest_view_packed(const struct guest_base *b, const struct guest_plan *gp, struct view *v)
{
	const char *tree = gp->file->needs.tree;
	_cleanup_free_ char *out = guest_path(b->out->path);
	_cleanup_strv_ struct strv others = {0};

	other_trees(b, tree, &others);
	view_add(v, VIEW_DIR, "/host", NULL);
	show_tree(tree, v);
	show_library(b, tree, v);
	show_kernel(gp, v);
	view_add(v, VIEW_DIR, out, NULL);
	if (others.n) {
		view_add(v, VIEW_DIR, GUEST_SHARE, NULL);
		link_others(&others, v);
	}
}
