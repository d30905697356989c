/* SPDX-License-Identifier: GPL-2.0-only */
/* How far a kernel's build is, for a line on a terminal or a log. */
#ifndef REPORT_BUILD_H
#define REPORT_BUILD_H

#include "base/str.h"
#include "kbuild/kbuild.h"

/* "building 1204 of 2300 objects, 2m08s, 1m55s left": no newline. */
void build_format(const struct kbuild_progress *p, struct strbuf *out);

/*
 * Whether a log, which gets a line a minute, is due one. *last_ns is when it got the last, by
 * elapsed_ns, and 0 at first: a build of less than a minute says nothing.
 */
bool build_line_due(const struct kbuild_progress *p, int64_t *last_ns);

#endif
