/* SPDX-License-Identifier: GPL-2.0-only */
/* What was built into the directory of a kernel, as kernel_load_dir() takes it. */
#ifndef KBUILD_INSTALL_H
#define KBUILD_INSTALL_H

#include "kbuild/kbuild.h"

/* vmlinuz, vmlinux, config, System.map, gdb's scripts, modules and what external modules need, from
 * build_dir to install_dir. Only what differs is written, each file by rename. */
int install_kernel(const struct kbuild *b, struct err *err);

/* The same from a kernel that was installed before: to becomes what from is. Files may become hard
 * links of one another. What else lies in to stays. */
int install_copy(const char *from, const char *to, struct err *err);

/* The same for one that is given away: no hard links, and without the part for external modules,
 * which leads to the source. */
int install_publish(const char *from, const char *to, struct err *err);

#endif
