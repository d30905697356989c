/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A run as a KCIDB submission, schema 5.3 (https://kcidb.dev): a checkout and a build for each
 * kernel, a test for each subtest on it and each result that a subtest printed itself. Nothing in
 * it is null.
 */
#ifndef REPORT_KCIDB_H
#define REPORT_KCIDB_H

#include <jansson.h>

#include "result/result.h"

#define KCIDB_EXCERPT_MAX 16384 /* characters, by the schema */

/* dir_fd: the run's output directory, for excerpts of logs; -1: none. A new reference. */
json_t *report_kcidb(const struct result *r, int dir_fd);

#endif
