/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program of a test file on this machine, on the loop: its output, what it asks for, its end and
 * that of everything it started. Knows nothing of verdicts.
 */
#ifndef RUN_HOSTPROC_H
#define RUN_HOSTPROC_H

#include <stddef.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"

/* In the environment: the descriptor on which a line "VERB<TAB>WORD" asks us for something. */
#define HOSTPROC_CALLS "ktest_control_fd"

struct hostproc;

struct hostproc_handler {
	void (*output)(void *arg, const char *data, size_t len);
	void (*call)(void *arg, const char *verb, const char *word); /* word: "" without one */
	/* wait status; it and its children are gone, all of their output is delivered */
	void (*ended)(void *arg, int status);
	void *arg;
};

struct hostproc_spec {
	const char *keeper; /* its path: put around argv */
	const struct strv *argv;
	const struct strv *env; /* all of it; HOSTPROC_CALLS is added */
	const char *cwd;
	int nice;
};

/*
 * Start argv in a session of its own, its standard output and error on a terminal like that of a
 * guest, so that it buffers alike; its standard input is empty. When this returns 0, ended() comes
 * once.
 */
int hostproc_start(struct loop *loop, const struct hostproc_spec *spec,
		   const struct hostproc_handler *handler, struct hostproc **out, struct err *err);

/* Stop it with all that it started, or let that go on. NULL allowed. */
void hostproc_hold(const struct hostproc *p, bool hold);

/* Kill it with all that it started; ended() follows. */
void hostproc_end(struct hostproc *p);

/* Also one that runs: it is killed and waited for, and no ended() comes. NULL allowed. */
void hostproc_free(struct hostproc *p);

#endif
