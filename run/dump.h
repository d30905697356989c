/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory of a guest that fails, as vmcore in the directory of its subtest. It bears that name
 * once it is whole.
 */
#ifndef RUN_DUMP_H
#define RUN_DUMP_H

#include "run/job.h"

#define DUMP_NAME	   "vmcore"
#define DUMP_LIMIT_DEFAULT (4ULL << 30)

/* --dump-format: "kdump", "elf"; otherwise what this kernel's dumps can be read as. */
const char *dump_format(const struct settings *s, const struct kernel *k);

/* Whether the crash of that version ("8.0.2") can read dumps of a kernel ("6.12.1-ktest"). */
bool dump_crash_reads(const char *version, const char *release);

/*
 * Take the dump, if one is wanted and the subtest came to this for a reason that it may explain:
 * true, and done will be called when that has ended, well or not (perhaps before this returns).
 */
bool dump_begin(struct job *job, const char *reason, void (*done)(struct job *job));
/* Nothing came for a while, or the job has no more use for it: done is called. */
void dump_give_up(struct job *job, const char *why);
/* What is half written goes; done is not called. */
void dump_drop(struct job *job);

#endif
