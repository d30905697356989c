/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine of a self-test: a kernel, the agent as its initramfs, one empty disk. */
#ifndef RUN_SELFTEST_VM_H
#define RUN_SELFTEST_VM_H

#include "kernel/kernel.h"
#include "kernel/modules.h"
#include "run/rundir.h"
#include "run/settings.h"
#include "vm/config.h"

struct selftest_vm {
	const struct arch *arch;
	struct kernel kernel;
	struct accel_info accel;
	struct module_set modules;
	struct rundir dir;
	char *qemu, *image, *initrd, *append;
	char *vm_dir, *disk; /* the disk's file, in vm_dir */
	struct vm_config config;
};

/* Find and make its parts; to be done in any case. */
int selftest_vm_make(const struct settings *s, struct selftest_vm *m, struct err *err);
void selftest_vm_done(struct selftest_vm *m);

/* Names of the modules that are loaded at boot, as /proc/modules has them, separated by commas; the
 * caller frees it. */
char *selftest_vm_modules(const struct selftest_vm *m);

#endif
