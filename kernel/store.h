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

/* Remove of a stage what its owner cannot: what is left then goes by rm_rf(). */
typedef void stage_remove_fn(const char *dir);

/* A directory of the store in which a kernel or an image is made ready; it vanishes with its
 * process. */
struct store_stage {
	char *store;
	char *dir;
	int fd;			 /* holds the lock that says the stage is alive */
	stage_remove_fn *remove; /* NULL: there is nothing that rm_rf() cannot remove */
};

#define STORE_STAGE_INIT \
	{                \
		.fd = -1 \
	}

/* Make the store and a stage in it, after removing those that no process owns any more. */
int store_stage_open(const char *store, struct store_stage *st, struct err *err);
void store_stage_close(struct store_stage *st); /* removes it */
#define _cleanup_stage_ __attribute__((cleanup(store_stage_close)))

/* Move the directory or file ready, in the stage, to NAME in the store, in place of what is there.
 * *path is where it lies; the caller frees it. */
int store_publish(const struct store_stage *st, const char *ready, const char *name, char **path,
		  struct err *err);

/* Remove the stages that no process owns. */
void store_sweep(const char *store, stage_remove_fn *remove);

#endif
