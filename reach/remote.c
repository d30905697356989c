// SPDX-License-Identifier: GPL-2.0-only
#include "reach/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/bytes.h"
#include "reach/control.h"
#include "reach/sockname.h"

#define ANSWER_MS 10000
#define TEXT_MAX  (8 << 20)

int remote_connect(const char *dir, struct err *err)
{
	_cleanup_free_ char *host = xasprintf("%s/" CONTROL_HOST_DIR, dir);
	int fd = socket_connect(host, CONTROL_SOCKET, err);

	return fd < 0 ? err_wrap(err, "the guest cannot be reached") : fd;
}

void remote_answer_done(struct remote_answer *a)
{
	strv_done(&a->fields);
	strbuf_done(&a->text);
}

const char *remote_field(const struct remote_answer *a, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < a->fields.n; i++)
		if (!strncmp(a->fields.v[i], key, len) && a->fields.v[i][len] == '=')
			return a->fields.v[i] + len + 1;
	return "";
}

/* ---- questions */

struct question {
	struct remote_answer *answer;
	bool done;
	int status;
	char why[1200];
};

static void got_text(struct question *q, const struct frame *f)
{
	const char *data = frame_get(f, "data");
	struct strbuf *b = &q->answer->text;
	long n;

	if (!data || b->len > TEXT_MAX)
		return;
	strbuf_reserve(b, strlen(data));
	n = bytes_unescape(data, b->s + b->len);
	b->len += n > 0 ? (size_t)n : 0;
	b->s[b->len] = '\0';
}

static void got_answer(struct question *q, const struct frame *f)
{
	const char *message = frame_get(f, "message"), *key, *value;
	size_t pos = 0, len;

	q->done = true;
	q->status = (int)frame_get_int(f, "status", 1);
	snprintf(q->why, sizeof(q->why), "%s", message ? message : "");
	while (frame_next(f, &pos, &key, &len, &value))
		strv_addf(&q->answer->fields, "%.*s=%s", (int)len, key, value);
}

static void on_frame(void *arg, const struct frame *f)
{
	struct question *q = arg;

	if (f->type == FRAME_DATA)
		got_text(q, f);
	else if (f->type == FRAME_END)
		got_answer(q, f);
}

static void on_closed(void *arg, const char *why)
{
	struct question *q = arg;

	(void)why;
	if (!q->done)
		snprintf(q->why, sizeof(q->why), "the guest has ended");
	q->status = q->done ? q->status : 1;
	q->done = true;
}

static void send_question(struct agent *link, const char *what, const char *arg)
{
	_cleanup_free_ char *buf = xmalloc(FRAME_HEADER_SIZE + FRAME_PAYLOAD_MAX);
	struct frame_writer w;

	frame_begin(&w, buf, FRAME_HEADER_SIZE + FRAME_PAYLOAD_MAX, FRAME_ASK);
	frame_add(&w, "id", "ask");
	frame_add(&w, "do", what);
	frame_add(&w, "arg", arg ? arg : "");
	agent_send(link, &w, NULL);
}

static int wait_for_answer(struct loop *loop, const struct question *q, struct err *err)
{
	int64_t end = loop_now_ns() + ANSWER_MS * NSEC_PER_MSEC;

	while (!q->done) {
		int64_t left = (end - loop_now_ns()) / NSEC_PER_MSEC;

		if (left <= 0)
			return err_set(err, ETIMEDOUT,
				       "whoever runs the guest does not answer; is it stopped?");
		loop_once(loop, (int)left);
	}
	return q->status ? err_set(err, EIO, "%s", *q->why ? q->why : "refused") : 0;
}

static int ask(int fd, const char *what, const char *arg, struct remote_answer *a, struct err *err)
{
	struct question q = {.answer = a};
	const struct agent_handler handler = {on_frame, on_closed, &q};
	struct loop *loop;
	struct agent *link;
	int r, own = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	strv_done(&a->fields);
	if (own < 0)
		return err_errno(err, "dup");
	r = loop_new(&loop, err);
	if (r < 0) {
		close(own);
		return r;
	}
	fcntl(own, F_SETFL, O_NONBLOCK);
	strbuf_reset(&a->text);
	link = agent_new(loop, own, &handler);
	send_question(link, what, arg);
	r = wait_for_answer(loop, &q, err);
	agent_free(link);
	loop_free(loop);
	return r;
}

int remote_ask(int fd, const char *what, const char *arg, struct remote_answer *a, struct err *err)
{
	struct remote_answer own = {0};
	int r = ask(fd, what, arg, a ? a : &own, err);

	remote_answer_done(&own);
	return r;
}

int remote_ask_dir(const char *dir, const char *what, const char *arg, struct remote_answer *a,
		   struct err *err)
{
	_cleanup_close_ int fd = remote_connect(dir, err);

	return fd < 0 ? fd : remote_ask(fd, what, arg, a, err);
}

/* ---- streams */

struct running {
	struct pump *pump;
	struct loop *loop;
	struct loop_source *patience;
	int status, signal;
	bool lost;
	char why[600];
};

static void stream_frame(void *arg, const struct frame *f)
{
	struct running *r = arg;

	pump_frame(r->pump, f);
}

static void stream_closed(void *arg, const char *why)
{
	struct running *r = arg;

	(void)why;
	pump_lost(r->pump, "the guest has ended");
}

static void stream_ended(void *arg, int status, int signal, const char *why)
{
	struct running *r = arg;

	r->status = status;
	r->signal = signal;
	r->lost = why != NULL;
	snprintf(r->why, sizeof(r->why), "%s", why ? why : "");
	loop_quit(r->loop);
}

static void stream_started(void *arg)
{
	struct running *r = arg;

	loop_timer_set(r->patience, INT64_MAX);
}

static void out_of_patience(void *arg)
{
	struct running *r = arg;

	pump_lost(r->pump, "the guest does not answer");
}

static int run_on(struct running *r, int fd, const struct pump_config *config, struct err *err)
{
	const struct agent_handler handler = {stream_frame, stream_closed, r};
	struct pump_config c = *config;
	struct agent *link = agent_new(r->loop, fd, &handler);

	c.started = stream_started;
	c.ended = stream_ended;
	c.arg = r;
	r->patience = loop_timer(
		r->loop, c.start_ms ? loop_now_ns() + c.start_ms * NSEC_PER_MSEC : INT64_MAX,
		out_of_patience, r);
	r->pump = pump_new(r->loop, link, "run", &c);
	if (r->pump)
		loop_run(r->loop);
	else
		err_set(err, E2BIG, "the command is too long");
	pump_free(r->pump);
	agent_free(link);
	if (!r->pump)
		return err->code;
	if (r->lost)
		return err_set(err, EIO, "%s", r->why);
	return r->signal ? 128 + r->signal : r->status;
}

int remote_run(const char *dir, const struct pump_config *config, struct err *err)
{
	struct running run = {0};
	int r, fd = remote_connect(dir, err);

	if (fd < 0)
		return fd;
	r = loop_new(&run.loop, err);
	if (r < 0) {
		close(fd);
		return r;
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	r = run_on(&run, fd, config, err);
	loop_free(run.loop);
	return r;
}
