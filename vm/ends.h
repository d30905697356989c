/* SPDX-License-Identifier: GPL-2.0-only */
/* Both ends of a VM's channels, made before QEMU is started, so that nobody has to wait for a
 * socket to appear. */
#ifndef VM_ENDS_H
#define VM_ENDS_H

#include "base/err.h"

enum { END_QMP, END_AGENT, END_SERIAL, ENDS };

struct ends {
	int ours[ENDS], theirs[ENDS];
	int user_qmp, log;
};

/* A socket at path, 0600, that somebody may connect to; a descriptor or a negative errno. */
int ends_listen(const char *path, struct err *err);

/* The listening socket DIR/qmp, the log DIR/qemu.log and a connected pair each; on failure
 * ends_close() is still to be called. */
int ends_open(const char *dir, struct ends *e, struct err *err);
/* QEMU's ends, once it has them. */
void ends_close_theirs(struct ends *e);
/* Ours, where there is no VM to take them. */
void ends_close_ours(struct ends *e);

#endif
