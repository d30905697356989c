/* SPDX-License-Identifier: GPL-2.0-only */
/* The guests of this user that run: found by whoever wants to reach one. */
#ifndef REACH_GUESTS_H
#define REACH_GUESTS_H

#include <stddef.h>

#include "base/err.h"

struct guest_ref {
	char *name; /* "4711.vm1": the process that runs it, and its own */
	char *dir;  /* the VM's directory */
};

/* Links CACHE/guests/NAME to dir, for as long as our guest called name runs. */
int guests_add(const char *cache, const char *name, const char *dir, struct err *err);
void guests_remove(const char *cache, const char *name);

/* Those that answer, by name; what a killed process left is removed. The caller frees them. */
size_t guests_list(const char *cache, struct guest_ref **out);
void guests_free(struct guest_ref *v, size_t n);

/*
 * The directory of the guest that name names: as listed, its part behind the dot where that is
 * enough, or its directory. name NULL: the guest of the run in out; out NULL too: that in
 * ./ktest-out, else the only one there is. An error lists what there is. The caller frees it.
 */
int guests_find(const char *cache, const char *name, const char *out, char **dir, struct err *err);

#endif
