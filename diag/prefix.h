/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DIAG_PREFIX_H
#define DIAG_PREFIX_H

#include <stddef.h>
#include <stdint.h>

/*
 * The length of what printk puts before a message: "<4>", "[   12.345678]", "[ T123]", "[ C0]", and
 * CRs. *stamp_us is the time stamp in microseconds, -1 when there is none.
 */
size_t printk_prefix(const char *line, size_t len, int64_t *stamp_us);

#endif
