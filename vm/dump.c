// SPDX-License-Identifier: GPL-2.0-only
#include "vm/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vm/parts.h"

#define PIPE_NAME "dump"
#define CHUNK	  (1 << 20) /* as much as a pipe of an ordinary user holds */

struct dump {
	struct vm *vm;
	struct vm_dump_handler handler;
	char *path;
	int fd; /* of the pipe; -1: QEMU has closed it */
	struct loop_source *source;
	char *chunk;
	bool completed; /* QEMU says that all is written */
};

void vm_dump_cancel(struct vm *vm)
{
	struct dump *d = vm->dump;

	if (!d)
		return;
	vm->dump = NULL;
	loop_remove(d->source);
	if (d->fd >= 0)
		close(d->fd);
	if (d->path)
		unlink(d->path);
	free(d->path);
	free(d->chunk);
	free(d);
}

static void finish(struct vm *vm, const char *error)
{
	struct vm_dump_handler h = vm->dump->handler;

	vm_dump_cancel(vm);
	h.done(h.arg, error);
}

static void closed(struct dump *d)
{
	loop_remove(d->source);
	d->source = NULL;
	close(d->fd);
	d->fd = -1;
	if (d->completed)
		finish(d->vm, NULL);
}

static void ready(void *arg, int fd, uint32_t events)
{
	struct dump *d = arg;
	ssize_t n = read(fd, d->chunk, CHUNK);

	(void)events;
	if (n > 0 && !d->handler.data(d->handler.arg, d->chunk, (size_t)n))
		finish(d->vm, "given up");
	else if (n == 0)
		closed(d);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		finish(d->vm, strerror(errno));
}

/* The event comes before QEMU closes the pipe, or after. */
void vm_dump_completed(struct vm *vm, const json_t *data)
{
	const json_t *result = json_object_get(data, "result");
	const char *status = json_string_value(json_object_get(result, "status"));
	const char *error = json_string_value(json_object_get(data, "error"));

	if (!vm->dump)
		return;
	if (!str_eq(status, "completed")) {
		finish(vm, error ? error : "QEMU could not write it");
		return;
	}
	vm->dump->completed = true;
	if (vm->dump->fd < 0)
		finish(vm, NULL);
}

void vm_dump_lost(struct vm *vm, const char *why)
{
	if (vm->dump)
		finish(vm, why);
}

static void answered(void *arg, const json_t *result, const char *error)
{
	struct vm *vm = arg;

	if (!result)
		vm_dump_lost(vm, error);
}

static int open_pipe(struct dump *d)
{
	d->path = xasprintf("%s/" PIPE_NAME, d->vm->config->dir);
	unlink(d->path);
	if (mkfifo(d->path, 0600) < 0)
		return -errno;
	d->fd = open(d->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (d->fd < 0)
		return -errno;
	/* Only for speed, and a limit of the user's may forbid it. */
	(void)fcntl(d->fd, F_SETPIPE_SZ, CHUNK);
	d->source = loop_io(d->vm->loop, d->fd, EPOLLIN, ready, d);
	return 0;
}

/*
 * Detached, QEMU goes on answering. What compresses takes memory as it lies; for gdb QEMU walks the
 * page tables of the processors, so that the file has the kernel's addresses.
 */
static json_t *arguments(const struct dump *d, enum vm_dump_format format)
{
	return json_pack("{s:b, s:s+, s:b, s:s}", "paging", format == VM_DUMP_ELF, "protocol",
			 "file:", d->path, "detach", 1, "format",
			 format == VM_DUMP_ELF ? "elf" : "kdump-zlib");
}

void vm_dump(struct vm *vm, enum vm_dump_format format, const struct vm_dump_handler *handler)
{
	struct dump *d = xcalloc(1, sizeof(*d));
	int r;

	*d = (struct dump){.vm = vm, .handler = *handler, .fd = -1, .chunk = xmalloc(CHUNK)};
	vm->dump = d;
	r = open_pipe(d);
	if (r < 0)
		finish(vm, strerror(-r));
	else if (!vm->pid || vm->ending)
		finish(vm, QMP_PEER_GONE);
	else
		qmp_call(vm->qmp, "dump-guest-memory", arguments(d, format), answered, vm);
}
