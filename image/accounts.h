/* SPDX-License-Identifier: GPL-2.0-only */
/* The accounts of a guest that runs on the host's userspace. */
#ifndef IMAGE_ACCOUNTS_H
#define IMAGE_ACCOUNTS_H

#include "base/err.h"

/*
 * Write passwd, group, shadow and gshadow into the directory etc_dir, made from ROOT/etc/passwd and
 * ROOT/etc/group (root "" is this system): root without a password, the host's system users (uid
 * below 1000) locked and without comments, nobody, and sshd where it is missing.
 */
int accounts_write(const char *root, const char *etc_dir, struct err *err);

#endif
