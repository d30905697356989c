/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A client of QEMU's machine protocol on a connected socket: greeting, capabilities, then commands
 * in any number at once, each answered by its callback exactly once, with an error when QEMU goes.
 * Source: QEMU's docs/interop/qmp-spec.txt.
 */
#ifndef VM_QMP_H
#define VM_QMP_H

#include <jansson.h>

#include "base/err.h"
#include "base/loop.h"

/* Why it closed, when that is all there is to say. */
#define QMP_PEER_GONE "QEMU has ended"

struct qmp;

/* result is borrowed; NULL when the command failed, then error says why. */
typedef void qmp_reply_fn(void *arg, const json_t *result, const char *error);

struct qmp_handler {
	void (*event)(void *arg, const char *name, const json_t *data); /* data may be NULL */
	/* The peer closed, or said what is no QMP; pending commands have been failed. Called once.
	 */
	void (*closed)(void *arg, const char *why);
	void *arg;
};

/* fd becomes the client's, must be non-blocking. */
struct qmp *qmp_new(struct loop *loop, int fd, const struct qmp_handler *handler);
/* QEMU's version as it greeted: 702 is 7.2; 0: it has not yet. */
int qmp_version(const struct qmp *q);

void qmp_free(struct qmp *q); /* pending callbacks are not called; NULL allowed */

/*
 * Send a command; arguments is a JSON object taken over, or NULL. fn may be NULL. Before the
 * greeting it is queued; after the end fn is called at once with an error.
 */
void qmp_call(struct qmp *q, const char *command, json_t *arguments, qmp_reply_fn *fn, void *arg);

/* Bytes from the peer, as the loop feeds them: for tests and fuzzing. */
void qmp_feed(struct qmp *q, const char *data, size_t len);

#endif
