/* SPDX-License-Identifier: GPL-2.0-only */
/* The options of testy. */
#ifndef CMD_TESTY_H
#define CMD_TESTY_H

#include "base/opt.h"

extern const struct opt testy_opts[];

#endif
