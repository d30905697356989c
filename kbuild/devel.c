// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/devel.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "kbuild/sync.h"

/*
 * What counts is that of scripts/package/install-extmod-build of the kernel, which older ones do
 * not have: what make reads and runs when it is told M=.
 */
static const char *const generated_files[] = {
	".config",
	"Module.symvers",
	"include/config/auto.conf",
	"include/config/kernel.release",
	"tools/objtool/objtool",
	"tools/bpf/resolve_btfids/resolve_btfids",
};

static bool is_tool(const char *name, bool is_dir)
{
	static const char *const dirs[] = {"gdb", "kconfig", "dtc", "selinux", "package"};

	for (size_t i = 0; is_dir && i < ARRAY_SIZE(dirs); i++)
		if (str_eq(name, dirs[i]))
			return false;
	return is_dir || !(*name == '.' || str_ends(name, ".o") || str_ends(name, ".a") ||
			   str_ends(name, ".cmd"));
}

static bool is_visible(const char *name, bool is_dir)
{
	(void)is_dir;
	return *name != '.' && !str_ends(name, ".cmd");
}

static bool is_script(const char *name, bool is_dir)
{
	static const char *const dirs[] = {"atomic", "coccinelle", "dtc",
					   "gdb",    "kconfig",	   "package"};

	for (size_t i = 0; is_dir && i < ARRAY_SIZE(dirs); i++)
		if (str_eq(name, dirs[i]))
			return false;
	return true;
}

/* They are made for the build, or by a build in the tree, and come from build_dir. */
static bool is_source(const char *name, bool is_dir)
{
	return !is_dir || !(str_eq(name, "generated") || str_eq(name, "config"));
}

static int one_file(const char *from, const char *to, const char *name, struct err *err)
{
	_cleanup_free_ char *src = xasprintf("%s/%s", from, name),
			    *dst = xasprintf("%s/%s", to, name);
	_cleanup_free_ char *dir = xstrndup(dst, (size_t)(path_base(dst) - dst) - 1);
	int r;

	if (!path_exists(src))
		return 0;
	r = mkdir_p(dir, 0755, err);
	return r < 0 ? r : sync_file(src, dst, 0, err);
}

static int one_dir(const char *from, const char *to, const char *name, int flags,
		   sync_want_fn *want, struct err *err)
{
	_cleanup_free_ char *src = xasprintf("%s/%s", from, name),
			    *dst = xasprintf("%s/%s", to, name);
	_cleanup_free_ char *dir = xstrndup(dst, (size_t)(path_base(dst) - dst) - 1);
	int r = mkdir_p(dir, 0755, err);

	return r < 0 ? r : sync_dir(src, dst, flags, want, err);
}

static int generated(const struct kbuild *b, const char *from, const char *to, int flags,
		     struct err *err)
{
	_cleanup_free_ char *arch = xasprintf("arch/%s/include/generated", b->arch->source_arch);
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(generated_files) && r == 0; i++)
		r = one_file(from, to, generated_files[i], err);
	if (r == 0)
		r = one_dir(from, to, "include/generated", flags, is_visible, err);
	if (r == 0)
		r = one_dir(from, to, arch, flags, is_visible, err);
	if (r == 0)
		r = one_dir(from, to, "scripts", flags, is_tool, err);
	return r;
}

/* As make itself writes one into its O=. Who has the same keeps its time. */
static int makefile(const struct kbuild *b, const char *to, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/Makefile", to), *have = NULL;
	_cleanup_free_ char *text = xasprintf("include %s/Makefile\n", b->source);
	size_t len;

	if (file_read(path, 1 << 20, &have, &len, NULL) == 0 && str_eq(have, text))
		return 0;
	return file_replace(path, text, strlen(text), 0644, err);
}

int devel_install(const struct kbuild *b, const char *to, struct err *err)
{
	int r = mkdir_p(to, 0755, err);

	if (r == 0)
		r = generated(b, b->build_dir, to, 0, err);
	return r < 0 ? r : makefile(b, to, err);
}

/* The Makefiles in the directory of the architecture, and all of its directories' include/. */
static int arch_sources(const struct kbuild *b, const char *to, struct err *err)
{
	_cleanup_free_ char *arch = xasprintf("arch/%s", b->arch->source_arch);
	_cleanup_free_ char *dir = xasprintf("%s/%s", b->source, arch);
	const struct dirent *de;
	DIR *d = opendir(dir);
	int r = 0;

	if (!d)
		return err_errno(err, "%s", dir);
	while (r == 0 && (de = readdir(d))) {
		_cleanup_free_ char *name = xasprintf("%s/%s", arch, de->d_name);
		_cleanup_free_ char *include = xasprintf("%s/include", name);
		_cleanup_free_ char *full = xasprintf("%s/%s", b->source, include);

		if (str_starts(de->d_name, "Makefile") || str_starts(de->d_name, "Kbuild"))
			r = one_file(b->source, to, name, err);
		else if (*de->d_name != '.' && path_is_dir(full))
			r = one_dir(b->source, to, include, SYNC_MERGE, is_source, err);
	}
	closedir(d);
	return r;
}

static int sources(const struct kbuild *b, const char *to, struct err *err)
{
	_cleanup_free_ char *include = xasprintf("arch/%s/include", b->arch->source_arch);
	int r = one_file(b->source, to, "Makefile", err);

	if (r == 0)
		r = one_dir(b->source, to, "include", SYNC_MERGE, is_source, err);
	if (r == 0)
		r = one_dir(b->source, to, include, SYNC_MERGE, is_source, err);
	if (r == 0)
		r = one_dir(b->source, to, "scripts", SYNC_MERGE, is_script, err);
	return r < 0 ? r : arch_sources(b, to, err);
}

int devel_publish(const struct kbuild *b, const char *from, const char *to, struct err *err)
{
	int r = sources(b, to, err);

	return r < 0 ? r : generated(b, from, to, SYNC_MERGE, err);
}
