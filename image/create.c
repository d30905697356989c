// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "image/bootstrap.h"
#include "image/job.h"
#include "image/ns.h"
#include "image/place.h"
#include "image/sets.h"

/* Words go into a sources.list. */
static bool is_plain(const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_.";

	return *s && *s != '-' && *s != '.' && !s[strspn(s, plain)];
}

/* "bookworm", "ubuntu/noble" */
static int parse_suite(struct image_job *j, const char *word, struct err *err)
{
	const char *slash = strchr(word, '/'), *suite = slash ? slash + 1 : word;
	_cleanup_free_ char *name = slash ? xstrndup(word, (size_t)(slash - word)) : NULL;
	_cleanup_free_ char *known = distro_names();
	const struct distro *d = name ? distro_find(name) : distro_of_suite(suite);

	if (!d)
		return err_usage(err, "--suite %s: no distribution '%s'; there are %s", word, name,
				 known);
	if (!is_plain(suite))
		return err_usage(err, "--suite: '%s' is no name of a release", suite);
	j->distro = *d;
	j->distro.components = d->root_components;
	str_set(&j->manifest.distro, d->name);
	str_set(&j->manifest.suite, suite);
	return 0;
}

static int check_mirror(const char *mirror, struct err *err)
{
	static const char *const schemes[] = {"http://", "https://", "file:/", "copy:/", "ftp://"};

	for (size_t i = 0; mirror && i < ARRAY_SIZE(schemes); i++)
		if (str_starts(mirror, schemes[i]) && !strpbrk(mirror, " \t\n[]"))
			return 0;
	return mirror ? err_usage(err, "-m: '%s' is no address of a mirror", mirror) : 0;
}

/* Sets that do not exist or hold rubbish are told before anything is fetched. */
static int choose_packages(struct image_job *j, struct err *err)
{
	const struct image_request *req = j->req;
	_cleanup_strv_ struct strv packages = {0};
	int r = 0;

	strv_add(&j->manifest.want, req->minimal ? "minimal" : "fs");
	for (size_t i = 0; req->want && i < req->want->n; i++)
		if (!strv_has(&j->manifest.want, req->want->v[i]))
			strv_add(&j->manifest.want, req->want->v[i]);
	for (size_t i = 0; i < j->manifest.want.n && r == 0; i++)
		r = sets_add(req->data, j->manifest.want.v[i], &packages, err);
	return r;
}

static int check_keyring(const struct distro *d, struct err *err)
{
	if (path_readable(d->keyring))
		return 0;
	return err_set(err, ENOENT, "%s is missing: install the package %s", d->keyring,
		       d->keyring_package);
}

static int prepare(struct image_job *j, struct err *err)
{
	const struct image_request *req = j->req;
	int r = parse_suite(j, req->suite ? req->suite : IMAGE_SUITE, err);

	if (r == 0)
		r = check_mirror(req->mirror, err);
	if (r == 0)
		r = choose_packages(j, err);
	if (r == 0)
		r = check_keyring(&j->distro, err);
	if (r < 0)
		return r;
	str_set(&j->manifest.arch, req->arch->debian);
	str_set(&j->manifest.mirror, req->mirror);
	j->path = req->path ? path_absolute(req->path) : image_new_place(req->arch, err);
	if (j->path && path_is_dir(j->path))
		return err_usage(err, "%s is a directory", j->path);
	return j->path ? 0 : err->code;
}

/* What can be asked of the mirror's lists alone comes before packages are fetched. */
static int build(struct image_job *j, enum bootstrap which, struct err *err)
{
	_cleanup_free_ char *tree = xasprintf("%s/tree", j->stage.dir);
	bool native = image_native(j->req->arch);
	const char *mode = native ? "install" : "first";
	int r = image_job_lists(j, err);

	if (r == 0)
		r = image_job_packages(j, err);
	if (r == 0)
		r = image_job_write(j, mode, err);
	if (r == 0)
		r = bootstrap_tree(j, which, tree, err);
	if (r == 0)
		r = image_job_pack(j, tree, err);
	if (r < 0)
		return r;
	ns_remove(tree);
	if (native)
		return 0;
	log_note("setting the packages up in a guest; that takes a while");
	return image_job_guest(j, err);
}

int image_create(const struct image_request *req, char **path, struct err *err)
{
	__attribute__((cleanup(image_job_done))) struct image_job j = IMAGE_JOB_INIT(req);
	enum bootstrap which;
	int r = prepare(&j, err);

	if (r == 0)
		r = bootstrap_find(req->arch, &which, err);
	if (r == 0)
		r = ns_check(err);
	if (r == 0)
		r = image_job_open(&j, err);
	if (r == 0)
		r = build(&j, which, err);
	return r < 0 ? r : image_job_publish(&j, path, err);
}

void image_sweep(const struct image_request *req)
{
	_cleanup_free_ char *path =
		req->path ? path_absolute(req->path) : image_new_place(req->arch, NULL);
	_cleanup_free_ char *dir = NULL;

	if (!path)
		return;
	dir = xstrndup(path, (size_t)(path_base(path) - path) - 1);
	stage_sweep(*dir ? dir : "/", ns_remove);
}
