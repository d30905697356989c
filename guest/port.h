/* SPDX-License-Identifier: GPL-2.0-only */
/* The channel to the host: frames over a virtio-serial port. */
#ifndef GUEST_PORT_H
#define GUEST_PORT_H

#include <stddef.h>

#include "proto/frame.h"

/* How badly a frame is wanted when the host is slow and the queue fills. */
enum port_need {
	PORT_DROP, /* of the moment: lost when there is not plenty of room */
	PORT_MUST, /* an answer or a result: room is kept for it, see port.c */
};

/*
 * Opens the port named FRAME_PORT_NAME if it is there by now. 0, -ENOENT while it is not, or
 * another -errno.
 */
int port_open(void);
/*
 * Start handling what the host sends: each whole frame goes to handle. room is called whenever
 * there may be room again where port_has_room() said no. After loop_init.
 */
void port_start(void (*handle)(const struct frame *f), void (*room)(void));

/*
 * No further frame is handled, and the one being handled stays valid, until port_resume: for a
 * command that takes its time.
 */
void port_pause(void);
void port_resume(void);

/*
 * Finishes and queues the frame. Never blocks. 0, -EMSGSIZE if it overflowed, -EAGAIN if it was
 * dropped.
 */
int port_send(struct frame_writer *w, enum port_need need);
/* Whether there is room for a frame of PORT_DROP. */
int port_has_room(void);
/* Waits until the queue is empty or the deadline (now_ns) has passed; the last thing before the
 * end. */
void port_drain(int64_t deadline);

/* DONE for the command with this id; a command without one (NULL) gets none. */
void port_done(const char *id, int error, const char *message);
/* LOG: a line for the user */
void port_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
