// SPDX-License-Identifier: GPL-2.0-only
#include "image/job.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "image/ns.h"
#include "image/sets.h"

#define RUN_MS	(120LL * 60 * 1000)
#define COPY_MS (30LL * 60 * 1000)
#define LOG_MAX (4 << 20)

void image_job_done(struct image_job *j)
{
	free(j->path);
	image_manifest_done(&j->manifest);
	free(j->dir);
	free(j->image);
	apt_close(&j->apt);
	free(j->sources);
	strv_done(&j->packages);
	strbuf_done(&j->log);
	stage_close(&j->stage);
}

bool image_native(const struct arch *arch)
{
	const struct arch *host = arch_host();

	return host &&
	       (arch == host || (str_eq(host->name, "x86_64") && str_eq(arch->name, "i386")));
}

static int write_in(const struct image_job *j, const char *name, const char *text, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", j->dir, name);
	_cleanup_free_ char *parent = xstrndup(path, (size_t)(path_base(path) - path) - 1);
	int r = mkdir_p(parent, 0755, err);

	return r < 0 ? r : file_write(path, text, strlen(text), 0644, err);
}

static int make_dir(const struct image_job *j, const char *name, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", j->dir, name);

	return mkdir_p(path, 0755, err);
}

static int copy_in(const struct image_job *j, const char *name, const char *to, struct err *err)
{
	_cleanup_free_ char *from = xasprintf("%s/%s", j->req->data, name);
	_cleanup_free_ char *path = xasprintf("%s/%s", j->dir, to);

	return file_copy(from, path, err);
}

int image_job_open(struct image_job *j, struct err *err)
{
	_cleanup_free_ char *dir = xstrndup(j->path, (size_t)(path_base(j->path) - j->path) - 1);
	_cleanup_free_ char *text = image_manifest_text(&j->manifest);
	static const char *const scripts[] = {"change.sh", "finish.sh", "change.ktest"};
	int r;

	j->stage.remove = ns_remove;
	r = stage_open(*dir ? dir : "/", &j->stage, err);
	if (r < 0)
		return r;
	j->dir = xasprintf("%s/job", j->stage.dir);
	j->image = xasprintf("%s/image", j->dir);
	r = write_in(j, "files" MANIFEST_PATH, text, err);
	for (size_t i = 0; i < ARRAY_SIZE(scripts) && r == 0; i++)
		r = copy_in(j, scripts[i], scripts[i], err);
	if (r == 0)
		r = write_in(j, "arch", j->manifest.arch, err);
	if (r == 0)
		r = make_dir(j, "files/etc/dpkg/dpkg.cfg.d", err);
	return r < 0 ? r : copy_in(j, "dpkg.cfg", "files/etc/dpkg/dpkg.cfg.d/ktest", err);
}

int image_job_write(struct image_job *j, const char *mode, struct err *err)
{
	_cleanup_free_ char *words = strv_join(&j->packages, "\n");
	_cleanup_free_ char *lists = xasprintf("%s/state/lists", j->apt.dir ? j->apt.dir : "");
	_cleanup_free_ char *debs = xasprintf("%s/cache/archives", j->apt.dir ? j->apt.dir : "");
	_cleanup_free_ char *to_lists = xasprintf("%s/lists", j->dir);
	_cleanup_free_ char *to_debs = xasprintf("%s/debs", j->dir);
	int r = write_in(j, "mode", mode, err);

	if (r == 0)
		r = write_in(j, "packages", words, err);
	if (r < 0 || !j->apt.dir)
		return r;
	if (rename(lists, to_lists) < 0 || rename(debs, to_debs) < 0)
		return err_errno(err, "%s", j->dir);
	return write_in(j, "files/etc/apt/sources.list", j->sources, err);
}

/* ---- packages */

static int update_lists(struct image_job *j, const struct strv *archs, bool updates,
			struct err *err)
{
	free(j->sources);
	j->sources =
		distro_sources(&j->distro, j->manifest.suite, archs, j->manifest.mirror, updates);
	return apt_update(&j->apt, j->sources, err);
}

int image_job_lists(struct image_job *j, struct err *err)
{
	_cleanup_free_ char *dir = xasprintf("%s/apt", j->stage.dir);
	_cleanup_strv_ struct strv archs = {0};
	int r = mkdir_p(dir, 0755, err);

	strv_add(&archs, j->manifest.arch);
	if (r == 0)
		r = apt_open(&j->apt, dir, &archs, err);
	if (r < 0)
		return r;
	log_note("%s/%s: reading the package lists", j->distro.name, j->manifest.suite);
	r = update_lists(j, &archs, true, err);
	/* Unreleased and archived suites have no -updates and -security. */
	if (r < 0 && str_ends(err->msg, "does not have a Release file."))
		r = update_lists(j, &archs, false, err);
	if (r == 0)
		return 0;
	if (strstr(err->msg, "does not have a Release file"))
		return err_set(err, ENOENT,
			       "the mirror of %s has no suite %s; name another suite, or with -m a "
			       "mirror that has it",
			       j->distro.name, j->manifest.suite);
	return err_wrap(err, "the mirror of %s; name another one with -m", j->distro.name);
}

/* A set or package that has to be there and is not ends it, all of them named. */
static int missing_error(const struct image_job *j, const struct strv *missing, struct err *err)
{
	_cleanup_free_ char *names = strv_join(missing, " ");

	return err_set(err, ENOENT, "%s/%s has no package %s", j->distro.name, j->manifest.suite,
		       names);
}

/* Leave out of *packages what is in missing; those without '?' go to *needed. */
static void sort_out(struct strv *packages, const struct strv *missing, struct strv *needed)
{
	_cleanup_strv_ struct strv all = {0};

	strv_copy(&all, packages);
	strv_done(packages);
	for (size_t i = 0; i < all.n; i++) {
		bool optional = *all.v[i] == '?';
		const char *name = all.v[i] + optional;

		if (!strv_has(missing, name))
			strv_add(packages, name);
		else if (optional)
			log_debug("no package %s", name);
		else
			strv_add(needed, name);
	}
}

int image_job_packages(struct image_job *j, struct err *err)
{
	_cleanup_strv_ struct strv names = {0}, missing = {0}, needed = {0};
	int r = 0;

	/* In the place of what would merge /usr: it is merged before, see bootstrap.c. */
	strv_add(&j->packages, "?usr-is-merged");
	for (size_t i = 0; i < j->manifest.want.n && r == 0; i++)
		r = sets_add(j->req->data, j->manifest.want.v[i], &j->packages, err);
	for (size_t i = 0; i < j->packages.n && r == 0; i++)
		strv_add(&names, j->packages.v[i] + (*j->packages.v[i] == '?'));
	if (r == 0)
		r = apt_missing(&j->apt, &names, &missing, err);
	if (r < 0)
		return r;
	sort_out(&j->packages, &missing, &needed);
	return needed.n ? missing_error(j, &needed, err) : 0;
}

/* ---- running things */

/* From the sign to the end of its line. */
static char *line_with(const char *text, const char *sign)
{
	const char *p = strstr(text, sign);

	return p ? xstrndup(p, strcspn(p, "\r\n")) : NULL;
}

static int no_space(const struct image_job *j, struct err *err)
{
	uint64_t avail = 0, total = 0;

	fs_space(j->stage.dir, &avail, &total);
	return err_set(err, ENOSPC,
		       "no space left where %s goes (%" PRIu64
		       " MiB free); free some, or name another place with -i",
		       j->path, avail >> 20);
}

int image_blame(const struct image_job *j, const char *what, struct err *err)
{
	static const char *const signs[] = {"E: ", "dpkg: error",
					    "error: ", "mke2fs: ", "e2fsck: "};
	const char *log = j->log.s ? j->log.s : "";

	if (strstr(log, "No space left on device"))
		return no_space(j, err);
	if (strstr(log, "ould not allocate ") && strstr(log, "ext2 filesystem"))
		return err_set(err, ENOSPC, "the packages need a larger file system; give --size");
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		_cleanup_free_ char *line = line_with(log, signs[i]);

		if (line)
			return err_set(err, EIO, "%s: %.500s", what, line);
	}
	return err_wrap(err, "%s", what);
}

/* Where all of what programs said can be read afterwards. */
static void keep_log(const struct image_job *j)
{
	_cleanup_free_ char *path = xasprintf("%s/root_image.log", j->req->cache);
	size_t skip = j->log.len > LOG_MAX ? j->log.len - LOG_MAX : 0;

	if (j->log.len && mkdir_p(j->req->cache, 0755, NULL) == 0 &&
	    file_write(path, j->log.s + skip, j->log.len - skip, 0644, NULL) == 0)
		log_note("all that was said: %s", path);
}

int image_job_run(struct image_job *j, const struct strv *argv, const char *what, struct err *err)
{
	int r = ns_run(argv, RUN_MS, &j->log, err);

	if (r < 0) {
		r = image_blame(j, what, err);
		keep_log(j);
	}
	return r;
}

static int copy_sparse(struct image_job *j, const char *from, const char *to, struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};
	int r;

	strv_addv(&argv, "cp", "--sparse=always", "--reflink=auto", "--", from, to, NULL);
	r = proc_run(&argv, COPY_MS, NULL, err);
	if (r < 0 && strstr(err->msg, "No space left on device"))
		return no_space(j, err);
	return r;
}

static int check_fs(struct image_job *j, struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};

	strv_addv(&argv, "e2fsck", "-f", "-p", j->image, NULL);
	return image_job_run(j, &argv, "what the guest left of the image", err);
}

int image_job_guest(struct image_job *j, struct err *err)
{
	_cleanup_free_ char *root = xasprintf("%s/root", j->dir), *said = NULL;
	int r = copy_sparse(j, j->image, root, err);

	if (r == 0)
		r = j->req->guest(j->req->guest_arg, j->req->arch, j->dir, &said, err);
	if (said)
		strbuf_puts(&j->log, said);
	if (r < 0 && said) {
		r = image_blame(j, "in the guest", err);
		keep_log(j);
	}
	unlink(root);
	return r < 0 ? r : check_fs(j, err);
}

int image_job_pack(struct image_job *j, const char *tree, struct err *err)
{
	uint64_t size = j->req->size ? j->req->size : IMAGE_SIZE_DEFAULT;
	_cleanup_strv_ struct strv argv = {0};

	log_note("making the file system");
	/* No journal: an image is only ever changed as a copy that is thrown away on failure. */
	strv_addv(&argv, "mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-L",
		  "ktest-root", "-E", "root_owner=0:0,lazy_itable_init=1,nodiscard", "-d", tree,
		  j->image, NULL);
	strv_addf(&argv, "%" PRIu64 "k", size >> 10);
	return image_job_run(j, &argv, "making the file system", err);
}

int image_job_publish(struct image_job *j, char **path, struct err *err)
{
	if (chmod(j->image, 0644) < 0)
		return err_errno(err, "%s", j->image);
	return stage_publish(&j->stage, j->image, path_base(j->path), path, err);
}
