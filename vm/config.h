/* SPDX-License-Identifier: GPL-2.0-only */
/* What a VM is made of, as data: filled in by run/, turned into command lines by args.c and
 * sandbox.c. */
#ifndef VM_CONFIG_H
#define VM_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "image/view.h"
#include "vm/accel.h"
#include "kernel/arch.h"
#include "vm/disk.h"

enum vm_network {
	VM_NET_NONE,	 /* no card */
	VM_NET_USER,	 /* an address; neither the host nor the outside answers */
	VM_NET_INTERNET, /* the outside does, the host's loopback does not */
	VM_NET_VDE,	 /* a port of a switch, and whoever is at its others */
};

/* The addresses of QEMU's user network, and of slirpvde's; the guest's own end in vm_config.host.
 */
#define VM_NET_MAC	"52:54:00:12:34:"
#define VM_NET_CLONE	"52:54:00:13:" /* then two bytes: a guest's number */
#define VM_NET_PREFIX	"10.0.2."
#define VM_NET_HOST	15
#define VM_NET_GATEWAY	VM_NET_PREFIX "2"
#define VM_NET_RESOLVER VM_NET_PREFIX "3"

/* A TCP port of the host's 127.0.0.1 that is one of the guest's. */
struct vm_forward {
	int host, guest;
};
#define VM_FORWARDS_MAX 16

/* In config->dir: /etc/resolv.conf of a QEMU whose guest reaches the outside. */
#define VM_RESOLV "resolv.conf"

/* Mount tags of the 9p shares. */
#define VM_TAG_VIEW "ktest-view" /* read-only: the host's userspace, the test tree, modules */
#define VM_TAG_OUT  "ktest-out"	 /* its tree in the output directory, writable */

struct vm_config {
	const char *name; /* "vm1" */
	const char *qemu; /* path of the binary */
	const struct arch *arch;
	enum accel accel;
	int cpus;
	int64_t mem_mib;
	const char *kernel, *initrd; /* files */
	const char *append;	     /* kernel command line */
	/*
	 * The file that its memory is; NULL: it has none. Without state the guest writes it, so
	 * that it can be saved. With state, which holds the rest of a guest that was saved with the
	 * same configuration, it goes on as that one, and writes to copies of the file's pages.
	 */
	const char *mem, *state;
	bool mem_read_only; /* with state: QEMU is new enough to open mem for reading only (8.2) */
	const char *dir; /* the VM's own directory, 0700: its disks and sockets; may be written by
			    QEMU */
	struct disks disks;	/* placed */
	struct view view;	/* what VM_TAG_VIEW shows */
	const char *out;	/* what VM_TAG_OUT shows, NULL: no such share */
	struct strv own_masked; /* files in dir that even a guest's QEMU must not write */
	const char *hidden;	/* a directory in dir that QEMU does not see; NULL: none */
	bool out_xattr;		/* the file system of out keeps user.* attributes */
	enum vm_network network;
	int host;	 /* the last byte of its address, VM_NET_HOST where it is alone */
	const char *vde; /* VM_NET_VDE: the switch's directory */
	struct vm_forward forwards[VM_FORWARDS_MAX];
	size_t nforwards;
	bool vmcoreinfo; /* its kernel can leave there what readers of a dump need */
	struct strv qemu_prepend, qemu_append;
	int nice;
	bool kgdb;   /* a second serial port, on the socket VM_KGDB */
	bool paused; /* it is not let go: a debugger will */
};

/* Whether the disk is plugged in only when the guest has been restored, since one that has it
 * cannot be saved. */
bool vm_disk_is_late(const struct vm_config *c, const struct disk *d);

/* The guest's hvc0, in config->dir: a file that QEMU writes, see vm/tail.h, and a pipe it reads. */
#define VM_CONSOLE    "console"
#define VM_CONSOLE_IN "console-in"

/* Sockets in config->dir that QEMU makes for debuggers: its stub, once asked for, and ttyS1. */
#define VM_GDB	"gdb"
#define VM_KGDB "kgdb"

/* The descriptors that QEMU inherits; -1: not used (the device is left out). */
struct vm_fds {
	int qmp;      /* connected */
	int user_qmp; /* listening, for `ktest mon` */
	int agent;    /* connected: the frames */
	int serial;   /* connected: ttyS0, early messages */
	int state;    /* config->state, to be read */
};

/*
 * QEMU's arguments, argv[0] included. view_dir and binds are as sandbox_view() gave them. Paths are
 * the same inside the sandbox as outside.
 */
int vm_args(const struct vm_config *c, const struct vm_fds *fds, const char *view_dir,
	    const struct strv *binds, struct strv *argv, struct err *err);

#endif
