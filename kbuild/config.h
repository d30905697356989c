/* SPDX-License-Identifier: GPL-2.0-only */
/* From requirements to a .config, and from one that was not reached to the reason. */
#ifndef KBUILD_CONFIG_H
#define KBUILD_CONFIG_H

#include "kbuild/kbuild.h"

/*
 * A hash of all that config_make() would start from: the lists in kconfig/ that apply, the
 * requirements, base, user_config, compiler, and with keep_config the .config itself. While neither
 * it nor the source tree has changed, the .config is what it was. The caller frees it.
 */
int config_inputs(const struct kbuild *b, char **id, struct err *err);

/*
 * Make build_dir/.config: the base, then the lists that apply, then b's requirements, then what the
 * user chose, settled by the kernel's olddefconfig. One that comes out as it was keeps its time
 * stamp. A hard requirement that is not met is an error with its value and its reason; a symbol
 * that this source does not know is a log_note. make is run by make_run() of kbuild/make.h.
 */
int config_make(const struct kbuild *b, struct err *err);

#endif
