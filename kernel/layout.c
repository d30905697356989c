// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/layout.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/proc.h"
#include "kernel/headers.h"
#include "kernel/load.h"
#include "kernel/vmlinuz.h"

#define DEPMOD_MS (10LL * 60 * 1000)

/* What matches the pattern below root and is of that kind itself, not through a link. */
static void find_below(const char *root, const char *pattern, mode_t kind, struct strv *found)
{
	_cleanup_free_ char *full = xasprintf("%s/%s", root, pattern);
	struct stat st;
	glob_t g;

	if (glob(full, GLOB_NOSORT, NULL, &g) == 0) {
		for (size_t i = 0; i < g.gl_pathc; i++)
			if (lstat(g.gl_pathv[i], &st) == 0 && (st.st_mode & S_IFMT) == kind)
				strv_add(found, g.gl_pathv[i]);
	}
	globfree(&g);
}

static int move(const char *from, const char *to, struct err *err)
{
	return rename(from, to) < 0 ? err_errno(err, "%s", to) : 0;
}

static int move_image(const char *root, const char *out, struct err *err)
{
	_cleanup_free_ char *to = xasprintf("%s/vmlinuz", out);
	_cleanup_strv_ struct strv images = {0};

	find_below(root, "boot/vmlinu[xz]-*", S_IFREG, &images);
	if (!images.n) {
		find_below(root, "lib/modules/*/vmlinuz", S_IFREG, &images);
		find_below(root, "usr/lib/modules/*/vmlinuz", S_IFREG, &images);
	}
	if (images.n == 1)
		return move(images.v[0], to, err);
	return err_set(err, EINVAL,
		       images.n ? "there are several kernels in these packages"
				: "there is no kernel image in these packages");
}

/* Debian keeps it in boot/, Fedora beside the modules. */
static int move_extra(const char *root, const char *out, const char *name, struct err *err)
{
	static const char *const patterns[] = {"boot/%s-*", "lib/modules/*/%s",
					       "usr/lib/modules/*/%s"};
	_cleanup_free_ char *to = xasprintf("%s/%s", out, name);
	_cleanup_strv_ struct strv found = {0};

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		_cleanup_strbuf_ struct strbuf pattern = {0};
		const char *gap = strstr(patterns[i], "%s");

		strbuf_add(&pattern, patterns[i], (size_t)(gap - patterns[i]));
		strbuf_addf(&pattern, "%s%s", name, gap + 2);
		find_below(root, pattern.s, S_IFREG, &found);
	}
	return found.n ? move(found.v[0], to, err) : 0;
}

/* build and source lead into the system that the package was meant for. */
static void drop_links(const char *tree)
{
	static const char *const names[] = {"build", "source"};
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", tree, names[i]);

		if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
			unlink(path);
	}
}

static int move_modules(const char *root, const char *out, struct err *err)
{
	_cleanup_free_ char *parent = xasprintf("%s/lib/modules", out);
	_cleanup_strv_ struct strv trees = {0};
	int r = mkdir_p(parent, 0755, err);

	find_below(root, "lib/modules/*/kernel", S_IFDIR, &trees);
	find_below(root, "usr/lib/modules/*/kernel", S_IFDIR, &trees);
	for (size_t i = 0; i < trees.n && r == 0; i++) {
		_cleanup_free_ char *to = NULL;

		*strrchr(trees.v[i], '/') = '\0';
		to = xasprintf("%s/%s", parent, path_base(trees.v[i]));
		r = move(trees.v[i], to, err);
		drop_links(to);
	}
	return r;
}

/* Some builds of depmod look for usr/lib/modules, whatever the base. */
static int run_depmod(const char *out, const char *release, struct err *err)
{
	_cleanup_free_ char *depmod = find_program("depmod");
	_cleanup_free_ char *usr = xasprintf("%s/usr", out);
	_cleanup_strv_ struct strv argv = {0};
	int r;

	if (!depmod)
		return err_set(err, ENOENT, "depmod is missing: install the package kmod");
	if (symlink(".", usr) < 0)
		return err_errno(err, "%s", usr);
	strv_addv(&argv, depmod, "-b", out, release, NULL);
	r = proc_run(&argv, DEPMOD_MS, NULL, err);
	unlink(usr);
	return r;
}

/* Every kernel's modules_install makes it; without it, what is built in would count as missing. */
static int check_builtin(const struct kernel *k, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/modules.builtin", k->modules);

	if (path_readable(path))
		return 0;
	return err_set(err, ENOENT,
		       "there is no modules.builtin for %s in these packages: another "
		       "package of this kernel is needed with them",
		       k->release);
}

int layout_make(const char *root, const char *out, struct kernel *k, struct err *err)
{
	static const char *const extras[] = {"config", "System.map"};
	int r = mkdir_p(out, 0755, err);

	if (r == 0)
		r = move_image(root, out, err);
	for (size_t i = 0; i < ARRAY_SIZE(extras) && r == 0; i++)
		r = move_extra(root, out, extras[i], err);
	if (r == 0)
		r = move_modules(root, out, err);
	if (r == 0)
		r = kernel_load_dir(out, k, err);
	if (r == 0 && k->modules)
		r = check_builtin(k, err);
	if (r == 0 && k->modules)
		r = run_depmod(out, k->release, err);
	if (r == 0)
		r = headers_move(root, out, k->release, err);
	return r;
}
