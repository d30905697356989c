// SPDX-License-Identifier: GPL-2.0-only
#include "reach/pump.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/bytes.h"

#define WINDOW	  (256 << 10) /* of output on its way to us */
#define CHUNK	  8192
/* A descriptor that blocks takes this much when it says that it takes any. */
#define WRITE_MAX PIPE_BUF

/*
 * A descriptor, watched only when it is wanted, since epoll tells of a closed end for ever; or a
 * timer that is due at once, where it is a file that needs no waiting for.
 */
struct end {
	int fd;
	uint32_t events;
	loop_io_fn *ready;
	struct loop_source *io, *timer;
};

struct pump {
	struct loop *loop;
	struct agent *link;
	struct pump_config c;
	char id[32];
	struct end in, out[2];
	struct strbuf pending[2]; /* output that is not yet written */
	struct strbuf typed;	  /* input that the guest has not asked for yet */
	int64_t credit;		  /* of input */
	int64_t written;	  /* of output, and not yet told */
	bool running, in_ended, in_told, over, told;
	int status, signal;
	char *why;
	struct loop_source *tell;
};

/* ---- descriptors */

static bool can_be_polled(int fd)
{
	struct epoll_event ev = {.events = EPOLLIN};
	_cleanup_close_ int probe = epoll_create1(EPOLL_CLOEXEC);

	return probe < 0 || epoll_ctl(probe, EPOLL_CTL_ADD, fd, &ev) == 0 || errno != EPERM;
}

static void end_open(struct pump *p, struct end *e, int fd, uint32_t events, loop_io_fn *ready,
		     loop_timer_fn *due)
{
	*e = (struct end){.fd = fd, .events = events, .ready = ready};
	if (fd >= 0 && !can_be_polled(fd))
		e->timer = loop_timer(p->loop, INT64_MAX, due, p);
}

static void end_watch(struct pump *p, struct end *e, bool on)
{
	if (e->fd < 0)
		return;
	if (e->timer) {
		loop_timer_set(e->timer, on ? loop_now_ns() : INT64_MAX);
	} else if (on && !e->io) {
		e->io = loop_io(p->loop, e->fd, e->events, e->ready, p);
	} else if (!on) {
		loop_remove(e->io);
		e->io = NULL;
	}
}

static void end_close(struct end *e)
{
	loop_remove(e->io);
	loop_remove(e->timer);
	e->io = e->timer = NULL;
	e->fd = -1;
}

/* ---- to the guest */

static char frame_buf[FRAME_HEADER_SIZE + FRAME_PAYLOAD_MAX];

static void begin(const struct pump *p, struct frame_writer *w, uint16_t type)
{
	frame_begin(w, frame_buf, sizeof(frame_buf), type);
	frame_add(w, "id", p->id);
}

static void send_close(struct pump *p, const char *what)
{
	struct frame_writer w;

	begin(p, &w, FRAME_CLOSE);
	frame_add(&w, "what", what);
	agent_send(p->link, &w, NULL);
}

static void send_typed(struct pump *p)
{
	char value[2 * CHUNK];
	struct frame_writer w;
	size_t n;

	while (p->running && p->typed.len && p->credit > 0) {
		n = p->typed.len < CHUNK ? p->typed.len : CHUNK;
		n = n < (size_t)p->credit ? n : (size_t)p->credit;
		begin(p, &w, FRAME_INPUT);
		frame_addn(&w, "data", value, bytes_escape(p->typed.s, n, value));
		agent_send(p->link, &w, NULL);
		p->credit -= (int64_t)n;
		p->typed.len -= n;
		memmove(p->typed.s, p->typed.s + n, p->typed.len);
	}
}

/* What is typed is read even while the guest takes nothing, for what the filter looks for in it;
 * plain input waits. */
static bool wants_input(const struct pump *p)
{
	if (p->in_ended || p->over)
		return false;
	return p->c.filter ? p->typed.len < CHUNK : p->running && !p->typed.len && p->credit > 0;
}

static void update_input(struct pump *p)
{
	send_typed(p);
	if (p->running && p->in_ended && !p->typed.len && !p->in_told && !p->over) {
		p->in_told = true;
		send_close(p, "in");
	}
	end_watch(p, &p->in, wants_input(p));
}

void pump_input(struct pump *p, const char *data, size_t len)
{
	strbuf_add(&p->typed, data, len);
	update_input(p);
}

static void read_input(struct pump *p)
{
	char chunk[CHUNK];
	ssize_t n = read(p->in.fd, chunk, sizeof(chunk));
	size_t len = n > 0 ? (size_t)n : 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		p->in_ended = true;
		end_close(&p->in);
	} else if (p->c.filter) {
		len = p->c.filter(p->c.arg, chunk, len);
	}
	pump_input(p, chunk, len);
}

static void in_ready(void *arg, int fd, uint32_t events)
{
	(void)fd;
	(void)events;
	read_input(arg);
}

static void in_due(void *arg)
{
	read_input(arg);
}

void pump_size(struct pump *p, int rows, int cols)
{
	struct frame_writer w;

	p->c.rows = rows;
	p->c.cols = cols;
	begin(p, &w, FRAME_SIZE);
	frame_add_int(&w, "rows", rows);
	frame_add_int(&w, "cols", cols);
	agent_send(p->link, &w, NULL);
}

/* ---- from the guest */

/* From the loop: what is told may free the pump. */
static void tell_end(void *arg)
{
	struct pump *p = arg;

	if (p->told)
		return;
	p->told = true;
	p->c.ended(p->c.arg, p->status, p->signal, p->why);
}

static void check_over(struct pump *p)
{
	if (p->over && !p->pending[0].len && !p->pending[1].len)
		loop_timer_set(p->tell, loop_now_ns());
}

static void tell_written(struct pump *p, size_t n)
{
	struct frame_writer w;

	p->written += (int64_t)n;
	if (p->written < WINDOW / 4 || p->over)
		return;
	begin(p, &w, FRAME_MORE);
	frame_add_int(&w, "bytes", p->written);
	agent_send(p->link, &w, NULL);
	p->written = 0;
}

static void write_output(struct pump *p, int i)
{
	struct strbuf *b = &p->pending[i];
	size_t n = b->len < WRITE_MAX ? b->len : WRITE_MAX;
	ssize_t done = n ? write(p->out[i].fd, b->s, n) : 0;

	if (done < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (done < 0) {
		/* Nobody reads it any more, as a program would find when it wrote there. */
		end_close(&p->out[i]);
		tell_written(p, b->len);
		b->len = 0;
		if (!p->over && errno == EPIPE)
			pump_lost(p, "what it wrote is not read any more");
		check_over(p);
		return;
	}
	b->len -= (size_t)done;
	memmove(b->s, b->s + done, b->len);
	tell_written(p, (size_t)done);
	end_watch(p, &p->out[i], b->len > 0);
	check_over(p);
}

static void out_ready(void *arg, int fd, uint32_t events)
{
	struct pump *p = arg;

	(void)events;
	write_output(p, fd == p->out[1].fd);
}

static void out_due(void *arg)
{
	struct pump *p = arg;

	for (int i = 0; i < 2; i++)
		if (p->out[i].timer && p->pending[i].len)
			write_output(p, i);
}

static void end_stream(struct pump *p, int status, int signal, const char *why)
{
	p->over = true;
	p->status = status;
	p->signal = signal;
	str_set(&p->why, why);
	if (p->in.fd >= 0)
		end_close(&p->in);
	check_over(p);
}

static void got_done(struct pump *p, const struct frame *f)
{
	const char *message = frame_get(f, "message");

	if (frame_get_int(f, "error", EIO)) {
		end_stream(p, -1, 0, message ? message : "no reason given");
		return;
	}
	p->running = true;
	p->credit = frame_get_int(f, "window", 0);
	if (p->c.started)
		p->c.started(p->c.arg);
	update_input(p);
}

static void got_data(struct pump *p, const struct frame *f)
{
	const char *data = frame_get(f, "data");
	int i = frame_get_int(f, "fd", 1) == 2;
	long n;

	if (!data)
		return;
	strbuf_reserve(&p->pending[i], strlen(data));
	n = bytes_unescape(data, p->pending[i].s + p->pending[i].len);
	if (n <= 0)
		return;
	if (p->out[i].fd < 0) {
		tell_written(p, (size_t)n);
		return;
	}
	p->pending[i].len += (size_t)n;
	end_watch(p, &p->out[i], true);
}

void pump_frame(struct pump *p, const struct frame *f)
{
	if (p->over || !str_eq(frame_get(f, "id"), p->id))
		return;
	switch (f->type) {
	case FRAME_DONE:
		got_done(p, f);
		break;
	case FRAME_DATA:
		got_data(p, f);
		break;
	case FRAME_WINDOW:
		p->credit += frame_get_int(f, "bytes", 0);
		update_input(p);
		break;
	case FRAME_END:
		end_stream(p, (int)frame_get_int(f, "status", -1),
			   (int)frame_get_int(f, "signal", 0), frame_get(f, "message"));
		break;
	default:
		break;
	}
}

void pump_lost(struct pump *p, const char *why)
{
	if (!p->over)
		end_stream(p, -1, 0, why);
}

/* ---- its life */

static int send_open(struct pump *p)
{
	const struct pump_config *c = &p->c;
	struct frame_writer w;

	begin(p, &w, FRAME_OPEN);
	frame_add(&w, "io", c->io);
	for (size_t i = 0; i < c->argv->n; i++)
		frame_add(&w, "arg", c->argv->v[i]);
	for (size_t i = 0; c->env && i < c->env->n; i++)
		frame_add(&w, "env", c->env->v[i]);
	frame_add(&w, "cwd", c->cwd ? c->cwd : "/");
	frame_add_int(&w, "rows", c->rows);
	frame_add_int(&w, "cols", c->cols);
	frame_add_int(&w, "window", WINDOW);
	return w.overflow ? -E2BIG : agent_send(p->link, &w, NULL);
}

struct pump *pump_new(struct loop *loop, struct agent *link, const char *id,
		      const struct pump_config *config)
{
	struct pump *p = xcalloc(1, sizeof(*p));

	p->loop = loop;
	p->link = link;
	p->c = *config;
	strncpy(p->id, id, sizeof(p->id) - 1);
	p->tell = loop_timer(loop, INT64_MAX, tell_end, p);
	end_open(p, &p->in, config->in, EPOLLIN, in_ready, in_due);
	end_open(p, &p->out[0], config->out, EPOLLOUT, out_ready, out_due);
	end_open(p, &p->out[1], config->out_err, EPOLLOUT, out_ready, out_due);
	if (send_open(p) < 0) {
		p->over = true;
		pump_free(p);
		return NULL;
	}
	p->c.argv = p->c.env = NULL;
	update_input(p);
	return p;
}

void pump_free(struct pump *p)
{
	if (!p)
		return;
	if (!p->over)
		send_close(p, "all");
	end_close(&p->in);
	for (int i = 0; i < 2; i++) {
		end_close(&p->out[i]);
		strbuf_done(&p->pending[i]);
	}
	strbuf_done(&p->typed);
	loop_remove(p->tell);
	free(p->why);
	free(p);
}
