/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ssh into a guest without a network: the client's configuration, keys of both sides, and how the
 * guest's sshd is started at the other end of a stream.
 */
#ifndef REACH_SSHCONF_H
#define REACH_SSHCONF_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* In the VM's directory: for `ssh -F`. Its ProxyCommand is `PROGRAM stream DIR`. */
#define SSHCONF_FILE "ssh_config"
/* What the guest is called there. */
#define SSHCONF_HOST "ktest"

/* Write it; nothing is run. program is the path of ktest. */
int sshconf_write(const char *dir, const char *program, struct err *err);

/* Make the guest's host key, known_hosts beside it, and a key of ktest's own where the user has
 * none; each only where it is missing. */
int sshconf_make_keys(const char *dir, struct err *err);

/* What the guest has to run, after sshconf_make_keys(): a shell's script, and the keys in env.
 * With a socket for input and output. Exit status SSHCONF_NONE: it has no sshd. */
int sshconf_server(const char *dir, struct strv *argv, struct strv *env, struct err *err);
#define SSHCONF_NONE 213

/* A command for the guest that prints the path of its sshd, or nothing. */
void sshconf_probe(struct strv *argv, struct strv *env);

/* The environment of root's shells there. */
void sshconf_env(struct strv *env);

#endif
