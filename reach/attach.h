/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A terminal at a guest: a shell there, what the guest writes on its console between, and a few
 * keys behind Ctrl-a for ktest itself.
 */
#ifndef REACH_ATTACH_H
#define REACH_ATTACH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/loop.h"

struct attach;

struct attach_config {
	int tty;     /* any descriptor of it */
	bool watch;  /* show the console as it comes over the control socket; else attach_text() */
	bool detach; /* Ctrl-a d leaves, and the guest goes on */
	bool once;   /* the end of the shell is the end; else Enter starts another */
	/* Called once: the user left, the guest ended, or the shell did (why). */
	void (*ended)(void *arg, const char *why);
	void *arg;
};

/* fd is connected to the guest's control socket and becomes the callee's. The terminal is raw until
 * attach_free(). */
int attach_new(struct loop *loop, int fd, const struct attach_config *config, struct attach **out,
	       struct err *err);
void attach_free(struct attach *a); /* NULL allowed; not from the callback */

/* How the shell ended: its exit status, 128 and the signal that killed it, 0 also when the user
 * left it; -1: it has not. */
int attach_status(const struct attach *a);

/* Lines to show. */
void attach_text(struct attach *a, const char *text, size_t len);

#endif
