// SPDX-License-Identifier: GPL-2.0-only
#include "vm/qmp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

/* The longest answer that is asked for, the registers of many processors, takes 100 KiB. */
#define LINE_MAX_BYTES (1 << 20)
#define OUTPUT_MAX     (4 << 20)

enum qmp_state { QMP_GREETING, QMP_NEGOTIATING, QMP_READY, QMP_CLOSED };

struct pending {
	struct pending *next;
	json_int_t id;
	qmp_reply_fn *fn;
	void *arg;
};

struct qmp {
	struct loop *loop;
	struct loop_source *source;
	int fd;
	enum qmp_state state;
	struct qmp_handler handler;
	struct strbuf in;
	struct strbuf out;    /* not yet written */
	struct strbuf queued; /* commands that wait for the negotiation */
	struct pending *pending;
	json_int_t next_id;
	int version;
};

static void closed(struct qmp *q, const char *why)
{
	struct pending *p;

	if (q->state == QMP_CLOSED)
		return;
	q->state = QMP_CLOSED;
	loop_remove(q->source);
	q->source = NULL;
	while ((p = q->pending)) {
		q->pending = p->next;
		if (p->fn)
			p->fn(p->arg, NULL, why);
		free(p);
	}
	q->handler.closed(q->handler.arg, why);
}

static void flush(struct qmp *q)
{
	ssize_t n;

	while (q->out.len && q->state != QMP_CLOSED) {
		n = write(q->fd, q->out.s, q->out.len);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0) {
			/* Its last words are still to be read; their end closes this. */
			strbuf_reset(&q->out);
			break;
		}
		q->out.len -= (size_t)n;
		memmove(q->out.s, q->out.s + n, q->out.len);
	}
	if (q->source)
		loop_io_events(q->source, EPOLLIN | (q->out.len ? EPOLLOUT : 0));
}

static void take_reply(struct qmp *q, const json_t *msg)
{
	json_int_t id = json_integer_value(json_object_get(msg, "id"));
	const json_t *error = json_object_get(msg, "error");
	const json_t *result = json_object_get(msg, "return");
	const char *desc = json_string_value(json_object_get(error, "desc"));
	struct pending *p;

	for (struct pending **pp = &q->pending; (p = *pp); pp = &p->next) {
		if (p->id != id)
			continue;
		*pp = p->next;
		if (p->fn && (error || !result))
			p->fn(p->arg, NULL, desc && *desc ? desc : "unknown error");
		else if (p->fn)
			p->fn(p->arg, result, NULL);
		free(p);
		return;
	}
}

static void negotiated(void *arg, const json_t *result, const char *error)
{
	struct qmp *q = arg;

	if (!result) {
		if (q->state != QMP_CLOSED)
			closed(q, error);
		return;
	}
	q->state = QMP_READY;
	strbuf_add(&q->out, q->queued.s, q->queued.len);
	strbuf_reset(&q->queued);
	flush(q);
}

static void send_command(struct qmp *q, struct strbuf *to, const char *command, json_t *arguments,
			 qmp_reply_fn *fn, void *arg)
{
	struct pending *p = xcalloc(1, sizeof(*p));
	json_t *msg = json_pack("{s:s, s:I}", "execute", command, "id", ++q->next_id);
	char *text;

	if (arguments)
		json_object_set_new(msg, "arguments", arguments);
	text = json_dumps(msg, JSON_COMPACT);
	strbuf_puts(to, text);
	strbuf_putc(to, '\n');
	free(text);
	json_decref(msg);
	*p = (struct pending){q->pending, q->next_id, fn, arg};
	q->pending = p;
}

static int greeted_version(const json_t *greeting)
{
	const json_t *v = json_object_get(json_object_get(greeting, "version"), "qemu");
	json_int_t major = json_integer_value(json_object_get(v, "major"));
	json_int_t minor = json_integer_value(json_object_get(v, "minor"));

	return major < 0 || major > 1000 || minor < 0 || minor > 99 ? 0
								    : (int)(major * 100 + minor);
}

int qmp_version(const struct qmp *q)
{
	return q->version;
}

static void take_message(struct qmp *q, const json_t *msg)
{
	const char *event = json_string_value(json_object_get(msg, "event"));

	if (q->state == QMP_GREETING) {
		if (!json_object_get(msg, "QMP")) {
			closed(q, "QEMU did not greet");
			return;
		}
		q->version = greeted_version(json_object_get(msg, "QMP"));
		q->state = QMP_NEGOTIATING;
		send_command(q, &q->out, "qmp_capabilities", NULL, negotiated, q);
		flush(q);
	} else if (event) {
		q->handler.event(q->handler.arg, event, json_object_get(msg, "data"));
	} else if (json_object_get(msg, "id")) {
		take_reply(q, msg);
	}
}

static void take_line(struct qmp *q, const char *line, size_t len)
{
	json_t *msg;

	while (len && (line[len - 1] == '\r' || line[len - 1] == ' '))
		len--;
	if (!len)
		return;
	msg = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(msg))
		take_message(q, msg);
	else
		closed(q, "QEMU said what is no QMP");
	json_decref(msg);
}

void qmp_feed(struct qmp *q, const char *data, size_t len)
{
	const char *nl;
	size_t used = 0;

	strbuf_add(&q->in, data, len);
	while (q->state != QMP_CLOSED && (nl = memchr(q->in.s + used, '\n', q->in.len - used))) {
		size_t n = (size_t)(nl - (q->in.s + used));

		take_line(q, q->in.s + used, n);
		used += n + 1;
	}
	q->in.len -= used;
	memmove(q->in.s, q->in.s + used, q->in.len);
	if (q->in.len > LINE_MAX_BYTES)
		closed(q, "QEMU sent an endless line");
}

static void ready(void *arg, int fd, uint32_t events)
{
	struct qmp *q = arg;
	char chunk[16384];
	ssize_t n;

	if (events & EPOLLOUT)
		flush(q);
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)) || q->state == QMP_CLOSED)
		return;
	n = read(fd, chunk, sizeof(chunk));
	if (n > 0)
		qmp_feed(q, chunk, (size_t)n);
	else if (n == 0 || errno == ECONNRESET)
		closed(q, QMP_PEER_GONE);
	else if (errno != EAGAIN && errno != EINTR)
		closed(q, strerror(errno));
}

struct qmp *qmp_new(struct loop *loop, int fd, const struct qmp_handler *handler)
{
	struct qmp *q = xcalloc(1, sizeof(*q));

	q->loop = loop;
	q->fd = fd;
	q->handler = *handler;
	q->source = loop_io(loop, fd, EPOLLIN, ready, q);
	return q;
}

void qmp_free(struct qmp *q)
{
	struct pending *p;

	if (!q)
		return;
	loop_remove(q->source);
	while ((p = q->pending)) {
		q->pending = p->next;
		free(p);
	}
	close(q->fd);
	strbuf_done(&q->in);
	strbuf_done(&q->out);
	strbuf_done(&q->queued);
	free(q);
}

void qmp_call(struct qmp *q, const char *command, json_t *arguments, qmp_reply_fn *fn, void *arg)
{
	if (q->state == QMP_CLOSED || q->out.len > OUTPUT_MAX) {
		json_decref(arguments);
		if (fn)
			fn(arg, NULL, "QEMU does not answer");
		return;
	}
	if (q->state != QMP_READY) {
		send_command(q, &q->queued, command, arguments, fn, arg);
		return;
	}
	send_command(q, &q->out, command, arguments, fn, arg);
	flush(q);
}
