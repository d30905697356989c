/* SPDX-License-Identifier: GPL-2.0-only */
/* From how a job ended to what became of its tests: run/testy*.c only. */
#ifndef TESTY_VERDICT_H
#define TESTY_VERDICT_H

#include "testy/run.h"

/*
 * Tell report of each test of the job, whose process ended with this status (waitpid(2)); cut_off:
 * we ended it. What ktest left below the job's directory is read back without following a link, a
 * guest could write there.
 */
void testy_verdicts(const struct testy_job *j, const struct testy_settings *s, int status,
		    const char *cut_off, int64_t duration_ms,
		    void (*report)(void *arg, const struct testy_outcome *o), void *arg);

#endif
