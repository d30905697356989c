// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/load.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "kernel/vmlinuz.h"

void kernel_done(struct kernel *k)
{
	free(k->name);
	free(k->dir);
	free(k->vmlinuz);
	free(k->initramfs);
	free(k->config);
	free(k->vmlinux);
	free(k->modules);
	free(k->headers);
	free(k->release);
	free(k->arch);
	*k = (struct kernel){0};
}

/* Take the first of the paths that exists; it has to be readable then. */
static int take_file(const struct strv *paths, char **out, struct err *err)
{
	for (size_t i = 0; i < paths->n; i++) {
		if (!path_exists(paths->v[i]))
			continue;
		if (!path_readable(paths->v[i]))
			return err_set(err, EACCES, "%s is not readable: `sudo chmod +r %s`",
				       paths->v[i], paths->v[i]);
		*out = xstrdup(paths->v[i]);
		return 0;
	}
	return 0;
}

static int take_one(const char *dir, const char *name, char **out, struct err *err)
{
	_cleanup_strv_ struct strv paths = {0};

	strv_addf(&paths, "%s/%s", dir, name);
	return take_file(&paths, out, err);
}

/* A tree to build modules against; a link of the distribution may lead nowhere. */
static char *take_headers(const struct strv *dirs)
{
	for (size_t i = 0; i < dirs->n; i++) {
		_cleanup_free_ char *makefile = xasprintf("%s/Makefile", dirs->v[i]);

		if (path_readable(makefile))
			return path_real(dirs->v[i], NULL);
	}
	return NULL;
}

static bool is_module_tree(const char *dir)
{
	_cleanup_free_ char *order = xasprintf("%s/modules.order", dir);
	_cleanup_free_ char *dep = xasprintf("%s/modules.dep", dir);

	return path_exists(order) || path_exists(dep);
}

static void list_dirs(const char *dir, struct strv *names)
{
	DIR *d = opendir(dir);
	const struct dirent *de;

	while (d && (de = readdir(d))) {
		_cleanup_free_ char *full = xasprintf("%s/%s", dir, de->d_name);

		if (*de->d_name != '.' && path_is_dir(full))
			strv_add(names, de->d_name);
	}
	if (d)
		closedir(d);
}

/* dir is lib/modules: it is the tree itself or holds one for the release; where the image does not
 * tell its release, the only tree there tells it. */
static int find_modules(const char *dir, struct kernel *k, struct err *err)
{
	_cleanup_strv_ struct strv names = {0};
	_cleanup_free_ char *all = NULL;

	if (is_module_tree(dir)) {
		str_set(&k->modules, dir);
		return 0;
	}
	list_dirs(dir, &names);
	if (!names.n)
		return 0;
	if (!k->release && names.n == 1)
		str_set(&k->release, names.v[0]);
	if (k->release && strv_has(&names, k->release)) {
		k->modules = xasprintf("%s/%s", dir, k->release);
		return 0;
	}
	all = strv_join(&names, ", ");
	return err_set(err, ENOENT, "%s has no modules for this kernel (%s), only for %s", dir,
		       k->release ? k->release : "release unknown", all);
}

static int load_dir_parts(const char *dir, struct kernel *k, struct err *err)
{
	_cleanup_free_ char *modules = xasprintf("%s/lib/modules", dir);
	int r;

	r = take_one(dir, "vmlinuz", &k->vmlinuz, err);
	if (r == 0 && !k->vmlinuz)
		r = err_set(err, ENOENT, "%s: no vmlinuz in it", dir);
	if (r == 0)
		r = take_one(dir, "initramfs", &k->initramfs, err);
	if (r == 0)
		r = take_one(dir, "config", &k->config, err);
	if (r == 0)
		r = take_one(dir, "vmlinux", &k->vmlinux, err);
	if (r == 0)
		r = vmlinuz_probe(k->vmlinuz, &k->arch, &k->release, err);
	return r < 0 ? r : find_modules(modules, k, err);
}

static int finish(struct kernel *k, struct err *err)
{
	if (!k->release)
		return err_set(err, ENOEXEC,
			       "%s does not tell its release, and there is no "
			       "lib/modules/RELEASE beside it to tell it",
			       k->vmlinuz);
	return 0;
}

int kernel_load_dir(const char *dir, struct kernel *k, struct err *err)
{
	_cleanup_kernel_ struct kernel new = {0};
	_cleanup_strv_ struct strv headers = {0};
	int r;

	new.dir = path_real(dir, err);
	if (!new.dir)
		return err_wrap(err, "kernel");
	new.name = xstrdup(dir);
	r = load_dir_parts(new.dir, &new, err);
	if (r == 0)
		r = finish(&new, err);
	if (r < 0)
		return r;
	strv_addf(&headers, "%s/headers/build", new.dir);
	if (new.modules)
		strv_addf(&headers, "%s/build", new.modules);
	new.headers = take_headers(&headers);
	*k = new;
	new = (struct kernel){0};
	return 0;
}

static int host_image(const char *root, const char *release, struct kernel *k, struct err *err)
{
	_cleanup_strv_ struct strv paths = {0};
	int r;

	strv_addf(&paths, "%s/boot/vmlinuz-%s", root, release);
	strv_addf(&paths, "%s/lib/modules/%s/vmlinuz", root, release);
	strv_addf(&paths, "%s/usr/lib/modules/%s/vmlinuz", root, release);
	r = take_file(&paths, &k->vmlinuz, err);
	if (r == -EACCES)
		return err_set(err, EACCES,
			       "%s/boot/vmlinuz-%s is readable by root only: `sudo chmod +r "
			       "%s/boot/vmlinuz-%s`, or `ktest kernel fetch debian/bookworm` for "
			       "another kernel",
			       root, release, root, release);
	if (r == 0 && !k->vmlinuz)
		return err_set(err, ENOENT, "the host's own kernel %s is not there: no %s", release,
			       paths.v[0]);
	return r;
}

/* Beside the image, none of these is needed to boot: what cannot be read is as good as missing. */
static void host_extras(const char *root, const char *release, struct kernel *k)
{
	_cleanup_strv_ struct strv config = {0}, vmlinux = {0}, headers = {0};

	strv_addf(&config, "%s/boot/config-%s", root, release);
	strv_addf(&config, "%s/lib/modules/%s/config", root, release);
	strv_addf(&vmlinux, "%s/usr/lib/debug/boot/vmlinux-%s", root, release);
	strv_addf(&vmlinux, "%s/usr/lib/debug/lib/modules/%s/vmlinux", root, release);
	strv_addf(&headers, "%s/lib/modules/%s/build", root, release);
	take_file(&config, &k->config, NULL);
	take_file(&vmlinux, &k->vmlinux, NULL);
	k->headers = take_headers(&headers);
}

int kernel_load_host(const char *root, const char *release, struct kernel *k, struct err *err)
{
	_cleanup_kernel_ struct kernel new = {0};
	_cleanup_free_ char *modules = xasprintf("%s/lib/modules/%s", root, release);
	int r;

	r = host_image(root, release, &new, err);
	if (r == 0)
		r = vmlinuz_probe(new.vmlinuz, &new.arch, &new.release, err);
	if (r < 0)
		return r;
	new.name = xstrdup("host");
	if (!new.release)
		str_set(&new.release, release);
	if (is_module_tree(modules))
		str_set(&new.modules, modules);
	host_extras(root, release, &new);
	*k = new;
	new = (struct kernel){0};
	return 0;
}
