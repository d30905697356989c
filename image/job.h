/* SPDX-License-Identifier: GPL-2.0-only */
/* An image on its way: the directory beside its place, packages and lists in it, and the job that
 * rootfs/change.sh or mmdebstrap's hooks do. */
#ifndef IMAGE_JOB_H
#define IMAGE_JOB_H

#include "base/stage.h"
#include "image/image.h"
#include "image/manifest.h"
#include "kernel/apt.h"
#include "kernel/distro.h"

struct image_job {
	const struct image_request *req;
	char *path; /* where the image goes */
	struct image_manifest manifest;
	struct distro distro; /* its components those of root images */
	struct stage stage;
	char *dir;   /* stage/job: what hooks and guests see */
	char *image; /* dir/image */
	struct apt apt;
	char *sources;	      /* sources.list */
	struct strv packages; /* what is to be there, by name */
	struct strbuf log;    /* what programs said */
};

#define IMAGE_JOB_INIT(request)                       \
	{                                             \
		.req = (request), .stage = STAGE_INIT \
	}

void image_job_done(struct image_job *j);

/* Whether this machine runs programs of the architecture. */
bool image_native(const struct arch *arch);

/* Make the stage and in it the job's directory, with the scripts of rootfs/ and the manifest;
 * path, distro and manifest are set. */
int image_job_open(struct image_job *j, struct err *err);

/* mode as in rootfs/change.sh, and what the hooks and it need of the job. */
int image_job_write(struct image_job *j, const char *mode, struct err *err);

/* Get the package lists; then names from the sets, those that are missing left out or told. */
int image_job_lists(struct image_job *j, struct err *err);
int image_job_packages(struct image_job *j, struct err *err);

/* Run a program in a namespace (ns.h); *err is the one line that says why it failed. */
int image_job_run(struct image_job *j, const struct strv *argv, const char *what, struct err *err);

/* Run change.ktest on dir/image in a guest, and check the file system after it. */
int image_job_guest(struct image_job *j, struct err *err);

/* The directory tree below dir as a file system at dir/image. */
int image_job_pack(struct image_job *j, const char *tree, struct err *err);

/* Put dir/image in its place. */
int image_job_publish(struct image_job *j, char **path, struct err *err);

/* The line of a log that says why: full disks first, then what apt and dpkg complain of. what is
 * for a log that says nothing. */
int image_blame(const struct image_job *j, const char *what, struct err *err);

#endif
