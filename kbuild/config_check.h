/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether a .config has what was required. */
#ifndef KBUILD_CONFIG_CHECK_H
#define KBUILD_CONFIG_CHECK_H

#include "kbuild/dotconfig.h"
#include "kbuild/kbuild.h"
#include "kbuild/require.h"

/*
 * An error if c lacks something of r that is not soft: one line with its value and the reason; of
 * several, each is a log_warn and the error names them. user (may be empty) is what the user chose,
 * which may be the reason.
 */
int config_check(const struct kbuild *b, const struct requires *r, const struct dotconfig *user,
		 const struct dotconfig *c, struct err *err);

#endif
