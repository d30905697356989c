/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel store: DISTRO/RELEASE/ARCH/VERSION/ below ~/.ktest/kernels or /var/lib/ktest/kernels,
 * with the parts that kernel/load.h knows and a manifest.json that says where they came from. */
#ifndef KERNEL_STORE_H
#define KERNEL_STORE_H

#include "kernel/fetch.h"

/* Both stores, the user's own first. */
void store_dirs(struct strv *dirs);

/* store_list of these directories; a store that is not there is an empty one. */
int store_list_in(const struct strv *dirs, struct store_entry **entries, size_t *n,
		  struct err *err);

/* Whether the entry lies below DISTRO[/RELEASE[/ARCH[/VERSION]]]; ARCH in either spelling
 * ("amd64", "x86_64"). */
bool store_entry_matches(const struct store_entry *e, const char *spec);

/* Our name of the architecture in DISTRO/RELEASE/ARCH[/VERSION]; NULL if it has none or one that is
 * unknown; static. */
const char *store_name_arch(const char *name);

/* Negative, zero or positive, as a is older than b: numbers by value, "-rc" and '~' before the end
 * ("6.12-rc3" < "6.12" < "6.12.1"). */
int version_cmp(const char *a, const char *b);

#endif
