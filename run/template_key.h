/* SPDX-License-Identifier: GPL-2.0-only */
/* The names of templates: what a guest that is to be saved depends on. */
#ifndef RUN_TEMPLATE_KEY_H
#define RUN_TEMPLATE_KEY_H

#include "run/guest.h"

/*
 * Add to inputs, a string each: QEMU's arguments; for TEMPLATE_READY the fields of the SETUP, START
 * and HOLD frames that its guest is sent (but for the names of disks, which that guest tells); the
 * sizes of disks, the state of the files that are named there, of QEMU and of this program; with
 * KVM the processor. All are those of a guest that could be made now, with what is its own
 * replaced: its directory and its template's, its name, descriptors, address, time and random
 * numbers; and for TEMPLATE_BOOTED the output directory, which its guest has not seen yet.
 */
int template_inputs(const struct guest_base *b, const struct guest_plan *gp,
		    enum template_point point, struct strv *inputs, struct err *err);

/* The hash of the inputs; the caller frees it. */
char *template_key(const struct strv *inputs);

#endif
