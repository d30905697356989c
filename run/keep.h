/* SPDX-License-Identifier: GPL-2.0-only */
/* Journals of ended runs, kept for the history: ~/.local/share/ktest/runs/ID.jsonl.gz. */
#ifndef RUN_KEEP_H
#define RUN_KEEP_H

#include "base/err.h"

/*
 * Keep a compressed copy of the journal, which is read from fd, under the run's id, whole or not at
 * all; the oldest copies are removed above 256 MiB in all. A resumed run replaces its earlier copy.
 */
int keep_journal(int fd, const char *id, struct err *err);

#endif
