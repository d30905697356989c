// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as what QEMU says, in pieces, while commands are pending: each is answered exactly
 * once, with a result or an error, and the end is told once.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "vm/qmp.h"

#define INPUT_MAX (256 << 10)
#define CALLS	  8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct call {
	struct client *client;
	int answers;
};

struct client {
	struct qmp *qmp;
	struct call calls[CALLS];
	struct call extra; /* sent from within an answer */
	int extra_sent;
	int closes;
};

static void check(int ok)
{
	if (!ok)
		abort();
}

static void answered(void *arg, const json_t *result, const char *error)
{
	struct call *call = arg;
	struct client *c = call->client;

	check(!result != !error);
	check(++call->answers == 1);
	if (!c->extra_sent) {
		c->extra_sent = 1;
		qmp_call(c->qmp, "query-status", NULL, answered, &c->extra);
	}
}

static void event(void *arg, const char *name, const json_t *data)
{
	(void)arg;
	(void)data;
	check(name != NULL);
}

static void closed(void *arg, const char *why)
{
	struct client *c = arg;

	check(why && *why);
	check(++c->closes == 1);
}

static void discard(int fd)
{
	char buf[65536];

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
}

static void converse(struct client *c, struct loop *loop, int peer, const char *data, size_t size)
{
	/* The first byte says how much is read at a time. */
	size_t chunk = size ? ((unsigned char)data[0] & 0x3f) * 7 + 1 : 1, n;

	for (size_t at = size ? 1 : 0; at < size; at += n) {
		n = size - at < chunk ? size - at : chunk;
		qmp_feed(c->qmp, data + at, n);
		discard(peer);
	}
	close(peer);
	for (int i = 0; i < 4; i++)
		loop_once(loop, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct client c = {0};
	const struct qmp_handler handler = {event, closed, &c};
	struct loop *loop;
	int fd[2];

	if (size > INPUT_MAX)
		return 0;
	check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd) == 0);
	check(loop_new(&loop, NULL) == 0);
	c.qmp = qmp_new(loop, fd[0], &handler);
	c.extra.client = &c;
	for (int i = 0; i < CALLS; i++) {
		c.calls[i].client = &c;
		qmp_call(c.qmp, "x", NULL, answered, &c.calls[i]);
	}
	converse(&c, loop, fd[1], (const char *)data, size);
	check(c.closes == 1);
	for (int i = 0; i < CALLS; i++)
		check(c.calls[i].answers == 1);
	check(c.extra.answers == 1);
	qmp_free(c.qmp);
	loop_free(loop);
	return 0;
}
