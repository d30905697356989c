// SPDX-License-Identifier: GPL-2.0-only
/* Any frames at the control socket, those of a client and those of the guest's agent: first bytes
 * of each turn say whose. And any text as a guest's list of symbols. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/loop.h"
#include "base/str.h"
#include "proto/bytes.h"
#include "reach/control.h"
#include "run/ksyms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/ktest-fuzz-XXXXXX";

static void check(int ok)
{
	if (!ok)
		abort();
}

/* What goes to the agent is frames whose streams are counted right: none without an id. */
static int send_frame(void *arg, struct frame_writer *w, struct err *err)
{
	struct frame f;

	(void)arg;
	(void)err;
	if (frame_finish(w, 0) < 0)
		return -1;
	check(frame_parse(w->buf, w->len, &f) == (long)w->len);
	check(frame_get_int(&f, "id", 0) > 0);
	return 0;
}

static uint32_t new_id(void *arg)
{
	uint32_t *last = arg;

	return ++*last;
}

static void qmp(void *arg, const char *command, json_t *arguments, qmp_reply_fn *fn, void *fn_arg)
{
	(void)arg;
	(void)command;
	json_decref(arguments);
	fn(fn_arg, NULL, "no");
}

static void type(void *arg, const char *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
}

/* Now and then. */
static bool is_stopped(void *arg)
{
	const uint32_t *last = arg;

	return *last % 8 == 7;
}

static void nothing(void *arg)
{
	(void)arg;
}

static void describe(void *arg, struct frame_writer *w)
{
	(void)arg;
	frame_add(w, "name", "vm1");
}

static void guest_frames(struct control *c, const char *data, size_t size)
{
	_cleanup_free_ char *copy = xmalloc(size + 1);
	size_t pos = 0;
	struct frame f;
	long n;

	memcpy(copy, data, size);
	while (pos < size && (n = frame_parse(copy + pos, size - pos, &f)) > 0) {
		control_frame(c, &f);
		pos += (size_t)n;
	}
}

static void turns(struct loop *loop, struct control *c, int fd, const uint8_t *data, size_t size)
{
	char drop[4096];

	for (size_t pos = 0; pos + 3 <= size;) {
		size_t len = data[pos + 1] | (size_t)data[pos + 2] << 8;
		const char *at = (const char *)data + pos + 3;

		len = len < size - pos - 3 ? len : size - pos - 3;
		if (data[pos] & 1)
			guest_frames(c, at, len);
		else if (send(fd, at, len, MSG_NOSIGNAL) < 0)
			return;
		loop_once(loop, 0);
		while (recv(fd, drop, sizeof(drop), MSG_DONTWAIT) > 0)
			;
		if (data[pos] & 2)
			control_ready(c, (data[pos] & 4) != 0, data[pos] & 8 ? "why" : NULL);
		pos += 3 + len;
	}
}

static void control(const uint8_t *data, size_t size)
{
	uint32_t last = 0;
	const struct control_guest guest = {.dir = dir,
					    .patience_ns = NSEC_PER_SEC,
					    .send = send_frame,
					    .new_id = new_id,
					    .qmp = qmp,
					    .type = type,
					    .stopped = is_stopped,
					    .debugged = nothing,
					    .describe = describe,
					    .kill = nothing,
					    .arg = &last};
	struct control *c;
	struct loop *loop;
	int fd[2];

	check(loop_new(&loop, NULL) == 0);
	check(control_open(loop, &guest, &c, NULL) == 0);
	check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd) == 0);
	control_join(c, fd[0]);
	control_ready(c, true, NULL);
	turns(loop, c, fd[1], data, size);
	control_free(c);
	loop_free(loop);
	close(fd[1]);
}

static void bytes(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *value = xmalloc(2 * size + 1);
	_cleanup_free_ char *back = xmalloc(size + 1);
	size_t n = bytes_escape((const char *)data, size, value);

	value[n] = '\0';
	check(strlen(value) == n);
	check(bytes_unescape(value, back) == (long)size && !memcmp(back, data, size));
}

static void remove_dir(void)
{
	rm_rf(dir, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *socket_path, *symbols;

	if (!socket_path) {
		_cleanup_free_ char *host = NULL;

		check(mkdtemp(dir) != NULL && atexit(remove_dir) == 0);
		host = xasprintf("%s/" CONTROL_HOST_DIR, dir);
		socket_path = xasprintf("%s/" CONTROL_SOCKET, host);
		symbols = xasprintf("%s/symbols", dir);
		check(mkdir_p(host, 0700, NULL) == 0);
	}
	control(data, size);
	unlink(socket_path);
	bytes(data, size);
	ksyms_write((const char *)data, size, "x86_64", symbols, NULL);
	return 0;
}
