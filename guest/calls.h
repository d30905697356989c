/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls of tests to the host, by ktest-ctl and the socket /run/ktest/ctl. */
#ifndef GUEST_CALLS_H
#define GUEST_CALLS_H

#include "guest/util.h"
#include "proto/frame.h"

#define CALLS_SOCKET  "/run/ktest/ctl"
#define CALLS_PROGRAM "/run/ktest/ktest-ctl"
#define CALL_MAX      4096 /* bytes of a request: the verb and the arguments, each ended by NUL */

/* Make the socket and the program, and serve from the loop. */
int calls_open(struct fault *f);
/* REPLY to a CALL of ours. */
void calls_reply_command(const struct frame *f);

/* ktest-ctl itself; the exit status. */
int ctl_main(int argc, char **argv);

/* Ask the host by way of the agent: the length of its answer, a digit (0, or 1 for failure) and the
 * message, terminated; or -errno. */
int ctl_ask(char **words, int n, char *answer, size_t size);

#endif
