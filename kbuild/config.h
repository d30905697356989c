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

/* Whether config_base is a file; it then has a slash. Otherwise it is a target of the kernel's
 * make, which has one only where there is no such file. */
bool config_base_is_file(const struct kbuild *b);

/*
 * Make build_dir/.config: the base, then the lists that apply, then b's requirements, then what the
 * user chose, settled by the kernel's olddefconfig. One that comes out as it was keeps its time
 * stamp. A hard requirement that is not met is an error with its value and its reason; a symbol
 * that this source does not know is a log_note. make is run by make_run() of kbuild/make.h.
 */
int config_make(const struct kbuild *b, struct err *err);

/*
 * After a session that edited build_dir/.config: what it changed against old, a copy of the .config
 * from before, goes to b->user_config, as lines of a .config. Such a line stays until a later
 * session sets its symbol to something else. Only what has a prompt counts, since the rest follows
 * from it. That file is the user's: it may be edited, and removing it (-P) takes all back.
 */
int config_user_record(const struct kbuild *b, const char *old, struct err *err);

#endif
