// SPDX-License-Identifier: GPL-2.0-only
#include "image/bootstrap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cache.h"
#include "base/file.h"
#include "base/log.h"

#define DEBS_MAX (2ULL << 30) /* of packages that are kept */

/* mmdebstrap's own way to have /usr merged from the start where the suite wants it so; else perl
 * and 60 MiB come in to do it afterwards. */
#define MERGED	   "usr-is-merged"
#define MERGED_USR "/usr/share/mmdebstrap/hooks/maybe-merged-usr"

static bool have(const char *program)
{
	_cleanup_free_ char *path = find_program(program);

	return path != NULL;
}

int bootstrap_find(const struct arch *arch, enum bootstrap *which, struct err *err)
{
	if (!have("apt-get"))
		return err_set(err, ENOENT,
			       "no apt-get, which gets the packages: install apt and mmdebstrap");
	*which = have("mmdebstrap") ? BOOTSTRAP_MMDEBSTRAP : BOOTSTRAP_DEBOOTSTRAP;
	if (*which == BOOTSTRAP_MMDEBSTRAP)
		return 0;
	if (!have("debootstrap"))
		return err_set(err, ENOENT,
			       "neither mmdebstrap nor debootstrap is there: install "
			       "mmdebstrap");
	if (geteuid() != 0)
		return err_set(err, ENOENT,
			       "debootstrap has to be run by root: be root, or install "
			       "mmdebstrap");
	if (!image_native(arch))
		return err_set(err, ENOENT,
			       "debootstrap makes images for this processor only: install "
			       "mmdebstrap");
	return 0;
}

static void add_sources(const struct image_job *j, struct strv *argv)
{
	for (const char *line = j->sources; *line; line += strcspn(line, "\n") + 1)
		strv_addn(argv, line, strcspn(line, "\n"));
}

/* `env` words for rootfs/hook.sh */
static void add_env(const struct image_job *j, struct strv *argv)
{
	strv_add(argv, "env");
	strv_addf(argv, "KTEST_JOB=%s", j->dir);
	strv_addf(argv, "KTEST_DEBS=%s/debs", j->req->cache);
	strv_addf(argv, "TMPDIR=%s", j->stage.dir);
}

void bootstrap_args(const struct image_job *j, const char *tree, struct strv *argv)
{
	bool native = image_native(j->req->arch);
	_cleanup_free_ char *packages = strv_join(&j->packages, ",");
	static const char *const hooks[] = {"setup", "extract", "customize"};

	add_env(j, argv);
	strv_addv(argv, "mmdebstrap", "--mode=root", "--format=directory", NULL);
	/* A user namespace has no sysfs of its own; the network is the host's. */
	strv_add(argv, "--skip=chroot/mount/sys,essential/unlink,check/qemu");
	strv_addf(argv, "--variant=%s", native ? "apt" : "extract");
	strv_addf(argv, "--architectures=%s", j->manifest.arch);
	/* A pattern of apt's takes a word for itself. */
	if (!native)
		strv_addv(argv, "--include=?essential", "--include=apt", NULL);
	/* apt: not this one, though an essential package prefers it */
	if (!native && strv_has(&j->packages, MERGED))
		strv_add(argv, "--include=usrmerge-");
	strv_addf(argv, "--include=%s", packages);
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++)
		strv_addf(argv, "--%s-hook=%s/hook.sh", hooks[i], j->req->data);
	if (native && strv_has(&j->packages, MERGED) && path_is_dir(MERGED_USR))
		strv_add(argv, "--hook-dir=" MERGED_USR);
	strv_addv(argv, "--", j->manifest.suite, tree, NULL);
	add_sources(j, argv);
}

static int run_mmdebstrap(struct image_job *j, const char *tree, struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};

	bootstrap_args(j, tree, &argv);
	return image_job_run(j, &argv, "mmdebstrap", err);
}

/* The base by debootstrap, the rest by the tree's own apt. */
static int run_debootstrap(struct image_job *j, const char *tree, struct err *err)
{
	_cleanup_free_ char *mirror = NULL, *change = xasprintf("%s/change.sh", j->dir);
	_cleanup_strv_ struct strv base = {0}, rest = {0};
	const char *uri = strstr(j->sources, "] ");
	int r;

	mirror = xstrndup(uri ? uri + 2 : "", uri ? strcspn(uri + 2, " ") : 0);
	strv_addv(&base, "debootstrap", "--variant=minbase", NULL);
	strv_addf(&base, "--arch=%s", j->manifest.arch);
	strv_addf(&base, "--keyring=%s", j->distro.keyring);
	strv_addv(&base, j->manifest.suite, tree, mirror, NULL);
	r = image_job_run(j, &base, "debootstrap", err);
	strv_addv(&rest, "sh", change, tree, j->dir, NULL);
	return r < 0 ? r : image_job_run(j, &rest, "installing packages", err);
}

int bootstrap_tree(struct image_job *j, enum bootstrap which, const char *tree, struct err *err)
{
	const struct cache_limits limits = {.bytes = DEBS_MAX, .in_use_s = CACHE_IN_USE_S};
	_cleanup_free_ char *debs = xasprintf("%s/debs", j->req->cache);
	int r = mkdir_p(debs, 0755, err);

	if (r < 0)
		return r;
	log_note("%s: %zu packages and what they need", j->manifest.arch, j->packages.n);
	r = which == BOOTSTRAP_MMDEBSTRAP ? run_mmdebstrap(j, tree, err)
					  : run_debootstrap(j, tree, err);
	cache_trim(debs, limits);
	return r;
}
