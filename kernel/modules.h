/* SPDX-License-Identifier: GPL-2.0-only */
/* What must be loaded before a driver works: the closure of a set of modules, by libkmod. */
#ifndef KERNEL_MODULES_H
#define KERNEL_MODULES_H

#include "kernel/kernel.h"

struct module_set {
	struct strv paths; /* absolute paths of the module files on the host, in load order */
};

void module_set_done(struct module_set *set);

/*
 * The files that make the drivers in want ("virtio_blk"; '-' and '_' are the same) work in this
 * kernel, soft dependencies included, each before what needs it. Built-in ones take no file. A
 * leading '?' makes one optional. One that is neither a module nor built in is an error naming it;
 * a kernel without a module tree is taken by its config, and where there is none either, to have
 * all built in.
 */
int modules_closure(const struct kernel *k, const struct strv *want, struct module_set *set,
		    struct err *err);

/* Whether the kernel has the driver, as a module or built in (or it cannot be told). */
bool modules_have(const struct kernel *k, const char *driver);

#endif
