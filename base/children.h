/* SPDX-License-Identifier: GPL-2.0-only */
/* Ending what came of a child where no pid namespace does it: for a subreaper (prctl(2)), to which
 * it all comes. */
#ifndef BASE_CHILDREN_H
#define BASE_CHILDREN_H

#include <stddef.h>
#include <sys/types.h>

/* Our children now; the caller frees the vector. NULL with *n 0 when there are none. */
pid_t *children_list(size_t *n);
/* Those of another process that has one thread. */
pid_t *children_of(pid_t parent, size_t *n);

/* Send signo to all that came of us. What a thread has started is not found, but its first one. */
void children_signal(int signo);

/*
 * SIGKILL and reap every child that is not in keep, round after round: each hands us its own.
 * Bounded, since one may fork while we look.
 */
void children_end(const pid_t *keep, size_t nkeep);

#endif
