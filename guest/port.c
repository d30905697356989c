// SPDX-License-Identifier: GPL-2.0-only
#include "guest/port.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest/loop.h"
#include "guest/util.h"

#define RING_SIZE (256 * 1024)
/*
 * Kept free for answers and results. Each command has at most one DONE, the largest that of a SETUP
 * (8 KiB), each session one EXIT: with no command handled while less than this is free, they always
 * fit.
 */
#define RESERVE	  (64 * 1024)
#define RETRY_NS  (100 * NS_PER_MS)

static void port_ready(struct watch *w, uint32_t events);
static void port_retry(struct timer *t);

static char in_buf[FRAME_HEADER_SIZE + FRAME_PAYLOAD_MAX];
static char ring_buf[RING_SIZE];

static struct {
	struct watch watch;
	struct timer retry; /* armed while the host's end is closed */
	void (*handle)(const struct frame *f);
	void (*room)(void);
	uint32_t seq;
	int started;
	int paused;
	int handling;
	int garbage; /* in a stretch of bytes that are no frame */
	size_t in_start;
	size_t in_len; /* from in_start */
	size_t ring_start;
	size_t ring_len;
} port = {.watch = {-1, port_ready}, .retry = {.fire = port_retry}};

static int is_our_port(const char *name)
{
	char path[320];
	char text[64];

	snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", name);
	return read_text(path, text, sizeof(text)) > 0 && !strcmp(text, FRAME_PORT_NAME);
}

int port_open(void)
{
	DIR *dir = opendir("/sys/class/virtio-ports");
	struct dirent *d;
	char path[320] = "";

	if (!dir)
		return -ENOENT;
	while (!*path && (d = readdir(dir))) {
		if (d->d_name[0] != '.' && is_our_port(d->d_name))
			snprintf(path, sizeof(path), "/dev/%s", d->d_name);
	}
	closedir(dir);
	if (!*path)
		return -ENOENT;
	port.watch.fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return port.watch.fd < 0 ? -errno : 0;
}

static size_t ring_free(void)
{
	return RING_SIZE - port.ring_len;
}

int port_has_room(void)
{
	return ring_free() >= RING_SIZE / 2;
}

static void ring_put(const char *data, size_t len)
{
	size_t at = (port.ring_start + port.ring_len) % RING_SIZE;
	size_t first = len < RING_SIZE - at ? len : RING_SIZE - at;

	memcpy(ring_buf + at, data, first);
	memcpy(ring_buf, data + first, len - first);
	port.ring_len += len;
}

static void ring_flush(void)
{
	while (port.ring_len) {
		size_t n = RING_SIZE - port.ring_start;
		ssize_t done;

		if (n > port.ring_len)
			n = port.ring_len;
		done = write(port.watch.fd, ring_buf + port.ring_start, n);
		if (done <= 0)
			return;
		port.ring_start = (port.ring_start + (size_t)done) % RING_SIZE;
		port.ring_len -= (size_t)done;
	}
}

static int may_read(void)
{
	return !port.paused && ring_free() >= RESERVE;
}

static void update_interest(void)
{
	if (port.started && !port.retry.armed)
		loop_change(&port.watch,
			    (may_read() ? EPOLLIN : 0) | (port.ring_len ? EPOLLOUT : 0));
}

/* Skips to what may be the next frame, one complaint for each stretch. */
static void skip_garbage(void)
{
	const char *next = memchr(in_buf + port.in_start + 1, 'K', port.in_len - 1);
	size_t n = next ? (size_t)(next - (in_buf + port.in_start)) : port.in_len;

	if (!port.garbage)
		port_log("the host sent bytes that are no frame");
	port.garbage = 1;
	port.in_start += n;
	port.in_len -= n;
}

/* Handles the next frame that has come as a whole; 0 when there is none. */
static int handle_one(void)
{
	struct frame f;
	long n = frame_parse(in_buf + port.in_start, port.in_len, &f);

	if (n == 0)
		return 0;
	if (n < 0) {
		skip_garbage();
		return 1;
	}
	port.garbage = 0;
	port.in_start += (size_t)n;
	port.in_len -= (size_t)n;
	port.handle(&f);
	return 1;
}

/* Not entered again when a command that it runs resumes the port: its own turn goes on then. */
static void handle_frames(void)
{
	if (port.handling)
		return;
	port.handling = 1;
	while (port.in_len && may_read() && handle_one())
		;
	port.handling = 0;
}

static void read_frames(void)
{
	ssize_t n;

	memmove(in_buf, in_buf + port.in_start, port.in_len);
	port.in_start = 0;
	n = read(port.watch.fd, in_buf + port.in_len, sizeof(in_buf) - port.in_len);
	if (n > 0)
		port.in_len += (size_t)n;
	handle_frames();
}

/* A closed host end is reported by epoll for ever, whatever one asks for: look again later. */
static void wait_for_host(void)
{
	loop_remove(&port.watch);
	timer_arm(&port.retry, now_ns() + RETRY_NS);
}

static void port_retry(struct timer *t)
{
	(void)t;
	loop_add(&port.watch, EPOLLIN);
	update_interest();
}

static void port_ready(struct watch *w, uint32_t events)
{
	(void)w;
	if ((events & EPOLLIN) && may_read())
		read_frames();
	ring_flush();
	if (port_has_room() && port.room)
		port.room();
	if (events & EPOLLHUP)
		wait_for_host();
	else
		update_interest();
}

void port_start(void (*handle)(const struct frame *f), void (*room)(void))
{
	port.handle = handle;
	port.room = room;
	port.started = 1;
	loop_add(&port.watch, EPOLLIN);
	update_interest();
}

void port_pause(void)
{
	port.paused = 1;
	update_interest();
}

void port_resume(void)
{
	port.paused = 0;
	handle_frames();
	update_interest();
}

int port_send(struct frame_writer *w, enum port_need need)
{
	int ret = frame_finish(w, port.seq);

	if (ret)
		return ret;
	if (w->len > ring_free() || (need == PORT_DROP && !port_has_room()))
		return -EAGAIN;
	port.seq++;
	ring_put(w->buf, w->len);
	if (port.watch.fd >= 0)
		ring_flush();
	update_interest();
	return 0;
}

void port_drain(int64_t deadline)
{
	struct pollfd p = {.fd = port.watch.fd, .events = POLLOUT};

	for (;;) {
		int64_t left = (deadline - now_ns()) / NS_PER_MS;

		ring_flush();
		if (!port.ring_len || left <= 0)
			return;
		/* In steps, because a closed host end makes poll return at once or not at all. */
		if (poll(&p, 1, 10) > 0 && (p.revents & POLLHUP))
			poll(NULL, 0, 10);
	}
}

void port_done(const char *id, int error, const char *message)
{
	struct frame_writer w;
	char buf[2048];

	if (!id)
		return;
	frame_begin(&w, buf, sizeof(buf), FRAME_DONE);
	frame_add(&w, "id", id);
	frame_add_int(&w, "error", error < 0 ? -error : error);
	frame_add(&w, "message", message);
	if (port_send(&w, PORT_MUST) == -EMSGSIZE)
		port_log("a DONE did not fit into a frame: is the id too long?");
}

void port_log(const char *fmt, ...)
{
	struct frame_writer w;
	char text[1024];
	char buf[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	frame_begin(&w, buf, sizeof(buf), FRAME_LOG);
	frame_add(&w, "text", text);
	port_send(&w, PORT_DROP);
}
