// SPDX-License-Identifier: GPL-2.0-only
/*
 * Migration as QEMU 7.2 has it where the memory is a file of its own: to a socket, from a
 * descriptor, told of by events. What the guest wrote is what the one that goes on as it must find.
 */
#include "t/cli/fake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MIB	   (1 << 20)
#define STATE_SIZE 100000
#define STATE_BIG  (80 << 20)
#define STATE_KMSG 64 /* where the number of the next record stands in it */

static const char mem_mark[] = "the memory of a fake guest", state_begin[] = "the state of one",
		  state_end[] = "and that is all";

static bool saving(const struct fake *f, const char *how)
{
	return script_setting(&f->script, "saving", how);
}

static bool restoring(const struct fake *f, const char *how)
{
	const char *only = script_setting_get(&f->script, "only");

	return script_setting(&f->script, "restoring", how) &&
	       (!only || (f->name && !strcmp(f->name, only)));
}

/* ---- memory */

void mem_open(struct fake *f, const char *object)
{
	json_t *o = json_loads(object, 0, NULL);
	const char *id = json_string_value(json_object_get(o, "id"));

	if (id && !strcmp(id, "mem")) {
		f->mem = strdup(json_string_value(json_object_get(o, "mem-path")));
		f->mem_shared = json_is_true(json_object_get(o, "share"));
	}
	json_decref(o);
}

static char *mem_map(const struct fake *f, size_t len)
{
	int fd = open(f->mem, O_RDWR | O_CLOEXEC);
	struct stat st;
	char *p;

	if (fd < 0 || fstat(fd, &st) < 0 || (size_t)st.st_size < len) {
		fprintf(stderr, "qemu-system-x86_64: %s: no such memory\n", f->mem);
		exit(1);
	}
	p = mmap(NULL, len, PROT_READ | PROT_WRITE, f->mem_shared ? MAP_SHARED : MAP_PRIVATE, fd,
		 0);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

void mem_boot(struct fake *f)
{
	const char *size = script_setting_get(&f->script, "memory");
	size_t len = (size_t)(size ? atoi(size) : 1) * MIB;
	char *p = f->mem ? mem_map(f, len) : NULL;

	if (!p)
		return;
	if (!f->restored)
		memset(p, 'x', len);
	memcpy(p, mem_mark, sizeof(mem_mark));
	munmap(p, len);
}

/* ---- the commands */

json_t *cmd_capabilities_of_migration(struct fake *f, const json_t *args)
{
	const json_t *c, *list = json_object_get(args, "capabilities");
	size_t i;

	json_array_foreach (list, i, c) {
		const char *name = json_string_value(json_object_get(c, "capability"));
		bool on = json_is_true(json_object_get(c, "state"));

		if (name && !strcmp(name, "x-ignore-shared"))
			f->ignores_shared = on;
		else if (name && !strcmp(name, "events"))
			f->events = on;
		else
			return NULL;
	}
	return json_object();
}

static void tell(struct fake *f, const char *status)
{
	if (f->events)
		qmp_event(f, "MIGRATION", json_pack("{ss}", "status", status));
}

static int connect_to(const char *uri)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strncmp(uri, "unix:", 5) != 0 || strlen(uri + 5) >= sizeof(a.sun_path))
		return -1;
	strcpy(a.sun_path, uri + 5);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

static bool write_all(int fd, const char *data, size_t len)
{
	for (ssize_t n; len; data += n, len -= (size_t)n) {
		n = write(fd, data, len);
		if (n <= 0)
			return false;
	}
	return true;
}

static bool write_state(const struct fake *f, int fd, size_t size)
{
	char *state = calloc(1, size);
	bool ok;

	memcpy(state, state_begin, sizeof(state_begin));
	memcpy(state + STATE_KMSG, &f->kmsg_seq, sizeof(f->kmsg_seq));
	memcpy(state + size - sizeof(state_end), state_end, sizeof(state_end));
	ok = write_all(fd, state, size);
	free(state);
	return ok;
}

/* Slower than what reads the stream. */
static void pause_a_little(void)
{
	usleep(200000);
}

/* The guest must have been stopped, and its memory be where another one finds it. */
json_t *cmd_migrate(struct fake *f, const json_t *args)
{
	const char *uri = json_string_value(json_object_get(args, "uri"));
	int fd = uri && f->stopped && f->ignores_shared && f->mem_shared ? connect_to(uri) : -1;
	bool ok;

	if (fd < 0)
		return NULL;
	tell(f, "setup");
	tell(f, "active");
	ok = write_state(f, fd,
			 saving(f, "big")    ? STATE_BIG
			 : saving(f, "torn") ? 1000
					     : STATE_SIZE);
	if (saving(f, "dies"))
		_exit(1);
	if (saving(f, "late")) {
		close(fd);
		pause_a_little();
	}
	if (!saving(f, "silent"))
		tell(f, ok && !saving(f, "fails") && !saving(f, "torn") ? "completed" : "failed");
	if (!saving(f, "late"))
		close(fd);
	return json_object();
}

static bool read_state(struct fake *f, int fd)
{
	char state[STATE_SIZE + 1];
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(state) && (n = read(fd, state + len, sizeof(state) - len)) > 0)
		len += (size_t)n;
	memcpy(&f->kmsg_seq, state + STATE_KMSG, sizeof(f->kmsg_seq));
	return len == STATE_SIZE && !memcmp(state, state_begin, sizeof(state_begin)) &&
	       !memcmp(state + len - sizeof(state_end), state_end, sizeof(state_end));
}

static bool read_mem(const struct fake *f)
{
	char *p = f->mem && !f->mem_shared ? mem_map(f, MIB) : NULL;
	bool ok = p && !memcmp(p, mem_mark, sizeof(mem_mark)) && p[MIB - 1] == 'x';

	if (p)
		munmap(p, MIB);
	return ok;
}

/* As a guest that has said hello, and waits for what it is told. */
static void go_on(struct fake *f)
{
	f->restored = f->said_hello = f->quiet = true;
	f->seq = 7;
	f->next_beat_ms = now_ms() + 1000;
	guest_enter(f, "restored");
}

json_t *cmd_migrate_incoming(struct fake *f, const json_t *args)
{
	const char *uri = json_string_value(json_object_get(args, "uri"));
	bool ok;

	if (!f->incoming || !f->ignores_shared || !uri || strncmp(uri, "fd:", 3) != 0)
		return NULL;
	tell(f, "setup");
	tell(f, "active");
	ok = read_state(f, atoi(uri + 3)) && read_mem(f) && !restoring(f, "fails");
	if (restoring(f, "dies"))
		_exit(1);
	if (restoring(f, "silent"))
		return json_object();
	tell(f, ok ? "completed" : "failed");
	f->incoming = !ok;
	if (ok)
		go_on(f);
	return json_object();
}
