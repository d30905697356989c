/* SPDX-License-Identifier: GPL-2.0-only */
/* SETUP: the operations by which the host prepares a guest; doc/protocol.md lists them. */
#ifndef GUEST_SETUP_H
#define GUEST_SETUP_H

#include "proto/frame.h"

/* Executes the fields of the frame in order and sends DONE, now or when a disk awaited has come. */
void setup_command(const struct frame *f);
/* Devices changed: look again for the disk that is awaited. */
void setup_devices_changed(void);

#endif
