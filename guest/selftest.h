/* SPDX-License-Identifier: GPL-2.0-only */
/* What a guest can find out about itself: whether agent, kernel and machine do what tests rely on.
 */
#ifndef GUEST_SELFTEST_H
#define GUEST_SELFTEST_H

/*
 * `ktest-ctl selftest NAME=VALUE...`, see doc/protocol.md: each check is told to the host by a
 * CALL. The number of those that failed, or 125 when the host could not be told. Without arguments
 * the version is printed, and nobody asked.
 */
int selftest_main(int argc, char **argv);

#endif
