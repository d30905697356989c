// SPDX-License-Identifier: GPL-2.0-only
#include "run/guest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "image/hostroot.h"
#include "image/treeroot.h"
#include "kernel/extmod.h"
#include "kernel/initramfs.h"
#include "run/control.h"
#include "run/kernels.h"
#include "run/machine.h"
#include "run/network.h"
#include "run/sshconf.h"

/* What the guest may write over its root; sparse. */
#define UPPER_BYTES (16ULL << 30)

/* Of the free space, what is left for others: the run would be stopped at once with less. */
#define DISK_FREE_MIN (256ULL << 20)

/* ---- before the first guest */

static void add_words(struct strv *sv, const char *words)
{
	size_t len;

	for (; *words; words += len + (words[len] == ' ')) {
		len = strcspn(words, " ");
		strv_addn(sv, words, len);
	}
}

static void wanted_drivers(const struct guest_base *b, const struct guest_plan *gp,
			   struct strv *want)
{
	const struct needs *n = &gp->file->needs;
	const char *net = b->settings->network;
	bool virtio_blk = b->root_image || gp->upper_disk || n->images.n || n->rw_images.n;

	add_words(want, "virtio_pci virtio_console 9p 9pnet_virtio overlay ?pvpanic-pci ?configfs");
	if (virtio_blk)
		strv_add(want, "virtio_blk");
	if (b->root_image || gp->upper_disk)
		strv_add(want, "ext4");
	if (n->nscratch || n->nslow)
		add_words(want, gp->file->bus->modules);
	if (n->npmem)
		add_words(want, "nfit nd_pmem");
	if (gp->file->dump)
		strv_add(want, "?qemu_fw_cfg");
	/* An address that leads nowhere can be done without. */
	if (!str_eq(net, "none"))
		strv_add(want, gp->file->internet || (net && strcmp(net, "user") != 0)
				       ? "virtio_net"
				       : "?virtio_net");
}

static int find_drivers(const struct guest_base *b, struct guest_plan *gp, struct err *err)
{
	_cleanup_strv_ struct strv want = {0};
	int r;

	wanted_drivers(b, gp, &want);
	r = modules_closure(&gp->file->kernel->kernel, &want, &gp->modules, err);
	return r < 0 ? err_wrap(err, "%s", gp->file->needs.path) : 0;
}

static int check_memory(const struct test_file *f, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	const char *line;
	size_t len;
	long long kib;

	if (file_read("/proc/meminfo", 65536, &text, &len, err) < 0)
		return err->code;
	line = strstr(text, "MemAvailable:");
	kib = line ? atoll(line + strlen("MemAvailable:")) : INT64_MAX;
	if (kib / 1024 >= f->mem_mib)
		return 0;
	return err_set(err, ENOMEM,
		       "%s wants a guest of %" PRId64
		       " MiB, this host has %lld MiB free; free some "
		       "or give it less with --mem",
		       f->needs.path, f->mem_mib, kib / 1024);
}

static int check_space(const char *path, struct err *err)
{
	uint64_t avail, total;

	if (fs_space(path, &avail, &total) < 0 ||
	    (avail > DISK_FREE_MIN && avail > total / DISK_KEPT_PART))
		return 0;
	return err_set(err, ENOSPC,
		       "only %" PRIu64 " MiB of %" PRIu64 " MiB are free where %s lies (5 %% and "
		       "%llu MiB are kept); free some, or use -o, -T or TMPDIR",
		       avail >> 20, total >> 20, path, DISK_FREE_MIN >> 20);
}

int guest_check_space(const struct guest_base *b, struct err *err)
{
	int r = check_space(b->run_dir, err);

	return r < 0 ? r : check_space(b->out->path, err);
}

/* "A" or "A=VALUE"; without a value y or m will do. What the config does not name, this kernel may
 * not know. */
static int check_symbol(const struct kernel *k, const char *requirement, struct err *err)
{
	const char *name = str_starts(requirement, "CONFIG_") ? requirement + 7 : requirement;
	_cleanup_free_ char *symbol = xstrndup(name, strcspn(name, "="));
	const char *value = strchr(name, '=') ? strchr(name, '=') + 1 : NULL;
	_cleanup_free_ char *has = kernel_config_get(k, symbol);
	bool on = has && (!strcmp(has, "y") || !strcmp(has, "m"));
	bool off = has && !*has;

	if (off && !kernel_config_names(k, symbol)) {
		log_warn("the config of %s does not know CONFIG_%s, which the test asks for",
			 k->name, symbol);
		return 0;
	}
	if (!has || (value ? !strcmp(has, value) || (off && !strcmp(value, "n")) : on))
		return 0;
	return err_set(err, ENOTSUP, "needs a kernel with CONFIG_%s=%s; %s has it %s%s", symbol,
		       value ? value : "y", k->name, off ? "" : "as ", off ? "not set" : has);
}

/* "A[,B][=VALUE]": a value belongs to the symbol before it. */
static int check_requirement(const struct kernel *k, const char *requirement, struct err *err)
{
	_cleanup_free_ char *all = xstrdup(requirement);
	char *save = NULL;
	int r = 0;

	for (char *n = strtok_r(all, ",", &save); n && r == 0; n = strtok_r(NULL, ",", &save))
		r = check_symbol(k, n, err);
	return r;
}

/* Without a config nothing can be told, and the test has to see for itself. */
static int check_config(const struct kernel *k, const struct test_file *f, struct err *err)
{
	const struct strv *list = &f->needs.config_require;
	int r = 0;

	if (list->n && !k->config)
		log_warn("%s: the kernel %s has no config to hold its requirements against",
			 f->needs.path, k->name);
	for (size_t i = 0; i < list->n && r == 0 && k->config; i++)
		r = check_requirement(k, list->v[i], err);
	return r < 0 ? err_wrap(err, "%s", f->needs.path) : 0;
}

static int build_extmods(const struct guest_base *b, struct guest_plan *gp, struct err *err)
{
	_cleanup_free_ char *cache = xasprintf("%s/modules", b->settings->cache);
	const struct strv *dirs = &gp->file->needs.kernel_modules;

	for (size_t i = 0; i < dirs->n; i++) {
		_cleanup_free_ char *out = NULL;
		int r = extmod_build(&gp->file->kernel->kernel, dirs->v[i], cache, &out, err);

		if (r < 0)
			return err_wrap(err, "%s", gp->file->needs.path);
		strv_add(&gp->extmods, out);
	}
	return 0;
}

static int check_pmem(const struct test_file *f, struct err *err)
{
	if (!f->needs.npmem || f->arch->nvdimm)
		return 0;
	return err_set(err, ENOTSUP,
		       "%s asks for persistent memory (config-pmem-devs), which a guest of %s "
		       "cannot have",
		       f->needs.path, f->arch->name);
}

int guest_plan_make(const struct guest_base *b, const struct test_file *file, struct guest_plan *gp,
		    struct err *err)
{
	_cleanup_free_ char *agent = NULL;
	_cleanup_free_ char *cache = xasprintf("%s/initramfs", b->settings->cache);
	_cleanup_free_ char *mke2fs = find_program("mke2fs");
	const struct kernel *kernel = &file->kernel->kernel;
	int r;

	*gp = (struct guest_plan){.file = file};
	gp->upper_disk =
		mke2fs && modules_have(kernel, "ext4") && modules_have(kernel, "virtio_blk");
	if (!gp->upper_disk)
		log_warn("what the guest writes to its root lies in its memory: %s",
			 mke2fs ? "this kernel has no ext4 on virtio-blk"
				: "mke2fs (e2fsprogs) is missing");
	r = machine_agent(b->settings, file->arch, &agent, err);
	if (r == 0)
		r = check_pmem(file, err);
	if (r == 0)
		r = find_drivers(b, gp, err);
	if (r == 0)
		r = check_memory(file, err);
	if (r == 0)
		r = check_config(kernel, file, err);
	if (r == 0)
		r = build_extmods(b, gp, err);
	if (r == 0)
		gp->kernel_image = machine_kernel(b->settings, b->accel.accel, kernel);
	return r < 0 ? r : initramfs_get(kernel, &gp->modules, agent, cache, &gp->initrd, err);
}

void guest_plan_done(struct guest_plan *gp)
{
	module_set_done(&gp->modules);
	strv_done(&gp->extmods);
	free(gp->kernel_image);
	free(gp->initrd);
	*gp = (struct guest_plan){0};
}

/* ---- a guest's disks */

static int format_upper(const char *path, struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};

	/* No journal: a guest that dies is not mounted again. */
	strv_addv(&argv, "mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-E",
		  "lazy_itable_init=1,nodiscard,root_owner=0:0", path, NULL);
	return proc_run(&argv, 60000, NULL, err);
}

static int add_empty(struct guest *g, enum disk_role role, const struct bus *bus, uint64_t size,
		     struct err *err)
{
	struct disks *disks = &g->config.disks;
	_cleanup_free_ char *path =
		xasprintf("%s/disk-%d-%zu", g->dir, (int)role, disks_count(disks, role));
	int r = file_create_sparse(path, size, err);

	if (r == 0)
		disks_add(disks, role, bus, path, size);
	return r;
}

static int add_empties(struct guest *g, enum disk_role role, const struct bus *bus,
		       const uint64_t *sizes, size_t n, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = add_empty(g, role, bus, sizes[i], err);
	return r;
}

static void add_images(struct guest *g, enum disk_role role, const struct bus *bus,
		       const struct strv *paths)
{
	struct stat st;

	for (size_t i = 0; i < paths->n; i++)
		disks_add(&g->config.disks, role, bus, paths->v[i],
			  stat(paths->v[i], &st) == 0 ? (uint64_t)st.st_size : 0);
}

/*
 * The order is the guest's order of names: the root first and the upper disk last where there is a
 * root image; without one the upper disk takes its place, so that the first scratch disk is vdb in
 * both cases.
 */
static int make_disks(const struct guest_base *b, const struct guest_plan *gp, struct guest *g,
		      struct err *err)
{
	const struct needs *n = &gp->file->needs;
	const struct bus *own = bus_find(DEFAULT_BUS, err), *bus = gp->file->bus;
	int r = 0;

	if (b->root_image)
		disks_add(&g->config.disks, DISK_ROOT, own, b->root_image, 0);
	else if (gp->upper_disk)
		r = add_empty(g, DISK_UPPER, own, UPPER_BYTES, err);
	if (r == 0)
		r = add_empties(g, DISK_SCRATCH, bus, n->scratch, n->nscratch, err);
	if (r == 0)
		r = add_empties(g, DISK_SLOW, bus, n->slow, n->nslow, err);
	if (r < 0)
		return r;
	add_images(g, DISK_IMAGE, own, &n->images);
	add_images(g, DISK_RW_IMAGE, own, &n->rw_images);
	r = add_empties(g, DISK_PMEM, NULL, n->pmem, n->npmem, err);
	if (r == 0 && b->root_image && gp->upper_disk)
		r = add_empty(g, DISK_UPPER, own, UPPER_BYTES, err);
	if (r == 0)
		r = disks_place(&g->config.disks, gp->file->arch->pci_bus, err);
	if (r == 0 && gp->upper_disk)
		r = format_upper(disks_find(&g->config.disks, DISK_UPPER, 0)->path, err);
	return r;
}

/* ---- what it sees of the host */

char *guest_path(const char *host_path)
{
	return xasprintf("/host%s", host_path);
}

static void show(struct view *v, const char *host_path)
{
	_cleanup_free_ char *path = guest_path(host_path);

	view_add(v, VIEW_BIND, path, host_path);
}

static bool below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return !strncmp(path, dir, n) && (path[n] == '/' || !path[n]);
}

/* The library: of an installation or checkout of ours just what tests source. */
static void show_library(const struct guest_base *b, const char *tree, struct view *v)
{
	static const char *const parts[] = {"lib", "tests"};

	if (below(b->settings->tree, tree))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		_cleanup_free_ char *part = xasprintf("%s/%s", b->settings->tree, parts[i]);

		show(v, part);
	}
}

static void show_tree(const char *tree, struct view *v)
{
	_cleanup_free_ char *git = xasprintf("%s/.git", tree);
	_cleanup_free_ char *hidden = guest_path(git);

	show(v, tree);
	if (path_is_dir(git))
		view_add(v, VIEW_EMPTY, hidden, NULL);
}

static void show_modules(const struct guest_plan *gp, struct view *v)
{
	const struct kernel *k = &gp->file->kernel->kernel;

	if (k->modules)
		view_add(v, VIEW_BIND, "/host/.modules", k->modules);
	view_add(v, VIEW_BIND, "/host/.kernel/vmlinuz", k->vmlinuz);
	if (k->config)
		view_add(v, VIEW_BIND, "/host/.kernel/config", k->config);
	for (size_t i = 0; i < gp->extmods.n; i++) {
		_cleanup_free_ char *path =
			xasprintf("/host/.kmod/%s", path_base(gp->file->needs.kernel_modules.v[i]));

		view_add(v, VIEW_BIND, path, gp->extmods.v[i]);
	}
}

static int make_view(const struct guest_base *b, const struct guest_plan *gp, struct guest *g,
		     struct err *err)
{
	struct view *v = &g->config.view;
	const char *tree = gp->file->needs.tree, *deps = b->settings->deps_dir;
	const char *source = b->settings->source;
	_cleanup_free_ char *out = guest_path(b->out->path);
	int r = 0;

	if (b->root_dir)
		r = tree_view(b->root_dir, v, err);
	else if (!b->root_image)
		r = hostroot_view(b->settings->cache, v, err);
	if (r < 0)
		return err_wrap(err, "%s as a root",
				b->root_dir ? b->root_dir : "the host's userspace");
	view_add(v, VIEW_DIR, "/host", NULL);
	show_tree(tree, v);
	show_library(b, tree, v);
	show_modules(gp, v);
	if (deps && path_is_dir(deps) && !below(deps, tree))
		show(v, deps);
	if (source && !below(source, tree))
		show_tree(source, v);
	if (!below(b->out->path, tree) && !(source && below(b->out->path, source)))
		view_add(v, VIEW_DIR, out, NULL);
	return 0;
}

/* ---- the VM */

/* kgdb's port is the second one that a PC has; others have no more than one. */
static bool has_kgdb(const struct guest_base *b, const struct test_file *f)
{
	return b->settings->interactive && f->arch->isa;
}

static char *kernel_append(const struct guest_base *b, const struct test_file *f)
{
	_cleanup_strv_ struct strv extra = {0};
	_cleanup_free_ char *words = NULL;

	if (has_kgdb(b, f))
		strv_add(&extra, "kgdboc=ttyS1");
	strv_cat(&extra, &f->needs.kernel_append);
	words = strv_join(&extra, " ");
	return machine_append(b->settings, f->arch, words);
}

static void fill_config(const struct guest_base *b, const struct guest_plan *gp, struct guest *g)
{
	const struct test_file *f = gp->file;
	struct vm_config *c = &g->config;

	c->name = g->name;
	c->dir = g->dir;
	c->append = g->append;
	c->qemu = b->qemu;
	c->arch = f->arch;
	c->accel = b->accel.accel;
	c->cpus = f->cpus;
	c->mem_mib = f->mem_mib;
	c->kernel = gp->kernel_image;
	c->initrd = gp->initrd;
	c->out = b->out->path;
	c->out_xattr = b->out->xattr;
	outdir_protected(b->out, &c->out_masked);
	c->vmcoreinfo = f->dump;
	strv_cat(&c->qemu_prepend, &f->needs.qemu_prepend);
	strv_cat(&c->qemu_append, &f->needs.qemu_append);
	strv_cat(&c->qemu_append, &b->settings->qemu_args);
	c->nice = (int)b->settings->nice;
	c->hidden = g->host_dir;
	strv_addf(&c->own_masked, "%s/" SSHCONF_FILE, g->dir);
	c->kgdb = has_kgdb(b, f);
	c->paused = b->settings->gdb_wait;
}

int guest_make(const struct guest_base *b, const struct guest_plan *gp, const char *name,
	       struct guest *g, struct err *err)
{
	int r;

	*g = (struct guest){.name = xstrdup(name), .dir = xasprintf("%s/%s", b->run_dir, name)};
	g->append = kernel_append(b, gp->file);
	g->host_dir = xasprintf("%s/" CONTROL_HOST_DIR, g->dir);
	/* Parents that mkdir_p makes are anybody's to read. */
	r = mkdir_p(g->dir, 0700, err);
	if (r == 0)
		r = mkdir_p(g->host_dir, 0700, err);
	if (r == 0)
		r = sshconf_write(g->dir, b->settings->program, err);
	if (r == 0)
		r = make_disks(b, gp, g, err);
	if (r == 0)
		r = make_view(b, gp, g, err);
	if (r < 0)
		return r;
	fill_config(b, gp, g);
	return network_config(b->settings, gp->file, b->network, &g->config, err);
}

void guest_done(struct guest *g)
{
	struct err err;

	if (g->dir && rm_rf(g->dir, &err) < 0)
		log_warn("%s", err.msg);
	disks_done(&g->config.disks);
	view_done(&g->config.view);
	strv_done(&g->config.out_masked);
	strv_done(&g->config.own_masked);
	strv_done(&g->config.qemu_prepend);
	strv_done(&g->config.qemu_append);
	free(g->name);
	free(g->dir);
	free(g->host_dir);
	free(g->append);
	*g = (struct guest){0};
}
