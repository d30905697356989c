/* SPDX-License-Identifier: GPL-2.0-only */
/* A switch of VDE (vde2): joined where there is one, else started with slirpvde as its gateway. */
#ifndef RUN_VDESWITCH_H
#define RUN_VDESWITCH_H

#include "run/network.h"

/* That vde_switch and slirpvde are installed. */
int vdeswitch_check(struct err *err);

/*
 * Join the switch in n->vde: n->host becomes one that no other run has there. Its directory is made
 * if it is missing, and removed by the last who leaves; one that holds anything else is refused,
 * since vde_switch makes it its own. Where there was none, vde_switch and slirpvde are started,
 * without a network of the host (slirpvde would show its loopback), for as long as the run lasts.
 */
int vdeswitch_start(struct network *n, const char *keeper, struct err *err);
void vdeswitch_end(struct network *n);

#endif
