/* SPDX-License-Identifier: GPL-2.0-only */
/* -n, --vde, --forward and what files declare: the network of a run's guests. */
#ifndef RUN_NETWORK_H
#define RUN_NETWORK_H

#include "run/plan.h"
#include "vm/config.h"

/* What a run has of its own while its guests run: its port of a switch, maybe the switch. */
struct network {
	char *vde;  /* the switch's directory; NULL: none is used */
	int host;   /* the last byte of our guests' address on it */
	char *lock; /* says that host is taken */
	int lock_fd;
	int hold;      /* the switch ends when this is closed, -1: it is not ours */
	pid_t pids[2]; /* of vde_switch and slirpvde, where they are; 0: not ours */
};

#define NETWORK_INIT                                           \
	{                                                      \
		.host = VM_NET_HOST, .lock_fd = -1, .hold = -1 \
	}

/* What was asked for, and that this host has what it takes; nothing is started. */
int network_check(const struct settings *s, const struct plan *p, struct err *err);

/* The switch, where the guests have one; run_dir is where one of the run's own lies. */
int network_open(const struct settings *s, const char *run_dir, struct network *n, struct err *err);
void network_close(struct network *n);

/* The network of a guest of f; n may be NULL. */
int network_config(const struct settings *s, const struct test_file *f, const struct network *n,
		   struct vm_config *c, struct err *err);

#endif
