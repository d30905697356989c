/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernels of distributions into the store. */
#ifndef KERNEL_FETCH_H
#define KERNEL_FETCH_H

#include <stdbool.h>

#include "kernel/kernel.h"

struct fetch_request {
	const char *what;	 /* DISTRO/RELEASE[/ARCH], or the path of a .deb or .rpm */
	const struct strv *more; /* further packages of the same kernel (modules, headers); NULL */
	const char *store;	 /* NULL: ~/.ktest/kernels */
	const char *mirror; /* NULL: the distribution's, as this host's apt is configured for it */
	bool headers; /* also what external modules need to build, below headers/ of the kernel */
	bool debug;   /* also its vmlinux with debug information */
	bool force;   /* again, though that version is in the store */
};

/*
 * Get, unpack and publish: STORE/DISTRO/RELEASE/ARCH/VERSION/ appears whole or not at all (a
 * package file's as local/deb or local/rpm). Nothing of the system is changed. *published is its
 * path (the caller frees it). Progress goes through log_note. What a killed fetch leaves is removed
 * by the next one, or by kernel_fetch_sweep.
 */
int kernel_fetch(const struct fetch_request *req, char **published, struct err *err);

void kernel_fetch_sweep(const char *store); /* NULL: ~/.ktest/kernels */

struct store_entry {
	char *name; /* DISTRO/RELEASE/ARCH/VERSION */
	char *path;
	char *release; /* NULL until it was asked for */
};

/* All kernels of ~/.ktest/kernels and /var/lib/ktest/kernels, newest version first within a name.
 */
int store_list(struct store_entry **entries, size_t *n, struct err *err);
/* uname -r, as the image says: an arm64 one takes tenths of a second to unpack. The entry keeps it.
 */
const char *store_entry_release(struct store_entry *e);
void store_list_free(struct store_entry *entries, size_t n);

#endif
