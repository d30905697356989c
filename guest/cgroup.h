/* SPDX-License-Identifier: GPL-2.0-only */
/* A cgroup for each session, where the kernel has cgroup2; else all of these do nothing. */
#ifndef GUEST_CGROUP_H
#define GUEST_CGROUP_H

#include <stddef.h>
#include <sys/types.h>

/* Make the group name, a single path component. 0 or -errno. */
int cgroup_make(const char *name);
/* Put the calling process into it. */
void cgroup_join(const char *name);
/* SIGKILL to everything in it and below, if the kernel can (5.14). */
void cgroup_kill(const char *name);
/* Remove it and what was made below it. */
void cgroup_remove(const char *name);
/* The group that a process is in or below: its name, or empty. */
void cgroup_of(pid_t pid, char *name, size_t size);

#endif
