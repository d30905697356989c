/* SPDX-License-Identifier: GPL-2.0-only */
/* Shells in a guest by its agent alone. */
#ifndef CMD_SHELL_H
#define CMD_SHELL_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* Whether the guest's root has an sshd; it is asked once, and *first set then. */
int shell_has_server(const char *dir, bool *has, bool *first, struct err *err);

/*
 * As ssh does it: the words as one line for root's shell, or a shell on this terminal without
 * words. The exit status, or a negative errno.
 */
int shell_run(const char *dir, int argc, char **argv, struct err *err);

/* Ours for a command in the guest; -1: nothing is read, or what is written is dropped. */
struct shell_io {
	int in, out, err;
};

/* A command between descriptors of ours. It has to start within start_ms, 0: some time. The exit
 * status, or a negative errno. */
int shell_exec(const char *dir, const struct strv *argv, const struct shell_io *io, int start_ms,
	       struct err *err);

/*
 * This terminal at the guest, until either leaves: to watch its console, with a shell, or for one
 * shell, whose exit status it is then.
 */
int shell_attach(const char *dir, bool watch, struct err *err);

#endif
