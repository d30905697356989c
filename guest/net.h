/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GUEST_NET_H
#define GUEST_NET_H

#include "guest/util.h"

/* The loopback interface up; a kernel without networking has none, which is no failure. */
void net_loopback(void);

/* The interface with the MAC from gets the MAC to; it may be down then. */
int net_rename(const char *from, const char *to, struct fault *f);

/*
 * The interface with this MAC gets the IPv4 address "A.B.C.D/LEN"; gateway and resolver are IPv4
 * addresses or "-". One that is up and has the address is left as it is. The resolver becomes the
 * only one in /etc/resolv.conf.
 */
int net_configure(const char *mac, const char *address, const char *gateway, const char *resolver,
		  struct fault *f);

#endif
