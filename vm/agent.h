/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's end of the frames: a stream of bytes to frames and back; see proto/frame.h. */
#ifndef VM_AGENT_H
#define VM_AGENT_H

#include "base/err.h"
#include "base/loop.h"
#include "proto/frame.h"

struct agent;

struct agent_handler {
	void (*frame)(void *arg, const struct frame *f);
	/* The peer is gone, or broke the protocol: why says how. Called once; nothing is read any
	 * more. */
	void (*closed)(void *arg, const char *why);
	void *arg;
};

/* fd becomes the channel's, must be non-blocking. */
struct agent *agent_new(struct loop *loop, int fd, const struct agent_handler *handler);
void agent_free(struct agent *a); /* NULL allowed */

/*
 * Send a finished frame of w (its header is filled in here). A guest that does not read is
 * given 4 MiB, then -ENOBUFS.
 */
int agent_send(struct agent *a, struct frame_writer *w, struct err *err);

/* The guest restarted: what was half received or not yet sent is void. */
void agent_reset(struct agent *a);

/* Read what is there now, without waiting: the peer is ending. */
void agent_drain(struct agent *a);

/* Counts how often all that the peer had sent has been read: what comes in one such turn may have
 * waited there for as long as since the last. */
uint64_t agent_turn(const struct agent *a);

/* Bytes from the peer, as the loop feeds them: for tests and fuzzing. */
void agent_feed(struct agent *a, const char *data, size_t len);

#endif
