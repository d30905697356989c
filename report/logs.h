/* SPDX-License-Identifier: GPL-2.0-only */
/* The logs of subtests, as much of them as a report shows. Guests can write where they lie. */
#ifndef REPORT_LOGS_H
#define REPORT_LOGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "result/result.h"

struct log_part {
	struct strbuf head, tail; /* whole lines; tail is empty where head is all */
	uint64_t size, left_out;  /* bytes of the file; between head and tail */
};

/*
 * The log of the last attempt below dir_fd, the run's output directory (-1: none): at most head
 * bytes of its beginning and tail bytes of its end. No link is followed. False if there is none to
 * be had. log_part_done is the caller's to call in any case.
 */
bool log_read(int dir_fd, const struct result_test *t, size_t head, size_t tail,
	      struct log_part *p);
void log_part_done(struct log_part *p);

#endif
