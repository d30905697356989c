/* SPDX-License-Identifier: GPL-2.0-only */
/* Both ends of what a stream's program reads and writes. */
#ifndef GUEST_PIPES_H
#define GUEST_PIPES_H

#include "guest/child.h"

enum pipes_kind { PIPES_PIPE, PIPES_SOCKET, PIPES_PTY };

struct pipes {
	enum pipes_kind kind;
	int in;		    /* ours to write */
	int out[2];	    /* ours to read: its output and, but of a pty, its errors; else -1 */
	struct child_io io; /* the program's */
};

/* By name as OPEN has it, NULL for a pipe; -1 for a name that it is not. */
int pipes_kind(const char *name);

/* All ours do not block. A failure leaves nothing open. 0 or -errno with *f set. */
int pipes_open(enum pipes_kind kind, struct pipes *p, struct fault *f);
void pipes_close_theirs(struct pipes *p);
void pipes_close_ours(struct pipes *p);

/* There is no more input. Closes p->in. */
void pipes_end_input(struct pipes *p);
void pipes_resize(const struct pipes *p, int rows, int cols);

#endif
