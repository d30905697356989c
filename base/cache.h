/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files kept because making them again takes time. An entry is a directory, sealed (seal.h) and
 * named by a key: a hash of all that went into it. What a process found is its own until it ends:
 * no other removes it, but for its user, who can while no run goes on.
 */
#ifndef BASE_CACHE_H
#define BASE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

/* How the name of a directory begins that is on its way in or out: for cache_sweep. */
#define CACHE_TEMPORARY ".tmp-"

/* How much is kept of a kind: the longest unused go first. */
struct cache_limits {
	uint64_t bytes; /* what all may take on the disk */
	size_t newest;	/* so many stay, whatever their age and size */
	int in_use_s;	/* what was used in so many last seconds stays, too */
};

/* For processes that look at a plain file, which is not locked. */
#define CACHE_IN_USE_S 600

/* How to make an entry. */
struct cache_item {
	const char *dir;	    /* where entries of its kind lie; made as needed */
	struct cache_limits limits; /* of that directory, when one is made */
	/* Add to h all that the entry is made from; this program, which makes it, is in it. */
	int (*key)(void *arg, struct hash *h, struct err *err);
	/* Make it in entry, an empty directory that is nobody else's; it is to lie at to. */
	int (*make)(void *arg, const char *entry, const char *to, struct err *err);
	void *arg;
};

/*
 * The directory of the item's entry: of an earlier time where it is whole, which counts as a use,
 * else made now. Logs one line if the entry was damaged. The key is found again after the making: a
 * change of the files meanwhile has the entry made anew; -EAGAIN when they go on changing. The
 * caller frees *path.
 */
int cache_get(const struct cache_item *item, char **path, struct err *err);

/* 1: the entry path is there and whole, which counts as a use. 0: there is none; a damaged one is
 * removed, and one line is logged. Below 0: it cannot be looked at. */
int cache_find(const char *path, struct err *err);

/* Remove of the entries in dir, and of plain files there, those above the limits. Names that
 * begin with a dot are not looked at. A removal that is cut short leaves a CACHE_TEMPORARY name. */
void cache_trim(const char *dir, struct cache_limits limits);

/* Remove what a killed process left: all in dir that starts with prefix and was not written for
 * age_s seconds. */
void cache_sweep(const char *dir, const char *prefix, int age_s);

#endif
