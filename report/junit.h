/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A run as JUnit XML, as CI systems read it: a suite a file, a case a subtest, and one for each
 * result that a subtest printed itself. Retries as Maven's surefire writes them: flakyFailure,
 * rerunFailure.
 */
#ifndef REPORT_JUNIT_H
#define REPORT_JUNIT_H

#include "base/str.h"
#include "result/result.h"

/*
 * dir_fd: the run's output directory, -1: none; the end of the log of what did not pass is taken
 * from there. FAIL is a failure, ERROR, MISS and what was cut off an error, what was not run
 * skipped.
 */
void report_junit(const struct result *r, int dir_fd, struct strbuf *out);

#endif
