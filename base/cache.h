/* SPDX-License-Identifier: GPL-2.0-only */
/* What is kept because making it again takes time; any of it may be removed at any moment. */
#ifndef BASE_CACHE_H
#define BASE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How the name of a directory begins that is on its way in or out: for cache_sweep. */
#define CACHE_TEMPORARY ".tmp-"

/* Whether path is there; it then counts as used now. */
bool cache_use(const char *path);

/*
 * Remove the files of dir whose name starts with prefix, the longest unused first, until
 * the rest takes at most max bytes. What was used in the last ten minutes stays: a run that starts
 * may be about to open it.
 */
void cache_trim(const char *dir, const char *prefix, uint64_t max);

/*
 * Of the directories in dir, keep the newest ones, and what was used in the last age_s seconds,
 * which is how long something may go on using a directory after cache_use. Names that begin with a
 * dot are not looked at. A removal that is cut short leaves a CACHE_TEMPORARY name.
 */
void cache_keep(const char *dir, size_t newest, int age_s);

/* Remove what a killed process left: all in dir that starts with prefix and was not written for
 * age_s seconds. */
void cache_sweep(const char *dir, const char *prefix, int age_s);

#endif
