/* SPDX-License-Identifier: GPL-2.0-only */
/* A run as nested KTAP 1 (Documentation/dev-tools/ktap.rst): files, their subtests, and the results
 * that those printed themselves. */
#ifndef REPORT_KTAP_H
#define REPORT_KTAP_H

#include "base/str.h"
#include "result/result.h"

/*
 * What has no verdict is "not ok" with ERROR: it did not end, or was not run. A nested result that
 * failed in a subtest that passed has the directive TODO, since else the subtest would count as
 * failed. Where there are several kernels, a subtest's name ends in [k1].
 */
void report_ktap(const struct result *r, struct strbuf *out);

#endif
