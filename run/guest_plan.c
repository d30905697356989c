// SPDX-License-Identifier: GPL-2.0-only
/* What all guests of a file have in common, found before the first is started. */
#include "run/guest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "kernel/extmod.h"
#include "kernel/initramfs.h"
#include "run/kernels.h"
#include "run/machine.h"

/* Of the free space, what is left for others: the run would be stopped at once with less. */
#define DISK_FREE_MIN (256ULL << 20)

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
	if (gp->file->isolation == ISOLATION_CLONE && b->root_image)
		add_words(want, "?autofs4");
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
	const struct kernel *k = &gp->file->kernel->kernel;
	const struct strv *dirs = &gp->file->needs.kernel_modules;

	for (size_t i = 0; i < dirs->n; i++) {
		_cleanup_free_ char *out = NULL;
		int r = extmod_build(k, dirs->v[i], cache, b->settings->keeper, &out, err);

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
	free(gp->pack.tree);
	free(gp->pack.modules);
	free(gp->copy);
	free(gp->deps);
	free(gp->test);
	*gp = (struct guest_plan){0};
}
