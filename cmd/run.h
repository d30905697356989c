/* SPDX-License-Identifier: GPL-2.0-only */
/* The options of `ktest run`. */
#ifndef CMD_RUN_H
#define CMD_RUN_H

#include "base/opt.h"

extern const struct opt run_opts[];

#endif
