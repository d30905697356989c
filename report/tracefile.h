/* SPDX-License-Identifier: GPL-2.0-only */
/* Coverage as lcov's tracefile, which genhtml and others read; the format is in geninfo(1). */
#ifndef REPORT_TRACEFILE_H
#define REPORT_TRACEFILE_H

#include <stdio.h>

#include "run/coverage.h"

void tracefile_print(FILE *out, const struct coverage *c);

#endif
