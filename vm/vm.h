/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One VM: QEMU started in its sandbox, its channels on the loop, and what happens to it as
 * events. Knows nothing of tests.
 */
#ifndef VM_VM_H
#define VM_VM_H

#include <stdbool.h>

#include "base/err.h"
#include "base/loop.h"
#include "proto/frame.h"
#include "vm/config.h"
#include "vm/qmp.h"
#include "vm/sandbox.h"

struct vm;

enum vm_event {
	VM_PANICKED, /* the guest's kernel panicked and said so by pvpanic; it goes on, to its
			restart */
	VM_RESET,    /* the guest asked for a restart; it is stopped, vm_reset() goes on */
	VM_POWEROFF, /* the guest switched itself off; it is stopped */
	VM_RESTORED, /* the saved guest goes on in this one */
	VM_BROKEN,   /* the agent's channel or QMP broke: detail says how */
	VM_ENDED, /* QEMU is gone and every byte it left has been delivered; detail: how it ended */
};

struct vm_handler {
	void (*console)(void *arg, const char *data, size_t len);
	void (*frame)(void *arg, const struct frame *f);
	void (*event)(void *arg, enum vm_event event, const char *detail);
	void *arg;
};

/*
 * Start QEMU. config stays the caller's and must live as long as the VM. keeper is the path of
 * the keeper. When this returns 0, VM_ENDED will come, once, whatever happens.
 */
int vm_start(struct loop *loop, const struct vm_config *config, const char *keeper,
	     const struct vm_handler *handler, struct vm **out, struct err *err);

/* Kills what is left; no event comes any more. NULL allowed. */
void vm_free(struct vm *vm);

int vm_send(struct vm *vm, struct frame_writer *w, struct err *err);

/* Deliver now what the guest has said on its console so far: a frame told that it is there. */
void vm_drain(struct vm *vm);
/* As agent_turn(). */
uint64_t vm_turn(const struct vm *vm);

/* Reset a stopped guest and let it run again; from vm_booted() on, a restart is VM_RESET again. */
void vm_reset(struct vm *vm);
void vm_booted(struct vm *vm);

/* error is NULL when it worked. */
typedef void vm_done_fn(void *arg, const char *error);

/* Take a disk from the guest, or give it back; answered when the guest has let go of it. */
void vm_unplug(struct vm *vm, struct disk *disk, vm_done_fn *done, void *arg);
void vm_plug(struct vm *vm, struct disk *disk, vm_done_fn *done, void *arg);

/* Type on the guest's console. */
void vm_type(struct vm *vm, const char *data, size_t len);
/* Send an NMI to every processor. */
void vm_nmi(struct vm *vm);
/* The processors' registers as QEMU's monitor prints them; text is NULL when it does not answer. */
typedef void vm_text_fn(void *arg, const char *text);
void vm_registers(struct vm *vm, vm_text_fn *fn, void *arg);

/* 702 for QEMU 7.2; 0: it has not said so yet. */
int vm_qemu_version(const struct vm *vm);

/*
 * Let a guest that runs stand still, its clocks included, until vm_release(). done comes when it
 * does, or will not; not once the VM is freed.
 */
typedef void vm_held_fn(void *arg);
void vm_hold(struct vm *vm, vm_held_fn *done, void *arg);
void vm_release(struct vm *vm);
/* Whether its user or a debugger has stopped the guest, or has not let it go yet. */
bool vm_stopped(const struct vm *vm);

/* Whether QEMU still does. */
bool vm_runs(const struct vm *vm);
/* The process that was started for it, whose descendants are the others; 0: none runs. */
pid_t vm_pid(const struct vm *vm);

/* Any QMP command, see qmp_call(): for the user's own. */
void vm_qmp(struct vm *vm, const char *command, json_t *arguments, qmp_reply_fn *fn, void *arg);

/*
 * End it: asked by QMP first, killed after two seconds; with kill, at once. VM_ENDED follows.
 */
void vm_end(struct vm *vm, bool kill);

/*
 * Stop the guest for good and write all but its memory, which config->mem is, to the file at path
 * (new, 0600): config->state of those that are to go on as this one. The answer may come from
 * within. Then nothing but vm_end() is left to be done with it.
 */
void vm_save(struct vm *vm, const char *path, vm_done_fn *done, void *arg);

/* The extra mounts that the keeper's view needs; see sandbox_view(). */
const struct strv *vm_binds(const struct vm *vm);

#endif
