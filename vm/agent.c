// SPDX-License-Identifier: GPL-2.0-only
#include "vm/agent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

#define OUTPUT_MAX (4 << 20)
#define READ_CHUNK 65536
#define DRAIN_MAX  256 /* chunks */

struct agent {
	struct loop_source *source;
	int fd;
	bool closed;
	uint32_t seq;
	uint64_t turn;
	struct agent_handler handler;
	struct strbuf in;
	struct strbuf out;
};

static void closed(struct agent *a, const char *why)
{
	if (a->closed)
		return;
	a->closed = true;
	loop_remove(a->source);
	a->source = NULL;
	a->handler.closed(a->handler.arg, why);
}

void agent_feed(struct agent *a, const char *data, size_t len)
{
	size_t used = 0;
	struct frame f;
	long n = 0;

	strbuf_add(&a->in, data, len);
	while (!a->closed && (n = frame_parse(a->in.s + used, a->in.len - used, &f)) > 0) {
		used += (size_t)n;
		a->handler.frame(a->handler.arg, &f);
		/* agent_reset() from the handler: what follows belongs to the guest before. */
		if (used > a->in.len)
			return;
	}
	if (n < 0) {
		closed(a, "the guest's agent sent what is no frame");
		return;
	}
	a->in.len -= used;
	memmove(a->in.s, a->in.s + used, a->in.len);
}

static void flush(struct agent *a)
{
	ssize_t n;

	while (a->out.len) {
		n = write(a->fd, a->out.s, a->out.len);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0) {
			/* Its last frames are still to be read; their end closes this. */
			strbuf_reset(&a->out);
			break;
		}
		a->out.len -= (size_t)n;
		memmove(a->out.s, a->out.s + n, a->out.len);
	}
	if (a->source)
		loop_io_events(a->source, EPOLLIN | (a->out.len ? EPOLLOUT : 0));
}

/* Whether there may be more. */
static bool read_some(struct agent *a)
{
	char chunk[READ_CHUNK];
	ssize_t n = read(a->fd, chunk, sizeof(chunk));

	if (n > 0)
		agent_feed(a, chunk, (size_t)n);
	else if (n == 0 || errno == ECONNRESET)
		closed(a, "the channel to the guest's agent was closed");
	else if (errno != EAGAIN && errno != EINTR)
		closed(a, strerror(errno));
	if (n < (ssize_t)sizeof(chunk))
		a->turn++;
	return n > 0 && !a->closed;
}

static void ready(void *arg, int fd, uint32_t events)
{
	struct agent *a = arg;

	(void)fd;
	if (events & EPOLLOUT)
		flush(a);
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && !a->closed)
		read_some(a);
}

void agent_drain(struct agent *a)
{
	for (int i = 0; i < DRAIN_MAX && !a->closed; i++)
		if (!read_some(a))
			break;
}

uint64_t agent_turn(const struct agent *a)
{
	return a->turn;
}

struct agent *agent_new(struct loop *loop, int fd, const struct agent_handler *handler)
{
	struct agent *a = xcalloc(1, sizeof(*a));

	a->fd = fd;
	a->handler = *handler;
	a->source = loop_io(loop, fd, EPOLLIN, ready, a);
	return a;
}

void agent_free(struct agent *a)
{
	if (!a)
		return;
	loop_remove(a->source);
	close(a->fd);
	strbuf_done(&a->in);
	strbuf_done(&a->out);
	free(a);
}

int agent_send(struct agent *a, struct frame_writer *w, struct err *err)
{
	int r = frame_finish(w, a->seq);

	if (r < 0)
		return err_set(err, r, "a message to the guest is over %d bytes",
			       FRAME_PAYLOAD_MAX);
	if (a->closed)
		return err_set(err, EPIPE, "the channel to the guest's agent is closed");
	if (a->out.len + w->len > OUTPUT_MAX)
		return err_set(err, ENOBUFS, "the guest's agent does not read");
	a->seq++;
	strbuf_add(&a->out, w->buf, w->len);
	flush(a);
	return 0;
}

void agent_reset(struct agent *a)
{
	a->seq = 0;
	strbuf_reset(&a->in);
	strbuf_reset(&a->out);
}
