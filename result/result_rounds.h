/* SPDX-License-Identifier: GPL-2.0-only */
/* Which of a subtest's attempts counts, where there are several: result/result*.c only. */
#ifndef RESULT_RESULT_ROUNDS_H
#define RESULT_RESULT_ROUNDS_H

#include "result/result.h"

/* The event begins an attempt: "start", or "end" of one that could not start. What is told of the
 * attempt before is put aside where that is to count. */
void rounds_begin(struct result_test *t, const json_t *event);
/* It has ended with t->verdict. */
void rounds_end(struct result_test *t);
/* No event is left: what counts is told. */
void rounds_sum_up(struct result_test *t);
void rounds_done(struct result_test *t);

#endif
