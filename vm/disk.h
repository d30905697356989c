/* SPDX-License-Identifier: GPL-2.0-only */
/* The disks of a guest and the buses they can sit on. */
#ifndef VM_DISK_H
#define VM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "base/str.h"

enum disk_role {
	DISK_ROOT,     /* the root image, read-only */
	DISK_SCRATCH,  /* empty, the test's to write */
	DISK_SLOW,     /* the same, throttled */
	DISK_IMAGE,    /* a file that is never written: what the guest writes is thrown away */
	DISK_RW_IMAGE, /* a file that the guest writes */
	DISK_PMEM,     /* an nvdimm */
	DISK_UPPER,    /* what the guest writes over its root */
	DISK_PACK,     /* an image of ours that it only reads */
};

/* What a slow disk is throttled to. */
#define DISK_SLOW_BPS  (16 << 20)
#define DISK_SLOW_IOPS 200

struct bus {
	const char *name;	/* as config-storage-bus says it */
	const char *device;	/* QEMU's device of one disk */
	const char *controller; /* what the disks hang on; NULL: each is a PCI device of its own */
	int per_controller;	/* disks a controller takes */
	int max;		/* disks in all, 0: as many as there are */
	bool unplug;  /* device_del works; else the guest takes the disk away through sysfs */
	bool unsaved; /* QEMU cannot save a guest that has one */
	const char *modules; /* drivers the guest needs, space-separated */
};

/* By name; NULL with a usage error that lists the names. */
const struct bus *bus_find(const char *name, struct err *err);

/* What lies under a file that holds only what was written since, and is never written itself. */
struct disk_layer {
	char *path;
	const char *format;
};
#define DISK_LAYERS_MAX 2

struct disk {
	enum disk_role role;
	char id[24];   /* "scratch3"; also its serial number and, with "-node", its block node */
	int index;     /* within the role, from 0 */
	char *path;    /* the file */
	uint64_t size; /* bytes */
	const char *format; /* "raw" or "qcow2" */
	struct disk_layer
		under[DISK_LAYERS_MAX]; /* the nearest first; none: path is all there is */
	int nunder;
	const struct bus *bus; /* unused for DISK_PMEM */
	json_t *device;	       /* what -device or device_add takes; made by disks_place() */
	bool plugged;
	bool elsewhere; /* path is ours to write, and not in the VM's directory */
};

struct disks {
	struct disk *v;
	size_t n;
	json_t *bridges; /* array: the -device rows that come before the disks'; made by
			    disks_place() */
};

/* The new disk, valid until the next call; id and format are filled in ("raw"; images are looked
 * at). */
struct disk *disks_add(struct disks *d, enum disk_role role, const struct bus *bus,
		       const char *path, uint64_t size);
/* path, a qcow2 file, becomes the uppermost layer, over what the disk was so far. */
void disk_cover(struct disk *disk, const char *path);
struct disk *disks_find(const struct disks *d, enum disk_role role, int index);
size_t disks_count(const struct disks *d, enum disk_role role);
void disks_done(struct disks *d);

/*
 * Give every disk its place on pci_bus ("pcie.0"): the root directly on it, so that it is found
 * first; the others where they can be unplugged, in the order added, so that the guest's names
 * follow that order. Up to 8 PCI disks get a root port each; more sit on pcie-pci-bridges of 31,
 * since a root port costs a TCG guest a fifth of a second of boot time.
 */
int disks_place(struct disks *d, const char *pci_bus, struct err *err);

/* The value of -blockdev for a disk that is no DISK_PMEM, nor a DISK_IMAGE without layers; a new
 * reference. */
json_t *disk_blockdev(const struct disk *disk);

/* "raw" or "qcow2" by the file's first bytes. */
const char *disk_format(const char *path);

#endif
