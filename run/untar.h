/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that a guest sends. */
#ifndef RUN_UNTAR_H
#define RUN_UNTAR_H

#include <stddef.h>

#include "base/err.h"

/*
 * Unpack the tar stream fd (any of tar(5)'s formats) in the current directory, to its end. The
 * sender is not trusted: nothing outside is read or written; files belong to who runs this, have
 * no set-user-ID, set-group-ID or sticky bit, and what their umask takes; symbolic links come as
 * they are and are not followed. Device nodes, FIFOs and sockets are left out: how many is
 * *left_out. An error says what could not be unpacked.
 */
int untar(int fd, size_t *left_out, struct err *err);

#endif
