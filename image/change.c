// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "image/job.h"
#include "image/place.h"

#define STATUS_MAX (64 << 20)

static int find_image(struct image_job *j, struct err *err)
{
	const struct image_request *req = j->req;
	const struct distro *d;
	int r;

	j->path = req->path ? path_real(req->path, err) : image_find(req->arch);
	if (!j->path)
		return req->path ? err->code
				 : err_set(err, ENOENT,
					   "no root image for %s; `root_image create` makes one",
					   req->arch->name);
	r = image_check(j->path, err);
	if (r == 0)
		r = image_manifest_read(j->path, &j->manifest, err);
	if (r < 0)
		return r;
	if (arch_find(j->manifest.arch) != req->arch)
		return err_usage(err, "%s is for %s: say so with -a", j->path, j->manifest.arch);
	d = distro_find(j->manifest.distro);
	if (!d)
		return err_set(err, EINVAL, "%s: no distribution '%s'", j->path,
			       j->manifest.distro);
	j->distro = *d;
	j->distro.components = d->root_components;
	return 0;
}

/* What is asked for now stays asked for. */
static void add_wanted(struct image_job *j)
{
	const struct image_request *req = j->req;

	for (size_t i = 0; req->want && i < req->want->n; i++)
		if (!strv_has(&j->manifest.want, req->want->v[i]))
			strv_add(&j->manifest.want, req->want->v[i]);
	if (req->mirror)
		str_set(&j->manifest.mirror, req->mirror);
}

/* apt is to see what is in the image, not what is on this machine. */
static int take_status(struct image_job *j, struct err *err)
{
	_cleanup_free_ char *to = xasprintf("%s/status", j->apt.dir), *text = NULL;
	size_t len;
	int r = image_file(j->path, "/var/lib/dpkg/status", STATUS_MAX, &text, &len, err);

	return r < 0 ? r : file_write(to, text, len, 0644, err);
}

static int fetch(struct image_job *j, enum image_change what, struct err *err)
{
	_cleanup_strv_ struct strv upgrade = {0}, install = {0};
	int r = image_job_lists(j, err);

	if (r == 0)
		r = image_job_packages(j, err);
	if (r == 0)
		r = take_status(j, err);
	strv_add(&upgrade, "dist-upgrade");
	strv_add(&install, "install");
	strv_cat(&install, &j->packages);
	log_note("fetching packages");
	if (r == 0 && what == IMAGE_UPDATE)
		r = apt_fetch(&j->apt, &upgrade, err);
	return r < 0 ? r : apt_fetch(&j->apt, &install, err);
}

static int copy_image(struct image_job *j, struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};

	strv_addv(&argv, "cp", "--sparse=always", "--reflink=auto", "--", j->path, j->image, NULL);
	return image_job_run(j, &argv, "copying the image", err);
}

int image_change(const struct image_request *req, enum image_change what, char **path,
		 struct err *err)
{
	static const char *const modes[] = {
		[IMAGE_UPDATE] = "upgrade", [IMAGE_SYNC] = "sync", [IMAGE_FILES] = "files"};
	__attribute__((cleanup(image_job_done))) struct image_job j = IMAGE_JOB_INIT(req);
	int r = find_image(&j, err);

	if (r < 0)
		return r;
	add_wanted(&j);
	r = image_job_open(&j, err);
	if (r == 0 && what != IMAGE_FILES)
		r = fetch(&j, what, err);
	if (r == 0)
		r = image_job_write(&j, modes[what], err);
	if (r == 0)
		r = copy_image(&j, err);
	if (r < 0)
		return r;
	log_note("changing it in a guest");
	r = image_job_guest(&j, err);
	return r < 0 ? r : image_job_publish(&j, path, err);
}
