/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's own userspace as the root of a guest, without its secrets. */
#ifndef IMAGE_HOSTROOT_H
#define IMAGE_HOSTROOT_H

#include "image/view.h"

/*
 * Describe the host's userspace as a view: /usr and /opt by bind, /bin /sbin /lib /lib32 /lib64
 * /libx32 as the links or directories they are, /etc as a bind of a copy that
 * is kept in cache_dir (see etc_cached()), and empty /home /root /run /var (with the directories
 * programs expect) /tmp /mnt /srv /proc /sys /dev /host.
 *
 * The copy holds what programs need and no secret: nothing that others cannot read on the host, no
 * shadow, gshadow, ssh host keys, ssl private, sudoers, machine-id; no link that leads out of /etc
 * except into /usr and /opt. passwd, group, shadow and gshadow are ours: root (no password), the
 * system users of the host with locked passwords, nobody, sshd where it is missing; no human user
 * (uid >= 1000). It takes at most 20,000 files and 20 MiB.
 *
 * In /opt and /usr/local, what others cannot read is hidden too, /usr/local/etc always; the
 * entries for this follow those that they hide something of.
 */
int hostroot_view(const char *cache_dir, struct view *v, struct err *err);

/* The same with the tree at root ("" or an absolute path) in the place of the host's. */
int hostroot_view_from(const char *root, const char *cache_dir, struct view *v, struct err *err);

#endif
