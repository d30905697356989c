/* SPDX-License-Identifier: GPL-2.0-only */
/* Sockets in a directory whose path may be longer than a socket's name. */
#ifndef REACH_SOCKNAME_H
#define REACH_SOCKNAME_H

#include "base/err.h"

/* DIR/NAME, mode 0600, listening and not blocking; the descriptor or a negative errno. */
int socket_listen(const char *dir, const char *name, struct err *err);

/* Connected to DIR/NAME, blocking; the descriptor or a negative errno (-ECONNREFUSED: nobody
 * listens there any more). */
int socket_connect(const char *dir, const char *name, struct err *err);

#endif
