/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration symbol of a driver, for kernels without a module tree to ask. */
#ifndef KERNEL_DRIVERS_H
#define KERNEL_DRIVERS_H

/* "virtio_blk": "VIRTIO_BLK"; '-' and '_' are the same. NULL if it is not known. */
const char *driver_symbol(const char *driver);

#endif
