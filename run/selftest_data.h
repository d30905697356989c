/* SPDX-License-Identifier: GPL-2.0-only */
/* What a self-test sends to its guest, and what has to come back; doc/protocol.md has the figures.
 */
#ifndef RUN_SELFTEST_DATA_H
#define RUN_SELFTEST_DATA_H

#include "proto/frame.h"
#include "run/selftest_vm.h"

/* Fields of the SETUP that makes a root in memory; now_ns is CLOCK_REALTIME. */
void selftest_setup(const struct selftest_vm *m, int64_t now_ns, struct frame_writer *w);

/* Fields of the START that makes the guest check itself; disk is "vda". */
void selftest_start(const struct selftest_vm *m, int64_t set_ns, const char *disk,
		    struct frame_writer *w);

/* Whether the console's text has every line that the guest has written; *line is the first that is
 * missing. */
bool selftest_console_whole(const struct strbuf *text, int *line);

/* Whether what the guest has written to its disk stands in the file; 0, or an error with the
 * reason. */
int selftest_disk_check(const char *path, struct err *err);

#endif
