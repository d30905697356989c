/* SPDX-License-Identifier: GPL-2.0-only */
/* What vm.c (its life and end), start.c and ask.c (what can be done to it) share; for no one else.
 */
#ifndef VM_PARTS_H
#define VM_PARTS_H

#include "vm/agent.h"
#include "vm/net.h"
#include "vm/qmp.h"
#include "vm/tail.h"
#include "vm/vm.h"

struct unplug {
	struct disk *disk;
	vm_done_fn *done;
	void *arg;
	struct loop_source *timer;
};

struct hold {
	vm_held_fn *done;
	void *arg;
	bool held; /* it ran, and was told to stop */
};

struct vm {
	struct loop *loop;
	const struct vm_config *config;
	struct vm_handler handler;
	enum sandbox_kind sandbox;
	pid_t pid; /* 0: reaped */
	struct net net;
	struct loop_source *child;
	struct qmp *qmp;
	struct agent *agent;
	bool agent_closed;
	struct tail *console; /* the guest's hvc0 */
	int console_in;	      /* what is typed on it */
	int serial;	      /* its ttyS0, for what comes before hvc0; -1: ended */
	int state;	      /* of the guest that it goes on as; -1: none */
	struct loop_source *serial_source;
	struct strv binds;
	struct loop_source *timer; /* the next step of ending it */
	struct unplug unplug;	   /* one at a time; done is NULL when there is none */
	struct dump *dump;	   /* of its memory, as it is written; NULL: none */
	struct save *save;	   /* as it is saved; NULL: it is not */
	bool ending, ended;
	bool stopped; /* by its user or a debugger */
	struct hold hold;
	bool resetting; /* from vm_reset() to vm_booted() */
	char how[512];
};

/* vm.c */
void vm_raise(struct vm *vm, enum vm_event event, const char *detail);
void vm_on_console(void *arg, const char *data, size_t len);
void vm_on_serial(void *arg, int fd, uint32_t events);
void vm_on_qmp_event(void *arg, const char *name, const json_t *data);
void vm_on_qmp_closed(void *arg, const char *why);
void vm_on_frame(void *arg, const struct frame *f);
void vm_on_agent_closed(void *arg, const char *why);
void vm_on_child(void *arg, pid_t pid, int status);

/* save.c: go on as the guest that was saved; what QEMU tells of saving and restoring */
void vm_restore(struct vm *vm);
void vm_on_migration(struct vm *vm, const json_t *data);
void vm_save_lost(struct vm *vm, const char *why);
void vm_save_cancel(struct vm *vm);

/* ask.c: the disk that is being unplugged is gone, or error says why not */
void vm_unplugged(struct vm *vm, const char *error);

#endif
