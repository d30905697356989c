/* SPDX-License-Identifier: GPL-2.0-only */
/* When guests ran and what came of each attempt, for timelines and retries: result/result*.c only.
 */
#ifndef RESULT_RESULT_ATTEMPT_H
#define RESULT_RESULT_ATTEMPT_H

#include "result/result.h"

void result_attempt_start(struct result_test *t,
			  const json_t *event); /* t->attempt is its number */
void result_attempt_end(struct result_test *t, const json_t *event);
void result_attempts_done(struct result_test *t);

/* Of a "guest" event: a new one, or the next state of one that is known. */
void result_guest_put(struct result *r, const json_t *event);
struct result_guest *result_guest_find(const struct result *r, const char *name); /* NULL: none */
void result_guests_done(struct result *r);

#endif
