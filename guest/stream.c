// SPDX-License-Identifier: GPL-2.0-only
#include "guest/stream.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/cgroup.h"
#include "guest/child.h"
#include "guest/loop.h"
#include "guest/pipes.h"
#include "guest/port.h"
#include "guest/util.h"
#include "proto/bytes.h"

#define STREAMS_MAX 16
#define ID_MAX	    64
#define WINDOW	    (32 * 1024) /* of input on its way to a program */
#define CHUNK	    8192	/* of output in a frame, before it is escaped */
/*
 * What a program wrote before it ended is in a pipe or a terminal's queue, which hold less than
 * this: what comes after so much is from others, who are not waited for.
 */
#define LAST_WORDS  (256 * 1024)
#define CGROUP	    "streams"
#define CLIMB_MAX   64

enum stream_state {
	STREAM_FREE,
	STREAM_STARTING, /* the child has not yet got to its program */
	STREAM_RUNNING,
	STREAM_ENDED, /* the program has; what it wrote is still being sent */
};

/* One of its descriptors; watched only when something can be done, since epoll tells of a closed
 * end for ever. */
struct stream_fd {
	struct watch watch;
	int watched;
	struct stream *stream;
};

struct stream {
	enum stream_state state;
	char id[ID_MAX];
	pid_t pid;
	int status; /* wait status */
	struct pipes pipes;
	struct stream_fd in, out[2];
	struct watch exec; /* tells whether the program runs */
	size_t credit;	   /* of output that the host wants */
	size_t last_words;
	int in_ends;	   /* after what is in buf */
	size_t start, len; /* of what is in buf */
	size_t taken;	   /* of input, and not yet told */
	char buf[WINDOW];
};

static struct stream streams[STREAMS_MAX];

static struct stream *stream_by_id(const char *id)
{
	for (size_t i = 0; id && i < STREAMS_MAX; i++) {
		if (streams[i].state != STREAM_FREE && !strcmp(streams[i].id, id))
			return &streams[i];
	}
	return NULL;
}

static struct stream *stream_by_pid(pid_t pid)
{
	for (size_t i = 0; i < STREAMS_MAX; i++) {
		if ((streams[i].state == STREAM_STARTING || streams[i].state == STREAM_RUNNING) &&
		    streams[i].pid == pid)
			return &streams[i];
	}
	return NULL;
}

int stream_owns(const struct proc *p)
{
	struct proc above = *p;
	char group[ID_MAX];

	cgroup_of(p->pid, group, sizeof(group));
	if (!strcmp(group, CGROUP) || stream_by_pid(p->sid))
		return 1;
	for (int i = 0; above.pid > 1 && i < CLIMB_MAX; i++) {
		if (stream_by_pid(above.pid))
			return 1;
		if (proc_read(above.ppid, &above))
			break;
	}
	return 0;
}

/* ---- descriptors */

static void fd_watch(struct stream_fd *d, int fd, uint32_t events)
{
	if (d->watched || fd < 0)
		return;
	d->watch.fd = fd;
	d->watched = !loop_add(&d->watch, events);
}

static void fd_unwatch(struct stream_fd *d)
{
	if (d->watched)
		loop_remove(&d->watch);
	d->watched = 0;
}

static void out_close(struct stream *s, int i)
{
	fd_unwatch(&s->out[i]);
	close(s->pipes.out[i]);
	s->pipes.out[i] = -1;
}

static void in_close(struct stream *s)
{
	fd_unwatch(&s->in);
	if (s->pipes.in >= 0)
		close(s->pipes.in);
	s->pipes.in = -1;
	s->len = 0;
}

static void stream_free(struct stream *s)
{
	in_close(s);
	for (int i = 0; i < 2; i++) {
		if (s->pipes.out[i] >= 0)
			out_close(s, i);
	}
	s->state = STREAM_FREE;
}

/* ---- output */

static void send_data(const struct stream *s, int i, const char *data, size_t len)
{
	static char value[2 * CHUNK];
	static char buf[FRAME_HEADER_SIZE + 2 * CHUNK + 2 * ID_MAX];
	struct frame_writer w;

	frame_begin(&w, buf, sizeof(buf), FRAME_DATA);
	frame_add(&w, "id", s->id);
	frame_add_int(&w, "fd", i + 1);
	frame_addn(&w, "data", value, bytes_escape(data, len, value));
	port_send(&w, PORT_MUST);
}

/* Whether all is sent that there is for now: neither the host's window nor the port was full. */
static int out_pump(struct stream *s, int i)
{
	static char chunk[CHUNK];

	while (s->pipes.out[i] >= 0) {
		size_t want = s->credit < CHUNK ? s->credit : CHUNK;
		ssize_t n;

		if (!want || !port_has_room()) {
			fd_unwatch(&s->out[i]);
			return 0;
		}
		n = read(s->pipes.out[i], chunk, want);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0) {
			/* A terminal that nobody has open any more says EIO. */
			out_close(s, i);
			return 1;
		}
		s->credit -= (size_t)n;
		s->last_words += s->state == STREAM_ENDED ? (size_t)n : 0;
		send_data(s, i, chunk, (size_t)n);
		if (s->last_words > LAST_WORDS)
			return 1;
	}
	fd_watch(&s->out[i], s->pipes.out[i], EPOLLIN);
	return 1;
}

static void send_end(const struct stream *s)
{
	struct frame_writer w;
	char buf[256];
	int signaled = WIFSIGNALED(s->status);

	frame_begin(&w, buf, sizeof(buf), FRAME_END);
	frame_add(&w, "id", s->id);
	frame_add_int(&w, "status", signaled ? -1 : WEXITSTATUS(s->status));
	frame_add_int(&w, "signal", signaled ? WTERMSIG(s->status) : 0);
	port_send(&w, PORT_MUST);
}

static void stream_pump(struct stream *s)
{
	int all = out_pump(s, 0);

	all &= out_pump(s, 1);
	if (s->state != STREAM_ENDED || !all)
		return;
	send_end(s);
	stream_free(s);
}

static void out_ready(struct watch *w, uint32_t events)
{
	(void)events;
	stream_pump(((struct stream_fd *)((char *)w - offsetof(struct stream_fd, watch)))->stream);
}

void stream_room(void)
{
	for (size_t i = 0; i < STREAMS_MAX; i++) {
		if (streams[i].state == STREAM_RUNNING || streams[i].state == STREAM_ENDED)
			stream_pump(&streams[i]);
	}
}

void stream_more_command(const struct frame *f)
{
	struct stream *s = stream_by_id(frame_get(f, "id"));
	int64_t bytes = frame_get_int(f, "bytes", 0);

	if (!s || bytes < 0 || bytes > 1 << 30)
		return;
	s->credit += (size_t)bytes;
	if (s->state != STREAM_STARTING)
		stream_pump(s);
}

/* ---- input */

static void tell_taken(struct stream *s)
{
	struct frame_writer w;
	char buf[256];

	/* Half a window at a time: a frame for each key would be many. */
	if (s->taken < WINDOW / 2)
		return;
	frame_begin(&w, buf, sizeof(buf), FRAME_WINDOW);
	frame_add(&w, "id", s->id);
	frame_add_int(&w, "bytes", (int64_t)s->taken);
	port_send(&w, PORT_MUST);
	s->taken = 0;
}

static void in_flush(struct stream *s)
{
	while (s->len && s->pipes.in >= 0) {
		ssize_t n = write(s->pipes.in, s->buf + s->start, s->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			fd_watch(&s->in, s->pipes.in, EPOLLOUT);
			return;
		}
		if (n < 0) {
			/* It reads no more: the rest is taken and thrown away. */
			s->taken += s->len;
			in_close(s);
			break;
		}
		s->start += (size_t)n;
		s->len -= (size_t)n;
		s->taken += (size_t)n;
	}
	s->start = 0;
	fd_unwatch(&s->in);
	if (s->in_ends && s->pipes.in >= 0)
		pipes_end_input(&s->pipes);
	s->in_ends = 0;
	tell_taken(s);
}

static void in_ready(struct watch *w, uint32_t events)
{
	(void)events;
	in_flush(((struct stream_fd *)((char *)w - offsetof(struct stream_fd, watch)))->stream);
}

void stream_input_command(const struct frame *f)
{
	struct stream *s = stream_by_id(frame_get(f, "id"));
	const char *data = frame_get(f, "data");
	long n = data ? bytes_unescape(data, NULL) : -1;

	if (!s || n < 0)
		return;
	if (s->pipes.in < 0) {
		s->taken += (size_t)n;
		tell_taken(s);
		return;
	}
	memmove(s->buf, s->buf + s->start, s->len);
	s->start = 0;
	/* More than was asked for: the host has lost count. */
	if ((size_t)n > WINDOW - s->len) {
		port_log("stream %s: more input than was asked for", s->id);
		in_close(s);
		return;
	}
	bytes_unescape(data, s->buf + s->len);
	s->len += (size_t)n;
	if (s->state != STREAM_STARTING)
		in_flush(s);
}

/* ---- its life */

static void done(const struct stream *s, const struct fault *f)
{
	struct frame_writer w;
	char buf[1024];

	frame_begin(&w, buf, sizeof(buf), FRAME_DONE);
	frame_add(&w, "id", s->id);
	frame_add_int(&w, "error", f->error);
	frame_add(&w, "message", f->text);
	frame_add_int(&w, "window", WINDOW);
	port_send(&w, PORT_MUST);
}

/* The child has got to its program, or said why it could not. */
static void conclude_start(struct stream *s)
{
	struct fault f = {0};
	ssize_t n = read(s->exec.fd, &f, sizeof(f));

	loop_remove(&s->exec);
	close(s->exec.fd);
	if (n != (ssize_t)sizeof(f))
		f.error = 0;
	done(s, &f);
	if (f.error) {
		stream_free(s);
		return;
	}
	s->state = STREAM_RUNNING;
	in_flush(s);
	stream_pump(s);
}

static void exec_ready(struct watch *w, uint32_t events)
{
	(void)events;
	conclude_start((struct stream *)((char *)w - offsetof(struct stream, exec)));
}

int stream_reaped(pid_t pid, int status)
{
	struct stream *s = stream_by_pid(pid);

	if (!s)
		return 0;
	if (s->state == STREAM_STARTING)
		conclude_start(s);
	if (s->state != STREAM_RUNNING)
		return 1;
	s->status = status;
	s->state = STREAM_ENDED;
	stream_pump(s);
	return 1;
}

static struct stream *stream_new(const struct frame *frame, struct fault *f)
{
	const char *id = frame_get(frame, "id");

	if (!id || !*id || strlen(id) >= ID_MAX || stream_by_id(id)) {
		fault_set(f, EINVAL, "open: not a new id");
		return NULL;
	}
	for (size_t i = 0; i < STREAMS_MAX; i++) {
		struct stream *s = &streams[i];

		if (s->state != STREAM_FREE)
			continue;
		memset(s, 0, offsetof(struct stream, buf));
		strcpy(s->id, id);
		s->exec.ready = exec_ready;
		s->in = (struct stream_fd){{-1, in_ready}, 0, s};
		s->out[0] = s->out[1] = (struct stream_fd){{-1, out_ready}, 0, s};
		return s;
	}
	fault_set(f, EAGAIN, "open: %d streams are open already", STREAMS_MAX);
	return NULL;
}

static int stream_run(struct stream *s, const struct frame *frame, struct fault *f)
{
	int kind = pipes_kind(frame_get(frame, "io"));
	int64_t window = frame_get_int(frame, "window", 0);
	int ret;

	if (kind < 0 || window < 0)
		return fault_set(f, EINVAL, "open: io or window is not what it can be");
	ret = pipes_open(kind, &s->pipes, f);
	if (ret)
		return ret;
	s->credit = (size_t)window;
	pipes_resize(&s->pipes, (int)frame_get_int(frame, "rows", 24),
		     (int)frame_get_int(frame, "cols", 80));
	cgroup_make(CGROUP);
	s->pid = child_start(frame, CGROUP, &s->pipes.io, &s->exec.fd, f);
	pipes_close_theirs(&s->pipes);
	if (s->pid < 0) {
		pipes_close_ours(&s->pipes);
		return s->pid;
	}
	s->state = STREAM_STARTING;
	loop_add(&s->exec, EPOLLIN);
	return 0;
}

void stream_open_command(const struct frame *frame)
{
	struct fault f = {0};
	struct stream *s = stream_new(frame, &f);

	if (!s || stream_run(s, frame, &f))
		port_done(frame_get(frame, "id"), f.error, f.text);
}

void stream_size_command(const struct frame *f)
{
	struct stream *s = stream_by_id(frame_get(f, "id"));

	if (s)
		pipes_resize(&s->pipes, (int)frame_get_int(f, "rows", 24),
			     (int)frame_get_int(f, "cols", 80));
}

/* Nobody reads any more: what a terminal does when it is closed, and what a program is told by its
 * pipes otherwise. */
static void stream_drop(struct stream *s)
{
	if (s->state == STREAM_STARTING) {
		loop_remove(&s->exec);
		close(s->exec.fd);
	}
	if (s->state != STREAM_ENDED)
		kill(-s->pid, SIGHUP);
	stream_free(s);
}

void stream_close_command(const struct frame *f)
{
	struct stream *s = stream_by_id(frame_get(f, "id"));
	const char *what = frame_get(f, "what");

	if (!s || !what)
		return;
	if (!strcmp(what, "all")) {
		stream_drop(s);
	} else if (!strcmp(what, "in")) {
		s->in_ends = 1;
		if (s->state != STREAM_STARTING)
			in_flush(s);
	}
}
