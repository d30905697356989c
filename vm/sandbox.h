/* SPDX-License-Identifier: GPL-2.0-only */
/* What a guest's QEMU sees of the host, as arguments of bubblewrap. */
#ifndef VM_SANDBOX_H
#define VM_SANDBOX_H

#include "vm/config.h"

struct net;

enum sandbox_kind {
	SANDBOX_BWRAP,	/* own user, mount, pid, network, ipc and uts namespaces, no capability */
	SANDBOX_KEEPER, /* none of that: just the keeper, which is around bwrap as well */
};

/*
 * Whether bubblewrap works for this user here: it is tried once a process. *why is set to one line
 * on what is missing for SANDBOX_KEEPER (static storage). keeper: as of bwrap_start().
 */
enum sandbox_kind sandbox_probe(const char *keeper, const char **why);
/* Begin to try, for an answer that will be there when it is asked for. */
void sandbox_probe_begin(const char *keeper);

/*
 * Where QEMU finds the view: with bubblewrap a directory that exists in the sandbox alone; for the
 * keeper c->dir "/view", where each bind of a directory is a share of its own, tag "ktest-view.N",
 * that the guest mounts at binds->v[N] below the view. Nothing is made. The caller frees *view_dir.
 */
void sandbox_places(enum sandbox_kind kind, const struct vm_config *c, char **view_dir,
		    struct strv *binds);

/*
 * The same, and what the keeper needs there is made: directories, links and copies of single files.
 * (What VIEW_EMPTY hides stays visible then.)
 */
int sandbox_view(enum sandbox_kind kind, const struct vm_config *c, char **view_dir,
		 struct strv *binds, struct err *err);

/*
 * Put before QEMU's argv what confines it: the path of the keeper (cmd/keeper), and bwrap with its
 * arguments where there are namespaces. net: bwrap waits until its network is connected (net.h);
 * NULL: there is none.
 */
int sandbox_argv(enum sandbox_kind kind, const struct vm_config *c, const char *keeper,
		 const struct net *net, struct strv *argv, struct err *err);

/*
 * The keeper's main: start argv, end it and everything that came of it when the parent dies (the
 * kernel sends SIGTERM), when told to by SIGTERM, or when the program ends. At SIGTSTP it stops all
 * that, at SIGCONT it lets it go on; it is never stopped itself. Returns the exit status; where the
 * program was killed by a signal, so is the keeper.
 */
int keeper_main(char **argv, struct err *err);

#endif
