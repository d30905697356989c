/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's messages, record by record from /dev/kmsg to the host in frames of type KMSG.
 * Neither the console's level nor `dmesg -C` changes what a reader of /dev/kmsg gets. A record that
 * the kernel overwrote before the agent read it shows as a gap in the sequence numbers.
 */
#ifndef GUEST_KMSG_H
#define GUEST_KMSG_H

#include <stdint.h>

/* Opens /dev/kmsg at its first record. 0 or -errno; after an error the other calls do nothing. */
int kmsg_open(void);
/* Whether kmsg_open() worked. */
int kmsg_is_open(void);

/* Send records as they come, at most a fifth of a processor's time. After loop_init. */
void kmsg_start(void);
/* Send nothing until the next kmsg_start(). */
void kmsg_stop(void);
/* The queue to the host may have room again: port_start()'s callback. */
void kmsg_room(void);

/* Whether the last look at /dev/kmsg found nothing that was not sent. */
int kmsg_is_idle(void);

/* Remember which records exist now, for kmsg_sent(); instead of what was remembered before. */
void kmsg_mark(void);
/*
 * Sends records while the queue to the host has room. Returns 1 if every record that existed at the
 * mark has been queued or was overwritten, else 0: call again when there is room.
 */
int kmsg_sent(void);
/* The same for the records that exist now; waits for room until the deadline (now_ns). */
void kmsg_drain(int64_t deadline);

#endif
