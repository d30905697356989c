/* SPDX-License-Identifier: GPL-2.0-only */
/* The directories of templates: who holds one, and which have to go. For template.c. */
#ifndef RUN_TEMPLATE_CACHE_H
#define RUN_TEMPLATE_CACHE_H

#include <stdint.h>

#include "base/err.h"

#define TEMPLATES "templates" /* in the cache */

/* What all of them may take on the disk. */
#define TEMPLATES_MAX (8ULL << 30)

/* The lock in a template's directory, for LOCK_SH or LOCK_EX, without waiting: a descriptor that
 * holds it, or a negative errno where it is held or the directory is not (any more) there. */
int template_lock(const char *dir, int how);
/* A new directory in all, to make one in, and the descriptor of its lock, exclusive. The caller
 * frees *dir. */
int template_make(const char *all, char **dir, struct err *err);

/* Remove it, unless somebody uses it. */
void template_remove(const char *dir);

/* Remove what killed processes left half made in all. May wait for those who begin one. */
void templates_sweep(const char *all);
/* Keep max bytes of them in all, and what is in use; the longest unused go first. */
void templates_trim(const char *all, uint64_t max);

#endif
