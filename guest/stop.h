/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GUEST_STOP_H
#define GUEST_STOP_H

#include "proto/frame.h"

void stop_command(const struct frame *f);
/* Ends everything in order and reboots or powers off; reason goes into BYE. Does not return. */
void stop_now(int reboot_after, const char *reason) __attribute__((noreturn));

#endif
