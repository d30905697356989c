// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that is saved, and one that goes on as it. Memory that is a file is left out of QEMU's
 * migration stream by the capability x-ignore-shared, so the stream is small and both take
 * milliseconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "vm/ends.h"
#include "vm/parts.h"

/* In config->dir: a seccomp sandbox without spawning has no "exec:". */
#define STATE_SOCKET "state"

#define STATE_MAX (64 << 20)
#define CHUNK	  65536

struct save {
	struct vm *vm;
	vm_done_fn *done;
	void *arg;
	char *socket, *path;
	int listener, stream, file; /* -1: not open */
	struct loop_source *source;
	uint64_t bytes;
	bool completed; /* QEMU says that all is written */
};

static json_t *capabilities(void)
{
	return json_pack("{s:[{s:s, s:b}, {s:s, s:b}]}", "capabilities", "capability",
			 "x-ignore-shared", "state", 1, "capability", "events", "state", 1);
}

/* ---- restoring */

static void restore_failed(struct vm *vm, const char *why)
{
	if (!vm->ending && vm->pid && strcmp(why, QMP_PEER_GONE) != 0)
		vm_raise(vm, VM_BROKEN, why);
}

static void restore_answered(void *arg, const json_t *result, const char *error)
{
	if (!result)
		restore_failed(arg, error);
}

static void restore_continued(void *arg, const json_t *result, const char *error)
{
	struct vm *vm = arg;

	if (!result)
		restore_failed(vm, error);
	else if (!vm->ending)
		vm_raise(vm, VM_RESTORED, NULL);
}

void vm_restore(struct vm *vm)
{
	qmp_call(vm->qmp, "migrate-set-capabilities", capabilities(), restore_answered, vm);
	qmp_call(vm->qmp, "migrate-incoming",
		 json_pack("{s:o}", "uri", json_sprintf("fd:%d", vm->state)), restore_answered, vm);
}

/* The answers come in order: the last one tells of the end of all. */
static void go_on(struct vm *vm)
{
	const struct disks *disks = &vm->config->disks;

	for (size_t i = 0; i < disks->n; i++)
		if (vm_disk_is_late(vm->config, &disks->v[i]))
			qmp_call(vm->qmp, "device_add", json_deep_copy(disks->v[i].device),
				 restore_answered, vm);
	qmp_call(vm->qmp, "cont", NULL, restore_continued, vm);
}

static void restored(struct vm *vm, const char *status)
{
	if (str_eq(status, "completed"))
		go_on(vm);
	else if (str_eq(status, "failed"))
		restore_failed(vm, "the saved guest cannot be restored");
}

/* ---- saving */

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void vm_save_cancel(struct vm *vm)
{
	struct save *s = vm->save;

	if (!s)
		return;
	vm->save = NULL;
	loop_remove(s->source);
	shut(&s->listener);
	shut(&s->stream);
	shut(&s->file);
	unlink(s->socket);
	free(s->socket);
	free(s->path);
	free(s);
}

static void finish(struct vm *vm, const char *error)
{
	struct save s = *vm->save;

	if (error)
		unlink(s.path);
	vm_save_cancel(vm);
	s.done(s.arg, error);
}

void vm_save_lost(struct vm *vm, const char *why)
{
	if (vm->save)
		finish(vm, why);
}

static void stream_ended(struct save *s)
{
	loop_remove(s->source);
	s->source = NULL;
	shut(&s->stream);
	if (s->completed)
		finish(s->vm, NULL);
}

static void stream_ready(void *arg, int fd, uint32_t events)
{
	char chunk[CHUNK];
	struct save *s = arg;
	ssize_t n = read(fd, chunk, sizeof(chunk));
	int r;

	(void)events;
	if (n == 0) {
		stream_ended(s);
		return;
	}
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			finish(s->vm, strerror(errno));
		return;
	}
	s->bytes += (uint64_t)n;
	r = s->bytes > STATE_MAX ? -EFBIG : fd_write_all(s->file, chunk, (size_t)n);
	if (r < 0)
		finish(s->vm, strerror(-r));
}

static void listener_ready(void *arg, int fd, uint32_t events)
{
	struct save *s = arg;

	(void)events;
	s->stream = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (s->stream < 0)
		return;
	loop_remove(s->source);
	shut(&s->listener);
	s->source = loop_io(s->vm->loop, s->stream, EPOLLIN, stream_ready, s);
}

/* The event comes before the stream's end is read, or after. */
static void saved(struct vm *vm, const char *status)
{
	if (str_eq(status, "failed") || str_eq(status, "cancelled")) {
		finish(vm, "QEMU cannot save this guest");
	} else if (str_eq(status, "completed")) {
		vm->save->completed = true;
		if (vm->save->bytes && vm->save->stream < 0)
			finish(vm, NULL);
	}
}

void vm_on_migration(struct vm *vm, const json_t *data)
{
	const char *status = json_string_value(json_object_get(data, "status"));

	if (vm->save)
		saved(vm, status);
	else if (vm->config->state)
		restored(vm, status);
}

static void save_answered(void *arg, const json_t *result, const char *error)
{
	struct vm *vm = arg;

	if (!result)
		vm_save_lost(vm, error);
}

static int open_files(struct save *s)
{
	struct err err = {0};

	s->listener = ends_listen(s->socket, &err);
	if (s->listener < 0)
		return err.code;
	s->file = open(s->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (s->file < 0)
		return -errno;
	s->source = loop_io(s->vm->loop, s->listener, EPOLLIN, listener_ready, s);
	return 0;
}

void vm_save(struct vm *vm, const char *path, vm_done_fn *done, void *arg)
{
	struct save *s = xmalloc(sizeof(*s));
	int r;

	*s = (struct save){.vm = vm, .done = done, .arg = arg};
	s->listener = s->stream = s->file = -1;
	s->socket = xasprintf("%s/" STATE_SOCKET, vm->config->dir);
	s->path = xstrdup(path);
	vm->save = s;
	r = open_files(s);
	if (r < 0 || !vm->pid || vm->ending) {
		finish(vm, r < 0 ? strerror(-r) : QMP_PEER_GONE);
		return;
	}
	qmp_call(vm->qmp, "stop", NULL, save_answered, vm);
	qmp_call(vm->qmp, "migrate-set-capabilities", capabilities(), save_answered, vm);
	qmp_call(vm->qmp, "migrate", json_pack("{s:s+}", "uri", "unix:", s->socket), save_answered,
		 vm);
}
