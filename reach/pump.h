/* SPDX-License-Identifier: GPL-2.0-only */
/* One stream into a guest, seen from a client of its control socket: descriptors of ours joined
 * with a program there. */
#ifndef REACH_PUMP_H
#define REACH_PUMP_H

#include <stddef.h>

#include "base/loop.h"
#include "base/str.h"
#include "vm/agent.h"

struct pump;

struct pump_config {
	const char *io; /* "pipe", "socket" or "pty" */
	const struct strv *argv, *env;
	const char *cwd;
	int rows, cols;	      /* of a pty */
	int in, out, out_err; /* stay the caller's; in -1: nothing is read, see pump_input() */
	int start_ms; /* remote_run(): how long the guest may take to start it; 0: for ever */
	/* What was read from in, on its way to the guest: changed in place; the length. NULL: none.
	 */
	size_t (*filter)(void *arg, char *data, size_t len);
	void (*started)(void *arg); /* NULL allowed */
	/*
	 * Called once, when all of its output is written. why NULL: by its own end, with this
	 * status or signal; else it could not be started, or is lost.
	 */
	void (*ended)(void *arg, int status, int signal, const char *why);
	void *arg;
};

/* Open it over link, under an id that no other stream there has; config is copied, argv and env are
 * needed for the call only. NULL when there are too many words for a frame. */
struct pump *pump_new(struct loop *loop, struct agent *link, const char *id,
		      const struct pump_config *config);
/* Hangs up if it is still open. NULL allowed. Not from its own callbacks, but for ended. */
void pump_free(struct pump *p);

/* A frame that came over the link: taken when it is this stream's. */
void pump_frame(struct pump *p, const struct frame *f);
/* The link is gone. */
void pump_lost(struct pump *p, const char *why);

/* As if it had been read from in. */
void pump_input(struct pump *p, const char *data, size_t len);
void pump_size(struct pump *p, int rows, int cols);

#endif
