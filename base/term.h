/* SPDX-License-Identifier: GPL-2.0-only */
/* The terminal in raw mode, and as it was again whatever becomes of us. */
#ifndef BASE_TERM_H
#define BASE_TERM_H

#include <sys/types.h>
#include <termios.h>

#include "base/err.h"

struct term {
	int fd;	   /* of its own, not blocking; -1: none */
	int guard; /* a pipe: its end tells the guarding process to restore */
	pid_t guard_pid;
	struct termios saved;
};

/*
 * Open the terminal that fd is once more and make it raw. A process of its own waits for our end
 * and sets the terminal back even if we are killed.
 */
int term_raw(int fd, struct term *t, struct err *err);

/* As it was; does nothing the second time. */
void term_restore(struct term *t);

/* In characters; 24 and 80 where it does not say. */
void term_size(int fd, int *rows, int *cols);

#endif
