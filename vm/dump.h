/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's memory, written by QEMU into a pipe in the VM's directory and handed on as it comes.
 * QEMU stops the guest for it. Source: dump-guest-memory in QEMU's qapi/dump.json.
 */
#ifndef VM_DUMP_H
#define VM_DUMP_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "vm/vm.h"

enum vm_dump_format {
	VM_DUMP_KDUMP, /* compressed page by page, in makedumpfile's flattened form: for crash */
	VM_DUMP_ELF,   /* what gdb reads, too: memory as it is, at its kernel's addresses */
};

struct vm_dump_handler {
	/* The next bytes; false: no more of it. */
	bool (*data)(void *arg, const char *data, size_t len);
	/* It ended, once: error is NULL when all of it was handed on. */
	void (*done)(void *arg, const char *error);
	void *arg;
};

/* One at a time; done may be called before this returns. */
void vm_dump(struct vm *vm, enum vm_dump_format format, const struct vm_dump_handler *handler);
/* Give it up; done is not called. */
void vm_dump_cancel(struct vm *vm);

/* ---- for vm.c: QEMU's event, and its end */
void vm_dump_completed(struct vm *vm, const json_t *data);
void vm_dump_lost(struct vm *vm, const char *why);

#endif
