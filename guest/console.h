/* SPDX-License-Identifier: GPL-2.0-only */
/* The console: where the output of the tests and the kernel's log meet, in order. */
#ifndef GUEST_CONSOLE_H
#define GUEST_CONSOLE_H

/* Opens /dev/console as it is by now, or again after it was hung up. 0 or -errno. */
int console_open(void);
/* The descriptor for a child's output; one of /dev/null when there is no console. */
int console_fd(void);
/* Bytes accepted by the kernel that the device has not got yet. */
int console_pending(void);
/* Wait until there are none, or the deadline (now_ns) has passed. */
void console_drain(long long deadline);

#endif
