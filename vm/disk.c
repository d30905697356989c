// SPDX-License-Identifier: GPL-2.0-only
#include "vm/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOT_PORTS_MAX 8
#define BRIDGE_SLOTS   31

static const struct bus buses[] = {
	{"virtio-blk", "virtio-blk-pci", NULL, 0, 0, true, false, "virtio_blk"},
	{"virtio-scsi-pci", "scsi-hd", "virtio-scsi-pci", 64, 0, true, false, "virtio_scsi sd_mod"},
	{"ahci", "ide-hd", "ahci", 6, 0, false, false, "ahci sd_mod"},
	{"piix4-ide", "ide-hd", "piix4-ide", 4, 4, false, false, "ata_piix sd_mod"},
	{"lsi", "scsi-hd", "lsi53c895a", 7, 0, false, false, "sym53c8xx sd_mod"},
	{"nvme", "nvme", NULL, 0, 0, true, true, "nvme"},
};

const struct bus *bus_find(const char *name, struct err *err)
{
	_cleanup_strbuf_ struct strbuf names = {0};

	for (size_t i = 0; i < ARRAY_SIZE(buses); i++) {
		if (!strcmp(buses[i].name, name))
			return &buses[i];
		strbuf_addf(&names, "%s%s", i ? ", " : "", buses[i].name);
	}
	err_usage(err, "no storage bus '%s'; there are %s", name, names.s);
	return NULL;
}

static const char *role_name(enum disk_role role)
{
	static const char *const names[] = {
		[DISK_ROOT] = "root",	[DISK_SCRATCH] = "scratch", [DISK_SLOW] = "slow",
		[DISK_IMAGE] = "image", [DISK_RW_IMAGE] = "rw",	    [DISK_PMEM] = "pmem",
		[DISK_UPPER] = "upper", [DISK_PACK] = "pack",
	};

	return names[role];
}

const char *disk_format(const char *path)
{
	char magic[4] = {0};
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, magic, sizeof(magic)) == sizeof(magic) &&
	    !memcmp(magic, "QFI\xfb", 4))
		return "qcow2";
	return "raw";
}

struct disk *disks_add(struct disks *d, enum disk_role role, const struct bus *bus,
		       const char *path, uint64_t size)
{
	struct disk *disk;
	int index = (int)disks_count(d, role);

	d->v = xrealloc(d->v, (d->n + 1) * sizeof(*d->v));
	disk = &d->v[d->n++];
	*disk = (struct disk){.role = role, .index = index, .size = size, .bus = bus};
	disk->path = xstrdup(path);
	disk->plugged = true;
	disk->format = role == DISK_IMAGE || role == DISK_RW_IMAGE || role == DISK_ROOT
			       ? disk_format(path)
			       : "raw";
	snprintf(disk->id, sizeof(disk->id), "%s%d", role_name(role), index);
	return disk;
}

void disk_cover(struct disk *disk, const char *path)
{
	memmove(disk->under + 1, disk->under, (DISK_LAYERS_MAX - 1) * sizeof(disk->under[0]));
	disk->under[0] = (struct disk_layer){disk->path, disk->format};
	disk->nunder++;
	disk->path = xstrdup(path);
	disk->format = "qcow2";
}

struct disk *disks_find(const struct disks *d, enum disk_role role, int index)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].role == role && d->v[i].index == index)
			return &d->v[i];
	return NULL;
}

size_t disks_count(const struct disks *d, enum disk_role role)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += d->v[i].role == role;
	return n;
}

void disks_done(struct disks *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->v[i].path);
		for (int k = 0; k < d->v[i].nunder; k++)
			free(d->v[i].under[k].path);
		json_decref(d->v[i].device);
	}
	free(d->v);
	json_decref(d->bridges);
	*d = (struct disks){0};
}

/* Where the next PCI disk and the next disk of each controller go. */
struct placer {
	struct disks *d;
	const char *pci_bus;
	size_t pci_total; /* PCI disks that want a place behind a bridge */
	size_t pci_used;
	int on_bus[ARRAY_SIZE(buses)];
};

static void bridge_add(struct placer *p, json_t *device)
{
	json_object_set_new(device, "bus", json_string(p->pci_bus));
	json_array_append_new(p->d->bridges, device);
}

static void place_pci(struct placer *p, json_t *device)
{
	size_t i = p->pci_used++;
	char bus[32], addr[8];

	if (p->pci_total <= ROOT_PORTS_MAX) {
		snprintf(bus, sizeof(bus), "port%zu", i);
		bridge_add(p, json_pack("{s:s, s:s, s:i, s:i}", "driver", "pcie-root-port", "id",
					bus, "chassis", (int)i + 1, "slot", (int)i + 1));
		json_object_set_new(device, "bus", json_string(bus));
		return;
	}
	snprintf(bus, sizeof(bus), "bridge%zu", i / BRIDGE_SLOTS);
	if (i % BRIDGE_SLOTS == 0)
		bridge_add(p, json_pack("{s:s, s:s}", "driver", "pcie-pci-bridge", "id", bus));
	snprintf(addr, sizeof(addr), "%x", (unsigned int)(i % BRIDGE_SLOTS + 1));
	json_object_set_new(device, "bus", json_string(bus));
	json_object_set_new(device, "addr", json_string(addr));
}

static int place_on_controller(struct placer *p, const struct disk *disk, json_t *device,
			       struct err *err)
{
	const struct bus *bus = disk->bus;
	int i = p->on_bus[bus - buses]++, ctl = i / bus->per_controller,
	    unit = i % bus->per_controller;
	char id[32], name[48];

	if (bus->max && i >= bus->max)
		return err_set(err, EINVAL,
			       "%s takes %d disks, the test wants more; use another bus", bus->name,
			       bus->max);
	snprintf(id, sizeof(id), "ctl-%s%d", bus->controller, ctl);
	if (unit == 0)
		bridge_add(p, json_pack("{s:s, s:s}", "driver", bus->controller, "id", id));
	if (!strcmp(bus->device, "scsi-hd")) {
		snprintf(name, sizeof(name), "%s.0", id);
		json_object_set_new(device, "scsi-id", json_integer(unit));
	} else if (bus->max) { /* two disks a channel */
		snprintf(name, sizeof(name), "%s.%d", id, unit / 2);
		json_object_set_new(device, "unit", json_integer(unit % 2));
	} else {
		snprintf(name, sizeof(name), "%s.%d", id, unit);
	}
	json_object_set_new(device, "bus", json_string(name));
	return 0;
}

static int place(struct placer *p, struct disk *disk, struct err *err)
{
	char node[40];

	if (disk->role == DISK_PMEM) {
		disk->device = json_pack("{s:s, s:s, s:s+}", "driver", "nvdimm", "id", disk->id,
					 "memdev", "mem-", disk->id);
		return 0;
	}
	snprintf(node, sizeof(node), "%s-node", disk->id);
	disk->device = json_pack("{s:s, s:s, s:s, s:s}", "driver", disk->bus->device, "id",
				 disk->id, "drive", node, "serial", disk->id);
	if (disk->bus->controller)
		return place_on_controller(p, disk, disk->device, err);
	if (disk->role == DISK_ROOT)
		json_object_set_new(disk->device, "bus", json_string(p->pci_bus));
	else
		place_pci(p, disk->device);
	return 0;
}

int disks_place(struct disks *d, const char *pci_bus, struct err *err)
{
	struct placer p = {.d = d, .pci_bus = pci_bus};
	int r = 0;

	d->bridges = json_array();
	for (size_t i = 0; i < d->n; i++)
		p.pci_total += d->v[i].role != DISK_PMEM && d->v[i].role != DISK_ROOT &&
			       !d->v[i].bus->controller;
	for (size_t i = 0; i < d->n && r == 0; i++)
		r = place(&p, &d->v[i], err);
	return r;
}

static bool is_read_only(const struct disk *disk)
{
	return disk->role == DISK_ROOT || disk->role == DISK_PACK;
}

/*
 * cache.no-flush: what a guest writes to its own disks need not outlive the host. A file of the
 * user's is flushed, and locked by QEMU for as long as it is open.
 */
static json_t *file_node(const struct disk *disk)
{
	bool own = disk->role != DISK_RW_IMAGE && disk->role != DISK_ROOT;
	json_t *node =
		json_pack("{s:s, s:s, s:{s:b, s:b}, s:b}", "driver", "file", "filename", disk->path,
			  "cache", "direct", 0, "no-flush", own, "read-only", is_read_only(disk));

	if (!is_read_only(disk))
		json_object_set_new(node, "discard", json_string("unmap"));
	return node;
}

/* The layers from number i on, as the "backing" of what lies over them. */
static json_t *layer_node(const struct disk *disk, int i)
{
	const struct disk_layer *l = &disk->under[i];
	json_t *node = json_pack("{s:s, s:b, s:{s:s, s:s, s:b}}", "driver", l->format, "read-only",
				 1, "file", "driver", "file", "filename", l->path, "read-only", 1);

	if (i + 1 < disk->nunder)
		json_object_set_new(node, "backing", layer_node(disk, i + 1));
	return node;
}

json_t *disk_blockdev(const struct disk *disk)
{
	json_t *node = json_pack("{s:s, s:b, s:o}", "driver", disk->format, "read-only",
				 is_read_only(disk), "file", file_node(disk));

	if (disk->nunder)
		json_object_set_new(node, "backing", layer_node(disk, 0));

	if (!is_read_only(disk))
		json_object_set_new(node, "discard", json_string("unmap"));
	if (disk->role == DISK_SLOW)
		node = json_pack("{s:s, s:s, s:o}", "driver", "throttle", "throttle-group",
				 disk->id, "file", node);
	json_object_set_new(node, "node-name", json_sprintf("%s-node", disk->id));
	return node;
}
