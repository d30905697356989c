// SPDX-License-Identifier: GPL-2.0-only
/* What a guest sees of the host. */
#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "image/hostroot.h"
#include "image/treeroot.h"
#include "run/guest_parts.h"
#include "run/kernels.h"
#include "run/pack.h"
#include "vm/sandbox.h"

#define COPY "/tree" /* of a tree, in its entry of the cache */

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

/* from: the tree itself, or its copy. Neither its repository nor the output is part of it. */
static void show_tree(const char *tree, const char *from, const char *output, struct view *v)
{
	_cleanup_free_ char *place = guest_path(tree);
	_cleanup_free_ char *hidden = guest_path(output);

	view_add_tree(v, place, from);
	if (path_below(output, tree) && path_is_dir(output))
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

const char *guest_build_dir(const struct guest_plan *gp)
{
	const struct build *b = gp->file->kernel->build;

	return b && path_is_dir(b->build_dir) ? b->build_dir : NULL;
}

/* Of what lies elsewhere than the test, that which may be large or change while the guest runs. */
static void other_trees(const struct guest_base *b, const char *tree, struct strv *dirs)
{
	const char *deps = b->settings->deps_dir, *source = b->settings->source;

	if (deps && path_is_dir(deps) && !path_below(deps, tree))
		strv_add(dirs, deps);
	if (source && !path_below(source, tree) && !guest_unseen(b, source))
		strv_add(dirs, source);
}

static void hide_clones(const char *deps, struct view *v)
{
	_cleanup_free_ char *place = guest_path(deps);

	view_hide_clones(v, place, deps);
}

static void show_others(const struct guest_base *b, const struct guest_plan *gp,
			const struct strv *others, struct view *v)
{
	for (size_t i = 0; i < others->n; i++) {
		bool deps = str_eq(others->v[i], b->settings->deps_dir);

		show_tree(others->v[i], deps && gp->deps ? gp->deps : others->v[i], b->out->path,
			  v);
		if (deps && !gp->deps)
			hide_clones(others->v[i], v);
	}
	if (guest_build_dir(gp))
		view_add(v, VIEW_BIND, GUEST_BUILD, guest_build_dir(gp));
}

static bool shown_already(const char *path, const char *tree, const struct strv *dirs)
{
	bool shown = path_below(path, tree);

	for (size_t i = 0; i < dirs->n; i++)
		shown |= path_below(path, dirs->v[i]);
	return shown;
}

/* ---- as it was at the start */

static bool has_no_sandbox(const struct guest_base *b)
{
	const char *why;

	return sandbox_probe(b->settings->keeper, &why) == SANDBOX_KEEPER;
}

const char *guest_unseen(const struct guest_base *b, const char *dir)
{
	_cleanup_free_ char *git = xasprintf("%s/.git", dir);

	if (!has_no_sandbox(b))
		return NULL;
	return path_is_dir(git)		       ? "its .git"
	       : path_below(b->out->path, dir) ? "the output directory in it"
					       : NULL;
}

/* file: of dir, whatever git says of it; NULL: none is wanted more than others. */
static int copy_dir(const struct guest_base *b, const char *dir, const char *file, char **copy,
		    struct err *err)
{
	_cleanup_free_ char *cache = xasprintf("%s/packs", b->settings->cache);
	_cleanup_free_ char *entry = NULL, *place = NULL, *out = NULL;
	size_t len = strlen(dir);
	struct view v = {0};
	int r;

	view_add(&v, VIEW_BIND, COPY, dir);
	if (file) {
		place = xasprintf(COPY "%s", file + len);
		view_add(&v, VIEW_BIND, place, file);
	}
	if (path_below(b->out->path, dir)) {
		out = xasprintf(COPY "%s", b->out->path + len);
		view_add(&v, VIEW_DIR, out, NULL);
	}
	r = pack_copy(&v, b->out->path, cache, &entry, err);
	view_done(&v);
	if (r < 0)
		return err_wrap(err, "no copy of %s can be made for guests", dir);
	str_set(copy, NULL);
	*copy = xasprintf("%s" COPY, entry);
	return 0;
}

static int copy_tree(const struct guest_base *b, struct guest_plan *gp, const char *file,
		     struct err *err)
{
	const struct needs *n = &gp->file->needs;
	int r = copy_dir(b, n->tree, file, &gp->copy, err);

	str_set(&gp->test, NULL);
	if (r == 0)
		gp->test = xasprintf("%s%s", gp->copy, n->path + strlen(n->tree));
	return r;
}

static int copy_trees(const struct guest_base *b, struct guest_plan *gp, struct err *err)
{
	const struct needs *n = &gp->file->needs;
	const char *deps = b->settings->deps_dir;
	int r = copy_tree(b, gp, NULL, err);

	if (r == 0 && !path_exists(gp->test))
		r = copy_tree(b, gp, n->path, err);
	if (r == 0 && deps && path_is_dir(deps) && !path_below(deps, n->tree))
		r = copy_dir(b, deps, NULL, &gp->deps, err);
	return r;
}

static int copy_test(const struct guest_base *b, struct guest_plan *gp, struct err *err)
{
	_cleanup_free_ char *dir = xasprintf("%s/tests", b->run_dir);
	int r = mkdir_p(dir, 0700, err);

	gp->test = xasprintf("%s/%s", dir, gp->file->base);
	return r < 0 ? r : file_copy(gp->file->needs.path, gp->test, err);
}

int guest_plan_freeze(const struct guest_base *b, struct guest_plan *gp, struct err *err)
{
	int r = has_no_sandbox(b) ? copy_trees(b, gp, err) : copy_test(b, gp, err);

	return r < 0 ? r : plan_check_file(gp->file, gp->test, err);
}

/* ---- all of it */

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
		show_others(b, gp, &others, v);
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
	/* The tree may lie in one of them. */
	show_others(b, gp, &others, v);
	show_tree(tree, gp->copy ? gp->copy : tree, b->out->path, v);
	/* Not over the file itself: a mount goes when somebody saves that by renaming. */
	if (gp->test)
		view_add(v, VIEW_BIND, GUEST_TEST, gp->test);
	show_library(b, tree, v);
	show_kernel(gp, v);
	if (k->modules)
		view_add(v, VIEW_BIND, "/host/.modules", k->modules);
	if (!shown_already(b->out->path, tree, &others))
		view_add(v, VIEW_DIR, out, NULL);
	return 0;
}

static void link_shared(const char *path, struct view *v)
{
	_cleanup_free_ char *shared = xasprintf(GUEST_SHARE "%s", path);

	view_add(v, VIEW_SYMLINK, path, shared);
}

/* What has no place in an image is found through a share. */
static void link_others(const struct guest_plan *gp, const struct strv *others, struct view *v)
{
	if (!others->n && !guest_build_dir(gp))
		return;
	view_add(v, VIEW_DIR, GUEST_SHARE, NULL);
	for (size_t i = 0; i < others->n; i++) {
		_cleanup_free_ char *path = guest_path(others->v[i]);

		link_shared(path, v);
	}
	if (guest_build_dir(gp))
		link_shared(GUEST_BUILD, v);
}

void guest_view_packed(const struct guest_base *b, const struct guest_plan *gp, struct view *v)
{
	const char *tree = gp->file->needs.tree;
	_cleanup_free_ char *out = guest_path(b->out->path);
	_cleanup_strv_ struct strv others = {0};

	other_trees(b, tree, &others);
	view_add(v, VIEW_DIR, "/host", NULL);
	show_tree(tree, tree, b->out->path, v);
	show_library(b, tree, v);
	show_kernel(gp, v);
	view_add(v, VIEW_DIR, out, NULL);
	link_others(gp, &others, v);
}
