// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/install.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "kbuild/devel.h"
#include "kbuild/make.h"
#include "kbuild/sync.h"
#include "kbuild/tree.h"
#include "kernel/kernel.h"

#define LIST_MAX (16 << 20)

/* All that makes up an installed kernel. */
static const struct part {
	const char *name;
	const char *from; /* in build_dir, NULL: the boot image of the architecture */
	bool is_dir;
	bool optional;
} parts[] = {
	{"vmlinuz", NULL},
	{"vmlinux", "vmlinux"},
	{"config", ".config"},
	{"System.map", "System.map"},
	{"vmlinux-gdb.py", "vmlinux-gdb.py", .optional = true},
	{"scripts/gdb", "scripts/gdb", .is_dir = true, .optional = true},
	{"lib", NULL, .is_dir = true, .optional = true},
	{"headers", NULL, .is_dir = true, .optional = true},
};

static int sync_part(const struct part *p, const char *from, const char *to, int flags,
		     sync_want_fn *want, struct err *err)
{
	if (p->is_dir)
		return sync_dir(from, to, flags, want, err);
	if (path_exists(from) || !p->optional)
		return sync_file(from, to, flags, err);
	return unlink(to) < 0 && errno != ENOENT ? err_errno(err, "%s", to) : 0;
}

static bool is_python(const char *name, bool is_dir)
{
	return is_dir || str_ends(name, ".py");
}

/* What make has put into the directory where it works. */
static int install_files(const struct kbuild *b, struct err *err)
{
	_cleanup_free_ char *scripts = xasprintf("%s/scripts", b->install_dir);
	int r = mkdir_p(scripts, 0755, err);

	for (size_t i = 0; i < ARRAY_SIZE(parts) && r == 0; i++) {
		const struct part *p = &parts[i];
		const char *name = p->from || p->is_dir ? p->from : b->arch->image;
		_cleanup_free_ char *to = xasprintf("%s/%s", b->install_dir, p->name);
		_cleanup_free_ char *from = NULL;

		if (!name)
			continue;
		from = xasprintf("%s/%s", b->build_dir, name);
		r = sync_part(p, from, to, 0, is_python, err);
	}
	rmdir(scripts); /* without gdb's there are none */
	return r;
}

/* ---- modules: make installs them all each time, so that is done where nobody sees it */

/* "fs/ext4/ext4.o" since 6.4, "kernel/fs/ext4/ext4.ko" before. */
static struct sum module_sum(const struct kbuild *b, const char *line, size_t len)
{
	_cleanup_free_ char *name = xstrndup(line, len), *path = NULL;
	char *dot = strrchr(name, '.');
	const char *inner = str_starts(name, "kernel/") && str_ends(name, ".ko") ? name + 7 : name;
	struct tree_file f = {.path = name};
	struct stat st;

	if (dot)
		*dot = '\0';
	path = xasprintf("%s/%s.ko", b->build_dir, inner);
	if (stat(path, &st) == 0)
		tree_file_stat(&f, &st);
	return tree_file_sum(&f);
}

/* All that modules_install takes: lists by content, modules by stat(2). */
static int modules_sum(const struct kbuild *b, struct sum *out, struct err *err)
{
	static const char *const lists[] = {"include/config/kernel.release", "modules.builtin",
					    "modules.order"};
	const char *line = NULL;

	*out = (struct sum){0};
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", b->build_dir, lists[i]),
				    *text = NULL;
		size_t len;
		int r = file_read(path, LIST_MAX, &text, &len, err);

		if (r < 0)
			return r;
		sum_add(out, sum_of(text, len));
		if (!str_eq(lists[i], "modules.order"))
			continue;
		for (line = text; *line; line += *line == '\n') {
			len = strcspn(line, "\n");
			sum_add(out, module_sum(b, line, len));
			line += len;
		}
	}
	return 0;
}

static int make_modules(const struct kbuild *b, const char *stage, struct err *err)
{
	_cleanup_strv_ struct strv args = {0};
	struct kbuild with = *b;
	int r = rm_rf(stage, err);

	if (r < 0)
		return r;
	if (b->make_args)
		strv_cat(&args, b->make_args);
	strv_addf(&args, "INSTALL_MOD_PATH=%s", stage);
	with.make_args = &args;
	return make_run(&with, "modules_install", NULL, err);
}

/* build and source of a module tree lead to where it was built. */
static bool is_no_link_back(const char *name, bool is_dir)
{
	return !is_dir || !(str_eq(name, "build") || str_eq(name, "source"));
}

static bool modules_are_on(const struct kbuild *b)
{
	_cleanup_free_ char *config = xasprintf("%s/.config", b->build_dir);
	const struct kernel k = {.config = config};
	_cleanup_free_ char *value = kernel_config_get(&k, "MODULES");

	return str_eq(value, "y");
}

static bool is_staged(const char *note, const char *hex)
{
	_cleanup_free_ char *have = NULL;
	size_t len;

	return file_read(note, SUM_HEX_MAX, &have, &len, NULL) == 0 && str_eq(have, hex);
}

static int stage_modules(const struct kbuild *b, const char *stage, struct err *err)
{
	_cleanup_free_ char *note = xasprintf("%s.sum", stage);
	char hex[SUM_HEX_MAX];
	struct sum sum;
	int r = modules_sum(b, &sum, err);

	if (r < 0)
		return r;
	sum_hex(sum, hex);
	if (is_staged(note, hex))
		return 0;
	unlink(note);
	r = make_modules(b, stage, err);
	return r < 0 ? r : file_replace(note, hex, strlen(hex), 0644, err);
}

static int install_modules(const struct kbuild *b, struct err *err)
{
	_cleanup_free_ char *stage = xasprintf("%s/.ktest-modules", b->build_dir);
	_cleanup_free_ char *from = xasprintf("%s/lib", stage);
	_cleanup_free_ char *to = xasprintf("%s/lib", b->install_dir);
	int r;

	if (!modules_are_on(b))
		return rm_rf(to, err);
	r = stage_modules(b, stage, err);
	/* What is staged is never written again, only removed. */
	return r < 0 ? r : sync_dir(from, to, SYNC_LINK, is_no_link_back, err);
}

int install_kernel(const struct kbuild *b, struct err *err)
{
	_cleanup_free_ char *devel = xasprintf("%s/headers/build", b->install_dir);
	int r = install_files(b, err);

	if (r == 0)
		r = install_modules(b, err);
	if (r == 0)
		r = devel_install(b, devel, err);
	return r < 0 ? err_wrap(err, "installing the kernel") : 0;
}

static int copy_parts(const char *from, const char *to, int flags, bool headers, struct err *err)
{
	_cleanup_free_ char *scripts = xasprintf("%s/scripts", to);
	int r = mkdir_p(scripts, 0755, err);

	for (size_t i = 0; i < ARRAY_SIZE(parts) && r == 0; i++) {
		_cleanup_free_ char *src = xasprintf("%s/%s", from, parts[i].name);
		_cleanup_free_ char *dst = xasprintf("%s/%s", to, parts[i].name);

		if (headers || !str_eq(parts[i].name, "headers"))
			r = sync_part(&parts[i], src, dst, flags, NULL, err);
	}
	rmdir(scripts); /* without gdb's there are none */
	return r;
}

int install_copy(const char *from, const char *to, struct err *err)
{
	return copy_parts(from, to, SYNC_LINK, true, err);
}

int install_publish(const char *from, const char *to, struct err *err)
{
	return copy_parts(from, to, 0, false, err);
}
