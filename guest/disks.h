/* SPDX-License-Identifier: GPL-2.0-only */
/* Disks are known by the serial number that the host gave them, whatever bus they are on. */
#ifndef GUEST_DISKS_H
#define GUEST_DISKS_H

#include <stddef.h>

/* The name (vdb, sdc, nvme0n1) of the disk with this serial. 0 or -ENOENT. */
int disk_find(const char *serial, char *name, size_t size);

#endif
