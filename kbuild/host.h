/* SPDX-License-Identifier: GPL-2.0-only */
/* What this machine needs for building a kernel. */
#ifndef KBUILD_HOST_H
#define KBUILD_HOST_H

#include "kbuild/kbuild.h"

/* Whether compiler, programs and headers are there that every kernel needs; an error names all that
 * is missing, with Debian's packages. */
int host_check(const struct kbuild *b, struct err *err);

/* The same for what build_dir/.config asks for. */
int host_check_config(const struct kbuild *b, struct err *err);

/* Make build_dir and install_dir; one that cannot be written is an error that says how to name
 * another. */
int host_check_dirs(const struct kbuild *b, struct err *err);

/* Whether there is room for a kernel. */
int host_check_room(const struct kbuild *b, struct err *err);

#endif
