// SPDX-License-Identifier: GPL-2.0-only
#include "guest/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "guest/console.h"
#include "guest/loop.h"
#include "guest/port.h"
#include "guest/util.h"

/* A record that does not fit is lost; the kernel's own limit is PRINTKRB_RECORD_MAX, escaped. */
#define RECORD_MAX  8192
/* No further record is added to a frame of this size. */
#define FRAME_FULL  (32 * 1024)
#define FRAME_SIZE  (FRAME_FULL + RECORD_MAX + 64)
/* A flood of records overtakes the reader now and then; each time costs a read. */
#define READS_MAX   4096
/* After reading for a time t the agent rests for four times t, and at least so long. */
#define REST_FACTOR 4
#define REST_MIN_NS (10 * NS_PER_MS)
/* Text that stands on the console before a record is with the host before the record, unless the
 * console is busy all the time. */
#define CONSOLE_NS  (1 * NS_PER_MS)
#define CONSOLE_MAX 50

static void kmsg_ready(struct watch *w, uint32_t events);
static void kmsg_rested(struct timer *t);

static struct {
	struct watch watch;
	struct timer rest;
	int started;
	int watched;
	int idle;	   /* nothing was left when it was read last */
	int console_waits; /* times that reading was put off for the console */
	uint64_t next;	   /* number of the record behind the last one read */
	int mark_fd;	   /* another reader, which stands where the records ended at the mark */
	uint64_t mark;	   /* number of the first record behind it; 0: there is none yet */
} kmsg = {.watch = {-1, kmsg_ready}, .rest = {.fire = kmsg_rested}};

int kmsg_open(void)
{
	kmsg.watch.fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg.watch.fd < 0)
		return -errno;
	kmsg.mark_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return kmsg.mark_fd < 0 ? -errno : 0;
}

int kmsg_is_open(void)
{
	return kmsg.watch.fd >= 0 && kmsg.mark_fd >= 0;
}

/* The next record of a reader, terminated, without the newline at its end. The length, 0 when there
 * is none yet; *seq is the record's number. */
static size_t read_record(int fd, char *buf, size_t size, uint64_t *seq)
{
	for (int i = 0; i < READS_MAX; i++) {
		ssize_t n = read(fd, buf, size - 1);
		const char *comma;

		if (n > 0) {
			n -= buf[n - 1] == '\n';
			buf[n] = '\0';
			comma = strchr(buf, ',');
			*seq = comma ? strtoull(comma + 1, NULL, 10) : *seq + 1;
			return (size_t)n;
		}
		/* EPIPE: records were overwritten. EINVAL: this one is too long. The next is read.
		 */
		if (n == 0 || (errno != EPIPE && errno != EINVAL && errno != EINTR))
			return 0;
	}
	return 0;
}

/* Sends a frame of records. Returns 0 if /dev/kmsg has no more, else 1. */
static int send_frame(void)
{
	static char buf[FRAME_SIZE];
	char record[RECORD_MAX];
	struct frame_writer w;
	uint64_t seq = kmsg.next;
	size_t len = 1;

	frame_begin(&w, buf, sizeof(buf), FRAME_KMSG);
	while (w.len < FRAME_FULL &&
	       (len = read_record(kmsg.watch.fd, record, sizeof(record), &seq))) {
		frame_addn(&w, "record", record, len);
		kmsg.next = seq + 1;
	}
	if (w.len > FRAME_HEADER_SIZE)
		port_send(&w, PORT_DROP); /* the caller has asked for room */
	kmsg.idle = !len;
	return len != 0;
}

int kmsg_is_idle(void)
{
	return kmsg.idle;
}

static void set_watched(int watched)
{
	if (watched == kmsg.watched)
		return;
	kmsg.watched = watched;
	if (watched)
		loop_add(&kmsg.watch, EPOLLIN);
	else
		loop_remove(&kmsg.watch);
}

static int64_t processor_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void kmsg_ready(struct watch *w, uint32_t events)
{
	int64_t began = processor_ns();
	int64_t rest;

	(void)w;
	(void)events;
	set_watched(0);
	kmsg.idle = 0;
	if (!port_has_room())
		return; /* kmsg_room() goes on */
	if (console_pending() && kmsg.console_waits++ < CONSOLE_MAX) {
		timer_arm(&kmsg.rest, now_ns() + CONSOLE_NS);
		return;
	}
	kmsg.console_waits = 0;
	send_frame();
	rest = REST_FACTOR * (processor_ns() - began);
	timer_arm(&kmsg.rest, now_ns() + (rest > REST_MIN_NS ? rest : REST_MIN_NS));
}

static void kmsg_rested(struct timer *t)
{
	(void)t;
	set_watched(1);
}

void kmsg_room(void)
{
	if (kmsg.started && !kmsg.rest.armed)
		set_watched(1);
}

void kmsg_start(void)
{
	if (!kmsg_is_open() || kmsg.started)
		return;
	kmsg.started = 1;
	set_watched(1);
}

void kmsg_stop(void)
{
	kmsg.started = 0;
	set_watched(0);
	timer_disarm(&kmsg.rest);
}

void kmsg_mark(void)
{
	kmsg.mark = 0;
	if (kmsg_is_open())
		lseek(kmsg.mark_fd, 0, SEEK_END);
}

/* Whether all that existed at the mark has been read; a record behind it tells its number. */
static int is_at_mark(void)
{
	char record[RECORD_MAX];
	uint64_t seq = 0;

	if (!kmsg.mark && read_record(kmsg.mark_fd, record, sizeof(record), &seq))
		kmsg.mark = seq;
	return kmsg.mark && kmsg.next >= kmsg.mark;
}

int kmsg_sent(void)
{
	if (!kmsg_is_open())
		return 1;
	while (!is_at_mark()) {
		if (!port_has_room())
			return 0;
		if (!send_frame())
			return 1;
	}
	return 1;
}

void kmsg_drain(int64_t deadline)
{
	kmsg_mark();
	while (!kmsg_sent() && now_ns() < deadline)
		port_drain(deadline);
}
