// SPDX-License-Identifier: GPL-2.0-only
/* What can be done to a VM that runs. */
#include <stdlib.h>
#include <unistd.h>

#include "vm/parts.h"

#define UNPLUG_NS (60 * NSEC_PER_SEC)

void vm_unplugged(struct vm *vm, const char *error)
{
	struct unplug u = vm->unplug;

	if (!u.done)
		return;
	loop_remove(u.timer);
	vm->unplug = (struct unplug){0};
	u.disk->plugged = error != NULL;
	u.done(u.arg, error);
}

int vm_send(struct vm *vm, struct frame_writer *w, struct err *err)
{
	return agent_send(vm->agent, w, err);
}

static void set_reboot_action(struct vm *vm, const char *action)
{
	qmp_call(vm->qmp, "set-action", json_pack("{s:s}", "reboot", action), NULL, NULL);
}

/*
 * reboot=shutdown would stop the guest at our reset as well, and at the second one that SeaBIOS
 * does after any: it is lifted until the guest is up.
 */
void vm_reset(struct vm *vm)
{
	agent_reset(vm->agent);
	vm->resetting = true;
	set_reboot_action(vm, "reset");
	qmp_call(vm->qmp, "system_reset", NULL, NULL, NULL);
}

void vm_booted(struct vm *vm)
{
	if (vm->resetting)
		set_reboot_action(vm, "shutdown");
	vm->resetting = false;
}

static void unplug_timeout(void *arg)
{
	vm_unplugged(arg, "the guest does not let go of the disk");
}

static void unplug_answered(void *arg, const json_t *result, const char *error)
{
	if (!result)
		vm_unplugged(arg, error);
}

void vm_unplug(struct vm *vm, struct disk *disk, vm_done_fn *done, void *arg)
{
	if (vm->unplug.done) {
		done(arg, "another disk is being unplugged");
		return;
	}
	vm->unplug = (struct unplug){disk, done, arg, NULL};
	vm->unplug.timer = loop_timer(vm->loop, loop_now_ns() + UNPLUG_NS, unplug_timeout, vm);
	qmp_call(vm->qmp, "device_del", json_pack("{s:s}", "id", disk->id), unplug_answered, vm);
}

struct plug {
	struct disk *disk;
	vm_done_fn *done;
	void *arg;
};

static void plug_answered(void *arg, const json_t *result, const char *error)
{
	struct plug p = *(struct plug *)arg;

	free(arg);
	if (result)
		p.disk->plugged = true;
	p.done(p.arg, result ? NULL : error);
}

void vm_plug(struct vm *vm, struct disk *disk, vm_done_fn *done, void *arg)
{
	struct plug *p = xmalloc(sizeof(*p));

	*p = (struct plug){disk, done, arg};
	qmp_call(vm->qmp, "device_add", json_deep_copy(disk->device), plug_answered, p);
}

void vm_type(struct vm *vm, const char *data, size_t len)
{
	/* Keys for a guest that may be dead: what does not fit the pipe is lost. */
	if (write(vm->console_in, data, len) < 0)
		return;
}

void vm_nmi(struct vm *vm)
{
	qmp_call(vm->qmp, "inject-nmi", NULL, NULL, NULL);
}

struct text_call {
	vm_text_fn *fn;
	void *arg;
};

static void text_answered(void *arg, const json_t *result, const char *error)
{
	struct text_call t = *(struct text_call *)arg;

	(void)error;
	free(arg);
	t.fn(t.arg, json_string_value(result));
}

void vm_registers(struct vm *vm, vm_text_fn *fn, void *arg)
{
	struct text_call *t = xmalloc(sizeof(*t));

	*t = (struct text_call){fn, arg};
	qmp_call(vm->qmp, "human-monitor-command",
		 json_pack("{s:s}", "command-line", "info registers -a"), text_answered, t);
}

void vm_qmp(struct vm *vm, const char *command, json_t *arguments, qmp_reply_fn *fn, void *arg)
{
	qmp_call(vm->qmp, command, arguments, fn, arg);
}

int vm_qemu_version(const struct vm *vm)
{
	return qmp_version(vm->qmp);
}

static void hold_stopped(void *arg, const json_t *result, const char *error)
{
	struct vm *vm = arg;

	(void)result;
	(void)error;
	vm->hold.done(vm->hold.arg);
}

/* One that is stopped by a debugger, or for its end, stays so when it is released. */
static void hold_status(void *arg, const json_t *result, const char *error)
{
	struct vm *vm = arg;

	vm->hold.held = str_eq(json_string_value(json_object_get(result, "status")), "running");
	if (vm->hold.held)
		qmp_call(vm->qmp, "stop", NULL, hold_stopped, vm);
	else
		hold_stopped(vm, NULL, error);
}

void vm_hold(struct vm *vm, vm_held_fn *done, void *arg)
{
	vm->hold = (struct hold){.done = done, .arg = arg};
	/* What is being saved stands still already, and must not go on. */
	if (vm->save || vm->ending)
		done(arg);
	else
		qmp_call(vm->qmp, "query-status", NULL, hold_status, vm);
}

static void release_status(void *arg, const json_t *result, const char *error)
{
	struct vm *vm = arg;

	(void)error;
	if (str_eq(json_string_value(json_object_get(result, "status")), "paused"))
		qmp_call(vm->qmp, "cont", NULL, NULL, NULL);
}

void vm_release(struct vm *vm)
{
	if (vm->hold.held && !vm->save)
		qmp_call(vm->qmp, "query-status", NULL, release_status, vm);
	vm->hold.held = false;
}

bool vm_stopped(const struct vm *vm)
{
	return vm->stopped;
}

bool vm_runs(const struct vm *vm)
{
	return vm->pid != 0;
}

pid_t vm_pid(const struct vm *vm)
{
	return vm->pid;
}

const struct strv *vm_binds(const struct vm *vm)
{
	return &vm->binds;
}
