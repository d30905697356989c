/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's word that devices came or went. */
#ifndef GUEST_UEVENT_H
#define GUEST_UEVENT_H

/* 0 or -errno; without it (a kernel without networking) the waits below are merely coarser. */
int uevent_open(void);
/* Wait for an event at most ms; whether one came. For use before the loop runs. */
int uevent_wait(int ms);
/* Call changed() from the loop whenever events came. */
void uevent_start(void (*changed)(void));

#endif
