/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shares of the host that are let go while the guest is saved, which a mounted one forbids, and
 * mounted when first looked at, since in a guest that has just been restored a mount takes as long
 * as all else. A kernel without autofs has them mounted from the start, and again after the
 * restore.
 */
#ifndef GUEST_SHARE_H
#define GUEST_SHARE_H

#include "guest/util.h"

/* As mount_add(). */
int share_add(const char *type, const char *source, const char *target, const char *flags,
	      const char *options, struct fault *f);

/* Unmount them all; EBUSY names one that something holds on to. */
int shares_release(struct fault *f);
/* What was released and cannot be mounted when needed is mounted. */
int shares_resume(struct fault *f);

#endif
