// SPDX-License-Identifier: GPL-2.0-only
#include "vm/parts.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/proc.h"
#include "vm/dump.h"

#define SERIAL_CHUNK	 4096
#define QUIT_NS		 (2 * NSEC_PER_SEC) /* from asking QEMU to end to killing it */
#define EOF_NS		 (2 * NSEC_PER_SEC) /* from its end to giving up on its channels */
#define DRAIN_CHUNKS_MAX 4096

static bool all_drained(const struct vm *vm)
{
	return vm->serial < 0 && (!vm->agent || vm->agent_closed);
}

static void check_ended(struct vm *vm);

void vm_on_console(void *arg, const char *data, size_t len)
{
	struct vm *vm = arg;

	vm->handler.console(vm->handler.arg, data, len);
}

static void serial_close(struct vm *vm)
{
	loop_remove(vm->serial_source);
	vm->serial_source = NULL;
	if (vm->serial >= 0)
		close(vm->serial);
	vm->serial = -1;
}

/* One read; whether there may be more. */
static bool serial_read(struct vm *vm)
{
	char chunk[SERIAL_CHUNK];
	ssize_t n;

	if (vm->serial < 0)
		return false;
	n = read(vm->serial, chunk, sizeof(chunk));
	if (n > 0) {
		vm->handler.console(vm->handler.arg, chunk, (size_t)n);
		return true;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		serial_close(vm);
	return false;
}

void vm_on_serial(void *arg, int fd, uint32_t events)
{
	(void)fd;
	(void)events;
	serial_read(arg);
	check_ended(arg);
}

void vm_drain(struct vm *vm)
{
	for (int i = 0; i < DRAIN_CHUNKS_MAX && serial_read(vm); i++)
		;
	if (vm->console)
		tail_drain(vm->console);
}

uint64_t vm_turn(const struct vm *vm)
{
	return vm->agent ? agent_turn(vm->agent) : 0;
}

/* What a stopped guest has said is in our sockets: take it before acting on the stop. */
static void drain(struct vm *vm)
{
	vm_drain(vm);
	if (vm->agent)
		agent_drain(vm->agent);
}

/* ---- events of the peer */

void vm_raise(struct vm *vm, enum vm_event event, const char *detail)
{
	vm->handler.event(vm->handler.arg, event, detail);
}

static void on_shutdown(struct vm *vm, const json_t *data)
{
	const char *reason = json_string_value(json_object_get(data, "reason"));

	drain(vm);
	if (str_eq(reason, "guest-reset"))
		vm_raise(vm, VM_RESET, NULL);
	else if (str_eq(reason, "guest-shutdown"))
		vm_raise(vm, VM_POWEROFF, NULL);
}

/* QEMU stops a guest for purposes of its own, too (qapi/run-state.json, RunState). */
static void got_status(void *arg, const json_t *result, const char *error)
{
	const char *status = json_string_value(json_object_get(result, "status"));
	struct vm *vm = arg;

	(void)error;
	vm->stopped = str_eq(status, "paused") || str_eq(status, "debug");
}

void vm_on_qmp_event(void *arg, const char *name, const json_t *data)
{
	struct vm *vm = arg;
	const char *device;

	if (vm->ending)
		return;
	if (!strcmp(name, "SHUTDOWN")) {
		on_shutdown(vm, data);
	} else if (!strcmp(name, "RESET")) {
		/* Stopped since it asked for this; a guest that runs does not mind. */
		qmp_call(vm->qmp, "cont", NULL, NULL, NULL);
	} else if (!strcmp(name, "STOP")) {
		qmp_call(vm->qmp, "query-status", NULL, got_status, vm);
	} else if (!strcmp(name, "RESUME")) {
		vm->stopped = false;
	} else if (!strcmp(name, "GUEST_PANICKED")) {
		drain(vm);
		vm_raise(vm, VM_PANICKED, NULL);
	} else if (!strcmp(name, "DUMP_COMPLETED")) {
		vm_dump_completed(vm, data);
	} else if (!strcmp(name, "MIGRATION")) {
		vm_on_migration(vm, data);
	} else if (!strcmp(name, "DEVICE_DELETED")) {
		device = json_string_value(json_object_get(data, "device"));
		if (vm->unplug.done && str_eq(device, vm->unplug.disk->id))
			vm_unplugged(vm, NULL);
	}
}

void vm_on_qmp_closed(void *arg, const char *why)
{
	struct vm *vm = arg;
	char detail[256];

	vm_unplugged(vm, why);
	vm_dump_lost(vm, why);
	vm_save_lost(vm, why);
	/* A QEMU that ends closes it too: its end will say how. */
	if (vm->ending || !strcmp(why, QMP_PEER_GONE))
		return;
	snprintf(detail, sizeof(detail), "QMP: %s", why);
	vm_raise(vm, VM_BROKEN, detail);
}

void vm_on_frame(void *arg, const struct frame *f)
{
	struct vm *vm = arg;

	vm->handler.frame(vm->handler.arg, f);
}

void vm_on_agent_closed(void *arg, const char *why)
{
	struct vm *vm = arg;

	vm->agent_closed = true;
	if (vm->pid && !vm->ending && !str_starts(why, "the channel"))
		vm_raise(vm, VM_BROKEN, why);
	check_ended(vm);
}

/* ---- its end */

static void read_complaint(struct vm *vm, const char *status)
{
	_cleanup_free_ char *path = xasprintf("%s/qemu.log", vm->config->dir);
	_cleanup_free_ char *text = NULL;
	size_t len = 0;

	snprintf(vm->how, sizeof(vm->how), "%s", status);
	if (file_read(path, 1 << 20, &text, &len, NULL) < 0 || !len)
		return;
	text[strcspn(text, "\n")] = '\0';
	snprintf(vm->how, sizeof(vm->how), "%s: %.400s", status, text);
}

static void raise_ended(void *arg)
{
	struct vm *vm = arg;

	vm_raise(vm, VM_ENDED, vm->how);
}

/* From the loop, since it is answered by vm_free() and some of our channels may be at work here. */
static void check_ended(struct vm *vm)
{
	if (vm->pid || vm->ended || !all_drained(vm))
		return;
	vm->ended = true;
	loop_remove(vm->timer);
	vm->timer = loop_timer(vm->loop, loop_now_ns(), raise_ended, vm);
}

static void eof_timeout(void *arg)
{
	struct vm *vm = arg;

	serial_close(vm);
	vm->agent_closed = true;
	check_ended(vm);
}

/* bwrap has ended: the channels' ends tell when all in its pid namespace has. */
void vm_on_child(void *arg, pid_t pid, int status)
{
	struct vm *vm = arg;
	char word[64];

	(void)pid;
	vm->pid = 0;
	vm->child = NULL;
	read_complaint(vm, proc_status_str(status, word, sizeof(word)));
	loop_remove(vm->timer);
	vm->timer = loop_timer(vm->loop, loop_now_ns() + EOF_NS, eof_timeout, vm);
	drain(vm);
	vm_dump_lost(vm, QMP_PEER_GONE);
	vm_save_lost(vm, QMP_PEER_GONE);
	check_ended(vm);
}

static void kill_now(struct vm *vm)
{
	if (!vm->pid)
		return;
	/* The keeper needs to live to kill the others. */
	kill(vm->pid, SIGTERM);
}

static void quit_timeout(void *arg)
{
	struct vm *vm = arg;

	kill_now(vm);
}

void vm_end(struct vm *vm, bool kill_it)
{
	if (vm->ended)
		return;
	vm->ending = true;
	if (!vm->pid)
		return;
	if (kill_it) {
		kill_now(vm);
		return;
	}
	qmp_call(vm->qmp, "quit", NULL, NULL, NULL);
	loop_remove(vm->timer);
	vm->timer = loop_timer(vm->loop, loop_now_ns() + QUIT_NS, quit_timeout, vm);
}

void vm_free(struct vm *vm)
{
	if (!vm)
		return;
	vm->ending = true;
	loop_remove(vm->timer);
	loop_remove(vm->unplug.timer);
	vm_dump_cancel(vm);
	vm_save_cancel(vm);
	if (vm->pid) {
		loop_remove(vm->child);
		kill_now(vm);
		waitpid(vm->pid, NULL, 0);
	}
	net_end(&vm->net);
	qmp_free(vm->qmp);
	agent_free(vm->agent);
	tail_free(vm->console);
	if (vm->console_in >= 0)
		close(vm->console_in);
	if (vm->state >= 0)
		close(vm->state);
	serial_close(vm);
	strv_done(&vm->binds);
	free(vm);
}
