/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way out of a VM's network namespace, by slirp4netns: to the outside, or in from the host's
 * 127.0.0.1 (--forward). The namespace is the VM's own, so that the host's loopback is out of reach
 * whatever the guest sends, and QEMU itself keeps no more rights than without.
 */
#ifndef VM_NET_H
#define VM_NET_H

#include "base/err.h"
#include "vm/config.h"
#include "vm/sandbox.h"

/* The network between QEMU's namespace and slirp4netns; the guest's own is VM_NET_ADDRESS's. */
#define NET_CIDR     "10.0.3.0/24"
#define NET_INNER    "10.0.3.100"
#define NET_RESOLVER "10.0.3.3"

/* The first port in QEMU's namespace that a forward goes through. */
#define NET_PORT 20000

struct net {
	int info[2], block[2]; /* pipes: what bwrap says of the sandbox, what it waits for */
	pid_t pid;	       /* of slirp4netns' keeper; 0: none */
};

#define NET_INIT                                      \
	{                                             \
		.info = {-1, -1}, .block = { -1, -1 } \
	}

/* Whether the configuration needs it at all. */
bool net_wanted(const struct vm_config *c);
/* What it lacks here, with the remedy; before anything is started. */
int net_check(enum sandbox_kind kind, const struct vm_config *c, struct err *err);

/* Before QEMU is started: the pipes, and the file that is /etc/resolv.conf in the sandbox. */
int net_prepare(const struct vm_config *c, struct net *net, struct err *err);
/* bwrap has been started and waits: connect its namespace, then let it go on. */
int net_connect(const struct vm_config *c, const char *keeper, struct net *net, struct err *err);
void net_end(struct net *net);

#endif
