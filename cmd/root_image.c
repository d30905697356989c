// SPDX-License-Identifier: GPL-2.0-only
/* root_image: root file systems for guests. */
#include "cmd/root_image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cmd/cmd.h"
#include "cmd/guard.h"
#include "image/manifest.h"
#include "image/place.h"
#include "image/sets.h"
#include "run/image.h"

#define PACKAGES_MAX (4 << 20) /* bytes of /etc/ktest/packages */

#define AT(field) .offset = offsetof(struct root_image_options, field)

const struct opt root_image_opts[] = {
	{'a', "arch", OPT_STRING, "ARCH", "architecture of the guests", AT(arch)},
	{'i', "image", OPT_STRING, "IMAGE",
	 "the image, else root.DEBARCH of ~/.ktest or "
	 "/var/lib/ktest",
	 AT(image), .commands = RI_MAKES | RI_CHANGES | RI_SHELL},
	{'m', "mirror", OPT_STRING, "URL", "the only mirror to ask, without a security archive",
	 AT(mirror), .commands = RI_MAKES | RI_CHANGES},
	{0, "suite", OPT_STRING, "SUITE",
	 "release, of Debian or Ubuntu (" IMAGE_SUITE "); "
	 "DISTRO/RELEASE says whose",
	 AT(suite), .commands = RI_MAKES},
	{0, "packages", OPT_LIST, "LIST",
	 "sets, files (with a /) and packages to add, separated by "
	 "commas, repeatable",
	 AT(packages), .commands = RI_MAKES | RI_CHANGES},
	{0, "minimal", OPT_BOOL, NULL, "the set minimal instead of fs", AT(minimal),
	 .commands = RI_MAKES},
	{0, "size", OPT_SIZE, "SIZE", "of the file system (8G); what is not used takes no space",
	 AT(size), .commands = RI_MAKES},
	{'k', "kernel", OPT_STRING, "KERNEL", "of a guest that is needed, as for ktest run",
	 AT(s.kernel), .commands = RI_MAKES | RI_CHANGES | RI_SHELL},
	{0, "accel", OPT_CHOICE, "HOW", "of a guest that is needed: auto, kvm or tcg", AT(s.accel),
	 .choices = "auto|kvm|tcg", .commands = RI_MAKES | RI_CHANGES | RI_SHELL},
	{0, "qemu", OPT_STRING, "PROGRAM", "QEMU to use for it", AT(s.qemu),
	 .commands = RI_MAKES | RI_CHANGES | RI_SHELL},
	{'v', "verbose", OPT_BOOL, NULL, "what is left out, too", AT(verbose)},
	{'h', "help", OPT_HELP, NULL, "this list", 0},
	{0},
};

static void options_free(struct root_image_options *o)
{
	free(o->arch);
	free(o->image);
	free(o->mirror);
	free(o->suite);
	strv_done(&o->packages);
	settings_done(&o->s);
}

/* ---- create, init, update, sync, update_files */

struct work {
	struct image_request req;
	struct strv want;
	char *data;
	int (*make)(const struct image_request *req, char **path, struct err *err);
};

static int do_update(const struct image_request *req, char **path, struct err *err)
{
	return image_change(req, IMAGE_UPDATE, path, err);
}

static int do_sync(const struct image_request *req, char **path, struct err *err)
{
	return image_change(req, IMAGE_SYNC, path, err);
}

static int do_files(const struct image_request *req, char **path, struct err *err)
{
	return image_change(req, IMAGE_FILES, path, err);
}

static int check_suite(const char *path, const char *suite, struct err *err)
{
	_cleanup_manifest_ struct image_manifest m = {0};
	_cleanup_free_ char *full = NULL;
	int r = suite ? image_manifest_read(path, &m, err) : 0;

	if (r < 0 || !suite)
		return r;
	full = xasprintf("%s/%s", m.distro, m.suite);
	if (!strcmp(suite, strchr(suite, '/') ? full : m.suite))
		return 0;
	return err_set(
		err, EEXIST,
		"%s is there, of %s; `root_image create --suite %s` puts another in its place",
		path, full, suite);
}

/* Where there is one, of the suite that is asked for, all is well. */
static int do_init(const struct image_request *req, char **path, struct err *err)
{
	int r;

	*path = req->path ? (path_exists(req->path) ? xstrdup(req->path) : NULL)
			  : image_find(req->arch);
	if (!*path)
		return image_create(req, path, err);
	r = image_check(*path, err);
	return r < 0 ? r : check_suite(*path, req->suite, err);
}

static int work_main(void *arg, struct err *err)
{
	const struct work *w = arg;
	_cleanup_free_ char *path = NULL;
	int r = w->make(&w->req, &path, err);

	if (r < 0)
		return r;
	printf("%s\n", path);
	return fflush(stdout) ? err_errno(err, "stdout") : 0;
}

static void split_list(const struct strv *lists, struct strv *words)
{
	for (size_t i = 0; i < lists->n; i++) {
		_cleanup_free_ char *copy = xstrdup(lists->v[i]);
		char *save = NULL;

		for (char *w = strtok_r(copy, ", \t", &save); w; w = strtok_r(NULL, ", \t", &save))
			strv_add(words, w);
	}
}

static int work_fill(struct work *w, struct root_image_options *o, const struct arch *arch,
		     struct err *err)
{
	if (o->size && o->size < IMAGE_SIZE_MIN)
		return err_usage(err, "--size: at least %lluM", IMAGE_SIZE_MIN >> 20);
	w->data = xasprintf("%s/rootfs", o->s.tree);
	split_list(&o->packages, &w->want);
	w->req = (struct image_request){
		.arch = arch,
		.path = o->image,
		.suite = o->suite,
		.mirror = o->mirror,
		.want = &w->want,
		.minimal = o->minimal,
		.size = o->size,
		.data = w->data,
		.cache = o->s.cache,
		.guest = image_guest,
		.guest_arg = &o->s,
	};
	return 0;
}

static int make_or_change(struct root_image_options *o, const struct arch *arch,
			  int (*make)(const struct image_request *, char **, struct err *),
			  struct err *err)
{
	struct work w = {.make = make};
	int r = work_fill(&w, o, arch, err);

	if (r == 0) {
		r = guarded(work_main, &w, err);
		if (r)
			image_sweep(&w.req);
	}
	strv_done(&w.want);
	free(w.data);
	return r;
}

static int ri_create(struct root_image_options *o, const struct arch *arch, struct err *err)
{
	return make_or_change(o, arch, image_create, err);
}

static int ri_init(struct root_image_options *o, const struct arch *arch, struct err *err)
{
	return make_or_change(o, arch, do_init, err);
}

static int ri_update(struct root_image_options *o, const struct arch *arch, struct err *err)
{
	return make_or_change(o, arch, do_update, err);
}

static int ri_sync(struct root_image_options *o, const struct arch *arch, struct err *err)
{
	return make_or_change(o, arch, do_sync, err);
}

static int ri_files(struct root_image_options *o, const struct arch *arch, struct err *err)
{
	return make_or_change(o, arch, do_files, err);
}

/* ---- shell */

/* `ktest boot` does it all; the output of the last run is not to make room for its log. */
static int ri_shell(struct root_image_options *o, const struct arch *arch, struct err *err)
{
	_cleanup_free_ char *out = xasprintf("%s/shell.%s", o->s.cache, arch->name);
	_cleanup_free_ char *path = o->image ? path_real(o->image, err) : image_find(arch);
	_cleanup_strv_ struct strv argv = {0};

	if (!path && o->image)
		return err->code;
	if (!path)
		return err_set(err, ENOENT, "no root image for %s; `root_image create` makes one",
			       arch->name);
	if (image_check(path, err) < 0)
		return err->code;
	strv_addv(&argv, "ktest", "boot", "-a", arch->name, "--root", path, "-o", out, NULL);
	if (o->s.kernel)
		strv_addv(&argv, "-k", o->s.kernel, NULL);
	if (o->s.accel)
		strv_addv(&argv, "--accel", o->s.accel, NULL);
	if (o->s.qemu)
		strv_addv(&argv, "--qemu", o->s.qemu, NULL);
	execv(o->s.program, argv.v);
	return err_errno(err, "%s", o->s.program);
}

/* ---- list */

static size_t count_lines(const char *path, const char *file)
{
	_cleanup_free_ char *text = NULL;
	size_t len, n = 0;

	if (image_file(path, file, PACKAGES_MAX, &text, &len, NULL) < 0)
		return 0;
	for (const char *p = text; (p = strchr(p, '\n')); p++)
		n++;
	return n;
}

static void list_image(const char *path, const struct arch *arch)
{
	_cleanup_manifest_ struct image_manifest m = {0};
	_cleanup_free_ char *want = NULL;
	struct err err = {0};
	struct stat st;

	if (stat(path, &st) < 0)
		return;
	printf("%s  %s  %lld MiB of %lld", path, arch->name, (long long)st.st_blocks >> 11,
	       (long long)st.st_size >> 20);
	if (image_check(path, &err) < 0 || image_manifest_read(path, &m, &err) < 0) {
		printf("  (%s)\n", err.msg);
		return;
	}
	want = strv_join(&m.want, ",");
	printf("  %s/%s  %s  %zu packages  %s\n", m.distro, m.suite, want,
	       count_lines(path, "/etc/ktest/packages"), m.changed ? m.changed : "");
}

static int ri_list(struct root_image_options *o, const struct arch *arch, struct err *err)
{
	size_t found = 0;
	const struct arch *a;

	(void)err;
	for (size_t n = 0; (a = arch_at(n)); n++) {
		_cleanup_strv_ struct strv paths = {0};

		if (o->arch && a != arch)
			continue;
		image_places(a, &paths);
		for (size_t i = 0; i < paths.n; i++) {
			found += path_exists(paths.v[i]);
			list_image(paths.v[i], a);
		}
	}
	if (!found)
		fprintf(stderr, "no root images yet; `root_image create` makes one\n");
	return 0;
}

/* ---- the commands */

static const struct image_command {
	const char *name;
	unsigned int bit;
	int (*main)(struct root_image_options *o, const struct arch *arch, struct err *err);
	const char *about;
} commands[] = {
	{"create", RI_MAKES, ri_create,
	 "Make a root image, in place of the one there is, and print its path."},
	{"init", RI_MAKES, ri_init, "Make a root image unless there is one, and print its path."},
	{"update", RI_CHANGES, ri_update,
	 "Bring all packages of an image up to date, install missing ones, then update_files."},
	{"sync", RI_CHANGES, ri_sync,
	 "Install what its sets and --packages ask for and the image lacks; upgrade nothing."},
	{"update_files", RI_CHANGES, ri_files,
	 "Put in again what ktest itself puts into an image."},
	{"shell", RI_SHELL, ri_shell,
	 "A shell in a guest on the image. What it changes goes with the guest."},
	{"list", RI_LIST, ri_list, "The images in ~/.ktest and /var/lib/ktest."},
};

static const struct image_command *find_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (str_eq(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static void print_help(const struct image_command *c)
{
	_cleanup_strbuf_ struct strbuf rows = {0};

	opt_help(root_image_opts, c->bit, &rows);
	printf("usage: root_image %s [options]\n%s\n\n%s", c->name, c->about, rows.s);
}

static int run_command(const struct image_command *c, struct root_image_options *o, struct err *err)
{
	const char *env = getenv("ktest_arch"), *name = o->arch ? o->arch : env;
	const struct arch *arch = name ? arch_find(name) : arch_host();

	if (!arch)
		return err_usage(err, "no architecture '%s'; there are %s", name ? name : "",
				 arch_names());
	cmd_verbose = o->verbose;
	o->s.tree = program_tree();
	o->s.program = path_real("/proc/self/exe", NULL);
	o->s.keeper = program_keeper();
	o->s.cache = path_cache();
	return c->main(o, arch, err);
}

int cmd_root_image(int argc, char **argv, struct err *err)
{
	const struct image_command *c = find_named(argv[0]);
	struct root_image_options o = {0};
	int rest, r = opt_parse(root_image_opts, c->bit, argc, argv, &o, &rest, err);

	if (r == OPT_WANTS_HELP) {
		print_help(c);
		r = 0;
	} else if (r == 0 && rest < argc) {
		r = err_usage(err, "%s: unexpected %s", c->name, argv[rest]);
	} else if (r == 0) {
		r = run_command(c, &o, err);
	}
	options_free(&o);
	return r;
}
