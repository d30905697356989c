/* SPDX-License-Identifier: GPL-2.0-only */
/* A kernel that exists: where its parts lie and what it is. */
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

struct kernel {
	char *name;	 /* as the user named it: "debian/bookworm/amd64/6.1.0-56-amd64", "host", a
			    directory */
	char *dir;	 /* where it lies; NULL for the host's */
	char *vmlinuz;	 /* the image QEMU boots */
	char *initramfs; /* NULL: none of its own; ours is appended to it */
	char *config;	 /* NULL: not there */
	char *vmlinux;	 /* NULL: no symbols */
	char *modules;	 /* the directory lib/modules/RELEASE, NULL: a kernel without modules */
	char *headers;	 /* the tree that external modules build against, NULL: none */
	char *release;	 /* uname -r, read from the image */
	char *arch;	 /* "x86_64", "aarch64", "i386", read from the image */
};

void kernel_done(struct kernel *k);
#define _cleanup_kernel_ __attribute__((cleanup(kernel_done)))

/*
 * Find the kernel that spec names: a directory (starts with '/' or '.'), "host", or
 * DISTRO/RELEASE[/ARCH[/VERSION]] below ~/.ktest/kernels, then /var/lib/ktest/kernels (the newest
 * version; a miss lists what there is). NULL: the newest in the stores, else the
 * host's, else an error naming `ktest kernel fetch`. arch ("x86_64") narrows the
 * choice, NULL: this machine's. Every part is checked to be readable.
 */
int kernel_find(const char *spec, const char *arch, struct kernel *k, struct err *err);

/*
 * The value of CONFIG_<symbol> in k->config: "y", "m", a string without quotes or a
 * number; "" when it is not set; NULL when there is no config to look in. The caller frees it.
 */
char *kernel_config_get(const struct kernel *k, const char *symbol);

/* Whether k->config has a line on CONFIG_<symbol>, set or not; an unknown symbol has none. */
bool kernel_config_names(const struct kernel *k, const char *symbol);

#endif
