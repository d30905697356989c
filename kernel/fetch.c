// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/fetch.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/stage.h"
#include "kernel/apt.h"
#include "kernel/arch.h"
#include "kernel/distro.h"
#include "kernel/layout.h"
#include "kernel/store.h"
#include "kernel/unpack.h"

/* The packages of one kernel, named for apt ("linux-kbuild-6.1:amd64") and as "NAME VERSION". */
struct plan {
	struct strv names;
	struct strv versions;
	char *release;
	int64_t size;
};

static void plan_done(struct plan *p)
{
	strv_done(&p->names);
	strv_done(&p->versions);
	free(p->release);
}

/* What a fetch works with. */
struct fetch {
	const struct fetch_request *req;
	const struct distro *distro;
	char *release;	   /* of the distribution: "bookworm" */
	char *arch;	   /* Debian's name */
	struct strv archs; /* arch and, for the tools of the headers, this machine's */
	struct apt apt;
	struct stage stage;
};

static void fetch_done(struct fetch *f)
{
	free(f->release);
	free(f->arch);
	strv_done(&f->archs);
	apt_close(&f->apt);
	stage_close(&f->stage);
}

static char *default_store(const char *store)
{
	return store ? xstrdup(store) : path_home(".ktest/kernels");
}

static const char *machine_debian(void)
{
	const struct arch *host = arch_host();

	return host ? host->debian : NULL;
}

/* "linux-image-6.1.0-9-amd64-dbg_6.1.27-1_amd64.deb", "kernel-debuginfo-6.1.rpm" */
static bool is_debug(const char *file)
{
	const char *name = path_base(file);

	return strstr(name, "-dbg_") || strstr(name, "-dbgsym_") || strstr(name, "-debuginfo-");
}

static int unpack_files(const struct strv *files, const char *root, const char *vmlinux,
			struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < files->n && r == 0; i++)
		r = is_debug(files->v[i]) ? unpack_vmlinux(files->v[i], vmlinux, err)
					  : unpack_package(files->v[i], root, err);
	return r;
}

/* Unpack what lies in debs/ or was named, and put it in the store. */
static int publish(struct fetch *f, const struct strv *files, const char *prefix,
		   const struct strv *packages, char **published, struct err *err)
{
	_cleanup_free_ char *root = xasprintf("%s/root", f->stage.dir), *name = NULL;
	_cleanup_free_ char *out = xasprintf("%s/out", f->stage.dir);
	_cleanup_kernel_ struct kernel k = {0};
	_cleanup_free_ char *vmlinux = xasprintf("%s/vmlinux", out);
	int r = mkdir_p(root, 0755, err);

	log_note("unpacking");
	if (r == 0)
		r = mkdir_p(out, 0755, err);
	if (r == 0)
		r = unpack_files(files, root, vmlinux, err);
	if (r == 0)
		r = layout_make(root, out, &k, err);
	if (r < 0)
		return r;
	name = xasprintf("%s/%s/%s", prefix, arch_find(k.arch)->debian, k.release);
	r = manifest_write(out, &k, f->req->what, packages, err);
	return r < 0 ? r : stage_publish(&f->stage, out, name, published, err);
}

static bool has_prefix(const char *name, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (str_starts(name, *prefixes))
			return true;
	return false;
}

/* The tools among the headers run on this machine, whatever the kernel is for. */
static char *apt_name(const struct fetch *f, const char *name)
{
	if (f->archs.n > 1 && str_starts(name, "linux-kbuild-"))
		return xasprintf("%s:%s", name, f->archs.v[1]);
	return xstrdup(name);
}

/* name and all that it depends on whose names begin as the kernel's parts do. */
static int plan_add(const struct fetch *f, struct plan *p, const char *name,
		    const char *const *prefixes, struct err *err)
{
	_cleanup_free_ char *full = apt_name(f, name);
	struct apt_package pkg = {0};
	int r;

	if (strv_has(&p->names, full))
		return 0;
	r = apt_show(&f->apt, full, &pkg, err);
	if (r < 0)
		return r;
	strv_add(&p->names, full);
	strv_addf(&p->versions, "%s %s", pkg.name, pkg.version);
	p->size += pkg.size;
	for (size_t i = 0; i < pkg.depends.n && r == 0; i++)
		if (has_prefix(pkg.depends.v[i], prefixes))
			r = plan_add(f, p, pkg.depends.v[i], prefixes, err);
	apt_package_done(&pkg);
	return r;
}

/* The uname -r in the name of the image package. */
static int plan_release(struct plan *p, const char *meta, struct err *err)
{
	static const char prefix[] = "linux-image-", unsigned_[] = "unsigned-";

	/* The first one is the meta package, "linux-image-686-pae" for instance. */
	for (size_t i = 1; i < p->names.n; i++) {
		const char *s = p->names.v[i];

		if (!str_starts(s, prefix))
			continue;
		s += sizeof(prefix) - 1;
		if (str_starts(s, unsigned_))
			s += sizeof(unsigned_) - 1;
		if (isdigit((unsigned char)*s)) {
			p->release = xstrdup(s);
			return 0;
		}
	}
	return err_set(err, ENOENT, "no package with a kernel among what %s depends on", meta);
}

static char *place(const struct fetch *f, const char *release)
{
	return xasprintf("%s/%s/%s/%s/%s", f->stage.place, f->distro->name, f->release, f->arch,
			 release);
}

/* A kernel that is replaced by a newer package of the same release keeps what it has. */
static bool has_part(const struct fetch *f, const char *release, const char *part)
{
	_cleanup_free_ char *there = place(f, release);
	_cleanup_free_ char *path = xasprintf("%s/%s", there, part);

	return path_exists(path);
}

static int plan_headers(const struct fetch *f, struct plan *p, struct err *err)
{
	static const char *const headers[] = {"linux-headers-", "linux-kbuild-", "linux-base-",
					      NULL};
	_cleanup_free_ char *name = xasprintf("linux-headers-%s", p->release);

	if (!f->req->headers && !has_part(f, p->release, "headers/build"))
		return 0;
	return plan_add(f, p, name, headers, err);
}

static int plan_debug(const struct fetch *f, struct plan *p, struct err *err)
{
	static const char *const none[] = {NULL};
	_cleanup_free_ char *name = xasprintf("linux-image-%s-dbg", p->release);

	if (!f->req->debug && !has_part(f, p->release, "vmlinux"))
		return 0;
	if (f->distro->no_debug)
		return err_set(err, ENOTSUP, "--debug: %s", f->distro->no_debug);
	return plan_add(f, p, name, none, err);
}

static int plan_make(const struct fetch *f, struct plan *p, struct err *err)
{
	/* Debian 14 has split what was linux-image-* before. */
	static const char *const image[] = {"linux-image-", "linux-modules-", "linux-binary-",
					    "linux-base-", NULL};
	const char *meta = distro_image(f->distro, f->arch);
	int r = plan_add(f, p, meta, image, err);

	if (r == 0)
		r = plan_release(p, meta, err);
	if (r == 0)
		r = plan_headers(f, p, err);
	return r < 0 ? r : plan_debug(f, p, err);
}

static int update(struct fetch *f, bool updates, struct err *err)
{
	_cleanup_free_ char *sources =
		distro_sources(f->distro, f->release, &f->archs, f->req->mirror, updates);

	return apt_update(&f->apt, sources, err);
}

/* Unreleased and archived suites have no -updates and -security. Anything else that fails must not
 * end in an older kernel than there is. */
static int get_lists(struct fetch *f, struct err *err)
{
	_cleanup_free_ char *dir = xasprintf("%s/apt", f->stage.dir);
	int r = mkdir_p(dir, 0755, err);

	if (r == 0)
		r = apt_open(&f->apt, dir, &f->archs, err);
	if (r < 0)
		return r;
	log_note("%s/%s: reading the package lists", f->distro->name, f->release);
	r = update(f, true, err);
	if (r < 0 && err && str_ends(err->msg, "does not have a Release file."))
		r = update(f, false, err);
	return r;
}

static int download(struct fetch *f, const struct plan *p, struct strv *files, struct err *err)
{
	_cleanup_free_ char *dir = xasprintf("%s/debs", f->stage.dir);
	_cleanup_free_ char *pattern = xasprintf("%s/*.deb", dir);
	glob_t g;
	int r = mkdir_p(dir, 0755, err);

	if (r < 0)
		return r;
	log_note("downloading %s (%lld MiB)", p->release, (long long)(p->size >> 20));
	r = apt_download(&f->apt, &p->names, dir, err);
	if (r == 0 && glob(pattern, 0, NULL, &g) == 0) {
		for (size_t i = 0; i < g.gl_pathc; i++)
			strv_add(files, g.gl_pathv[i]);
		globfree(&g);
	}
	if (r == 0 && files->n < p->names.n)
		r = err_set(err, EIO, "apt-get download left out a package");
	return r;
}

static int fetch_plan(struct fetch *f, const struct plan *p, char **published, struct err *err)
{
	_cleanup_free_ char *prefix = xasprintf("%s/%s", f->distro->name, f->release);
	_cleanup_free_ char *there =
		xasprintf("%s/%s/%s/%s", f->stage.place, prefix, f->arch, p->release);
	_cleanup_strv_ struct strv files = {0};
	int r;

	if (!f->req->force && manifest_has(there, &p->versions)) {
		log_note("%s/%s/%s is in the store already", prefix, f->arch, p->release);
		*published = xstrdup(there);
		return 0;
	}
	r = download(f, p, &files, err);
	return r < 0 ? r : publish(f, &files, prefix, &p->versions, published, err);
}

static int check_host(const struct fetch *f, struct err *err)
{
	_cleanup_free_ char *apt = find_program("apt-get");

	if (!apt)
		return err_set(
			err, ENOSYS,
			"no apt-get on this system: get the kernel's packages (for "
			"instance by `dnf download` or `zypper download`), then `ktest kernel "
			"fetch FILE.rpm...`");
	if (!path_readable(f->distro->keyring))
		return err_set(err, ENOENT, "%s is missing: install the package %s",
			       f->distro->keyring, f->distro->keyring_package);
	return 0;
}

/* Words go into a sources.list. */
static bool is_plain(const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_.+";

	return *s && isalnum((unsigned char)*s) && !s[strspn(s, plain)];
}

static int parse_arch(struct fetch *f, const char *word, struct err *err)
{
	const char *host = machine_debian();
	const struct arch *named = arch_find(word);
	const char *arch = word ? (named ? named->debian : NULL) : host;

	if (!arch || !distro_image(f->distro, arch))
		return err_usage(err, "%s: no kernels for %s", f->distro->name,
				 word ? word : "this machine");
	f->arch = xstrdup(arch);
	strv_add(&f->archs, arch);
	if (f->req->headers && host && strcmp(arch, host) != 0)
		strv_add(&f->archs, host);
	return 0;
}

/* DISTRO/RELEASE[/ARCH] */
static int parse_what(struct fetch *f, struct err *err)
{
	_cleanup_free_ char *copy = xstrdup(f->req->what), *known = distro_names();
	char *save = NULL, *distro = strtok_r(copy, "/", &save);
	char *release = strtok_r(NULL, "/", &save), *arch = strtok_r(NULL, "/", &save);

	f->distro = distro ? distro_find(distro) : NULL;
	if (!f->distro || !release || !is_plain(release) || strtok_r(NULL, "/", &save)) {
		err_usage(err,
			  "%s: not DISTRO/RELEASE[/ARCH] with DISTRO one of %s, and no .deb or "
			  ".rpm",
			  f->req->what, known);
		return -EINVAL;
	}
	if (f->req->mirror && (!strstr(f->req->mirror, ":/") || strpbrk(f->req->mirror, " \t\n[")))
		return err_usage(err, "--mirror %s: not a URL", f->req->mirror);
	f->release = xstrdup(release);
	return parse_arch(f, arch, err);
}

static int fetch_distro(struct fetch *f, const char *store, char **published, struct err *err)
{
	__attribute__((cleanup(plan_done))) struct plan p = {0};
	int r = parse_what(f, err);

	if (r == 0)
		r = check_host(f, err);
	if (r == 0)
		r = stage_open(store, &f->stage, err);
	if (r == 0)
		r = get_lists(f, err);
	if (r == 0)
		r = plan_make(f, &p, err);
	if (r == 0)
		r = fetch_plan(f, &p, published, err);
	return r;
}

static bool is_package(const char *what)
{
	return str_ends(what, ".deb") || str_ends(what, ".rpm");
}

static int fetch_files(struct fetch *f, const char *store, char **published, struct err *err)
{
	const char *prefix = str_ends(f->req->what, ".rpm") ? "local/rpm" : "local/deb";
	_cleanup_strv_ struct strv files = {0}, names = {0};
	int r = 0;

	strv_add(&files, f->req->what);
	if (f->req->more)
		strv_cat(&files, f->req->more);
	for (size_t i = 0; i < files.n && r == 0; i++) {
		strv_add(&names, path_base(files.v[i]));
		if (!is_package(files.v[i]))
			r = err_usage(err, "%s: neither a .deb nor an .rpm", files.v[i]);
		else if (!path_readable(files.v[i]))
			r = err_errno(err, "%s", files.v[i]);
	}
	if (r == 0)
		r = stage_open(store, &f->stage, err);
	return r < 0 ? r : publish(f, &files, prefix, &names, published, err);
}

int kernel_fetch(const struct fetch_request *req, char **published, struct err *err)
{
	__attribute__((cleanup(fetch_done))) struct fetch f = {.req = req, .stage = STAGE_INIT};
	_cleanup_free_ char *store = default_store(req->store);
	int r;

	if (is_package(req->what))
		return fetch_files(&f, store, published, err);
	if (req->more && req->more->n)
		return err_usage(err, "%s: one kernel at a time", req->more->v[0]);
	r = fetch_distro(&f, store, published, err);
	return r < 0 && !(err && err->usage) ? err_wrap(err, "cannot fetch %s", req->what) : r;
}

void kernel_fetch_sweep(const char *store)
{
	_cleanup_free_ char *dir = default_store(store);

	stage_sweep(dir, NULL);
}
