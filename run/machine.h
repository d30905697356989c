/* SPDX-License-Identifier: GPL-2.0-only */
/* What any guest of an architecture is made of, whatever is to run in it. */
#ifndef RUN_MACHINE_H
#define RUN_MACHINE_H

#include "kernel/kernel.h"
#include "run/settings.h"
#include "vm/accel.h"

/* The path of QEMU for arch, --qemu's where there is one; what is missing is named with its
 * package. The caller frees *qemu. */
int machine_qemu(const struct settings *s, const struct arch *arch, char **qemu, struct err *err);

/* The path of the agent built for arch; the caller frees it. Where there is none, *err says how to
 * get it. */
int machine_agent(const struct settings *s, const struct arch *arch, char **agent, struct err *err);

/* What QEMU boots of the kernel: the image, or what is inside where that is faster or the only way.
 * The caller frees it. */
char *machine_kernel(const struct settings *s, enum accel accel, const struct kernel *kernel);

/* The kernel's command line, extra (may be empty) and --append at its end; the caller frees it. */
char *machine_append(const struct settings *s, const struct arch *arch, const char *extra);

#endif
