// SPDX-License-Identifier: GPL-2.0-only
/* The disks of a guest: made for it, taken from a saved one, or the user's. */
#include "run/guest_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/proc.h"

/* What the guest may write over its root; sparse. */
#define UPPER_BYTES (16ULL << 30)

static int format_upper(const char *path, struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};

	/* No journal: a guest that dies is not mounted again. */
	strv_addv(&argv, "mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-E",
		  "lazy_itable_init=1,nodiscard,root_owner=0:0", path, NULL);
	return proc_run(&argv, 60000, NULL, err);
}

/* Where the disk's file lies: with the guest, or with what is saved of it. */
static char *disk_path(const char *dir, enum disk_role role, size_t index)
{
	return xasprintf("%s/disk-%d-%zu", dir, (int)role, index);
}

static const char *disk_dir(const struct guest *g)
{
	return g->saved ? g->saved->dir : g->dir;
}

static int qemu_img(const char *base, const char *format, const char *path, struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};

	strv_addv(&argv, "qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", format, path,
		  NULL);
	return proc_run(&argv, 60000, NULL, err);
}

/* ---- what there is */

/* Over a saved guest's disk lies what this one writes; one that it has not written is made anew. */
static void add_restored(struct guest *g, enum disk_role role, const struct bus *bus, uint64_t size)
{
	struct disks *disks = &g->config.disks;
	size_t index = disks_count(disks, role);
	_cleanup_free_ char *saved = disk_path(g->saved->dir, role, index);
	_cleanup_free_ char *own = disk_path(g->dir, role, index);
	_cleanup_free_ char *layer = xasprintf("%s" TEMPLATE_LAYER, saved);

	if (role == DISK_PMEM)
		/* Its file is memory: what is written to it stays in QEMU's. */
		disks_add(disks, role, bus, saved, size)->elsewhere = true;
	else if (path_exists(layer))
		disk_cover(disks_add(disks, role, bus, saved, size), own);
	else
		disks_add(disks, role, bus, own, size);
}

static void add_empty(struct guest *g, enum disk_role role, const struct bus *bus, uint64_t size)
{
	struct disks *disks = &g->config.disks;
	_cleanup_free_ char *path = disk_path(disk_dir(g), role, disks_count(disks, role));

	if (g->saved && g->saved->there)
		add_restored(g, role, bus, size);
	else
		disks_add(disks, role, bus, path, size)->elsewhere = g->saved != NULL;
}

static void add_empties(struct guest *g, enum disk_role role, const struct bus *bus,
			const uint64_t *sizes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add_empty(g, role, bus, sizes[i]);
}

/* Of an image that a guest to be saved writes over, what it wrote has to be kept. */
static void cover_image(struct guest *g, struct disk *disk)
{
	_cleanup_free_ char *kept = disk_path(g->saved->dir, disk->role, (size_t)disk->index);
	_cleanup_free_ char *own = disk_path(g->dir, disk->role, (size_t)disk->index);

	disk_cover(disk, kept);
	disk->elsewhere = !g->saved->there;
	if (g->saved->there)
		disk_cover(disk, own);
}

static void add_images(struct guest *g, enum disk_role role, const struct bus *bus,
		       const struct strv *paths)
{
	struct stat st;

	for (size_t i = 0; i < paths->n; i++) {
		uint64_t size = stat(paths->v[i], &st) == 0 ? (uint64_t)st.st_size : 0;
		struct disk *disk = disks_add(&g->config.disks, role, bus, paths->v[i], size);

		if (g->saved && role == DISK_IMAGE)
			cover_image(g, disk);
	}
}

static void add_packed(const struct guest_plan *gp, struct guest *g, const struct bus *bus)
{
	if (!guest_is_packed(g))
		return;
	disks_add(&g->config.disks, DISK_PACK, bus, gp->pack.tree, 0);
	if (gp->pack.modules)
		disks_add(&g->config.disks, DISK_PACK, bus, gp->pack.modules, 0);
}

/*
 * The order is the guest's order of names: the root first and the upper disk last where there is a
 * root image; without one the upper disk takes its place, so that the first scratch disk is vdb in
 * both cases.
 */
int guest_disks_describe(const struct guest_base *b, const struct guest_plan *gp, struct guest *g,
			 struct err *err)
{
	const struct needs *n = &gp->file->needs;
	const struct bus *own = bus_find(DEFAULT_BUS, err), *bus = gp->file->bus;

	if (b->root_image)
		disks_add(&g->config.disks, DISK_ROOT, own, b->root_image, 0);
	else if (gp->upper_disk)
		add_empty(g, DISK_UPPER, own, UPPER_BYTES);
	add_empties(g, DISK_SCRATCH, bus, n->scratch, n->nscratch);
	add_empties(g, DISK_SLOW, bus, n->slow, n->nslow);
	add_images(g, DISK_IMAGE, own, &n->images);
	add_images(g, DISK_RW_IMAGE, own, &n->rw_images);
	add_empties(g, DISK_PMEM, NULL, n->pmem, n->npmem);
	if (b->root_image && gp->upper_disk)
		add_empty(g, DISK_UPPER, own, UPPER_BYTES);
	add_packed(gp, g, own);
	return disks_place(&g->config.disks, gp->file->arch->pci_bus, err);
}

/* ---- their files */

/* An empty layer was made when what is below it was saved. */
static int make_layer(const struct guest *g, const struct disk *disk, struct err *err)
{
	const struct disk_layer *under = &disk->under[0];
	_cleanup_free_ char *empty = NULL;

	if (!g->saved->there)
		return qemu_img(under->path, under->format, disk->path, err);
	empty = xasprintf("%s" TEMPLATE_LAYER, under->path);
	return file_copy(empty, disk->path, err);
}

static int make_file(const struct guest *g, const struct disk *disk, struct err *err)
{
	bool restored = g->saved && g->saved->there;
	bool empty = disk->role == DISK_SCRATCH || disk->role == DISK_SLOW ||
		     disk->role == DISK_UPPER || (disk->role == DISK_PMEM && !restored);
	int r;

	if (g->saved && disk->nunder)
		return make_layer(g, disk, err);
	if (!empty)
		return 0;
	r = file_create_sparse(disk->path, disk->size, err);
	return r == 0 && disk->role == DISK_UPPER ? format_upper(disk->path, err) : r;
}

int guest_disks_make(const struct guest *g, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < g->config.disks.n && r == 0; i++)
		r = make_file(g, &g->config.disks.v[i], err);
	return r;
}

/* Whether anything was written to a file that is created with holes only. */
static bool is_written(const struct disk *disk)
{
	_cleanup_close_ int fd = open(disk->path, O_RDONLY | O_CLOEXEC);

	/* -ENXIO: nothing but a hole. */
	return fd >= 0 && (lseek(fd, 0, SEEK_DATA) >= 0 || errno != ENXIO);
}

int guest_disks_layers(const struct guest *g, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < g->config.disks.n && r == 0; i++) {
		const struct disk *disk = &g->config.disks.v[i];
		_cleanup_free_ char *layer = xasprintf("%s" TEMPLATE_LAYER, disk->path);

		if (disk->elsewhere && disk->role != DISK_PMEM && is_written(disk))
			r = qemu_img(disk->path, disk->format, layer, err);
	}
	return r;
}
