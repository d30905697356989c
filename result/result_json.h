/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of results.json that stand in the journal nearly as they are: result/result*.c only. */
#ifndef RESULT_RESULT_JSON_H
#define RESULT_RESULT_JSON_H

#include <jansson.h>

json_t *result_run_json(const json_t *event);  /* of a "run" event */
json_t *result_host_json(const json_t *event); /* of the same */
void result_run_finish(json_t *run, const json_t *event);
void result_run_unfinish(json_t *run);
/* Add the kernel of a "kernel" event, or replace the one of the same id. */
void result_kernel_put(json_t *kernels, const json_t *event);

#endif
