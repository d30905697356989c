// SPDX-License-Identifier: GPL-2.0-only
#include "guest/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "guest/loop.h"
#include "guest/port.h"
#include "guest/session.h"
#include "guest/stop.h"

#define CLIENTS_MAX	  16
#define REQUEST_WITHIN_NS (10 * NS_PER_S)

struct client {
	int used;
	unsigned int id; /* of the CALL, once it was sent; else 0 */
	int reboots;	 /* the verb is "reboot": done when the host agrees */
	struct watch watch;
	struct timer patience; /* until the request is whole */
	size_t len;
	char request[CALL_MAX];
};

static void server_ready(struct watch *w, uint32_t events);

static struct client clients[CLIENTS_MAX];
static struct watch server = {-1, server_ready};
static int server_full;
static unsigned int last_id;

/* The one who asks reads a digit, 0 or 1 for failure, and then the message. */
static void client_answer(struct client *c, int failed, const char *message)
{
	char digit = failed ? '1' : '0';
	struct iovec parts[] = {
		{&digit, 1},
		{(void *)(uintptr_t)message, strlen(message)},
	};
	struct msghdr msg = {.msg_iov = parts, .msg_iovlen = 2};

	/* A client that does not read loses the rest. */
	sendmsg(c->watch.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void client_close(struct client *c)
{
	timer_disarm(&c->patience);
	loop_remove(&c->watch);
	close(c->watch.fd);
	c->used = 0;
	if (server_full) {
		server_full = 0;
		loop_change(&server, EPOLLIN);
	}
}

static void client_refuse(struct client *c, const char *message)
{
	client_answer(c, 1, message);
	client_close(c);
}

/* Which session asks, as the kernel knows it and not as the client says. */
static void add_session(struct frame_writer *w, int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	const char *id;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return;
	id = session_id_of(cred.pid);
	if (id)
		frame_add(w, "session", id);
}

static int send_call(struct client *c)
{
	struct frame_writer w;
	char buf[8 * CALL_MAX]; /* an empty argument takes five bytes */
	const char *end = c->request + c->len;
	const char *word = c->request;

	frame_begin(&w, buf, sizeof(buf), FRAME_CALL);
	frame_add_int(&w, "id", c->id);
	frame_add(&w, "verb", word);
	while ((word += strlen(word) + 1) < end)
		frame_add(&w, "arg", word);
	add_session(&w, c->watch.fd);
	return port_send(&w, PORT_DROP);
}

/* The request is whole: it goes to the host, and of the client only its end is of interest. */
static void client_forward(struct client *c)
{
	if (!c->len || c->request[c->len - 1]) {
		client_refuse(c, "no request");
		return;
	}
	timer_disarm(&c->patience);
	loop_change(&c->watch, 0);
	c->reboots = !strcmp(c->request, "reboot");
	c->id = ++last_id ? last_id : ++last_id;
	if (send_call(c))
		client_refuse(c, "the host does not read what the guest sends");
}

static void client_read(struct client *c)
{
	ssize_t n = read(c->watch.fd, c->request + c->len, sizeof(c->request) - c->len);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n < 0) {
		client_close(c);
		return;
	}
	c->len += (size_t)n;
	if (n == 0)
		client_forward(c);
	else if (c->len == sizeof(c->request))
		client_refuse(c, "the request is too long");
}

static void client_ready(struct watch *w, uint32_t events)
{
	struct client *c = (struct client *)((char *)w - offsetof(struct client, watch));

	if (!c->id)
		client_read(c);
	else if (events & (EPOLLHUP | EPOLLERR))
		client_close(c);
}

static void client_too_slow(struct timer *t)
{
	client_refuse((struct client *)((char *)t - offsetof(struct client, patience)),
		      "the request took too long");
}

static struct client *client_unused(void)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		if (!clients[i].used)
			return &clients[i];
	}
	return NULL;
}

/* With all places taken further clients wait in the queue of the socket. */
static void server_ready(struct watch *w, uint32_t events)
{
	struct client *c = client_unused();
	int fd;

	(void)events;
	if (!c) {
		server_full = 1;
		loop_change(w, 0);
		return;
	}
	fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	c->used = 1;
	c->id = 0;
	c->len = 0;
	c->watch = (struct watch){fd, client_ready};
	c->patience.fire = client_too_slow;
	timer_arm(&c->patience, now_ns() + REQUEST_WITHIN_NS);
	loop_add(&c->watch, EPOLLIN);
}

static int copy_self(void)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = open(CALLS_PROGRAM, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	struct stat st = {0};
	int ret = 0;

	if (from < 0 || to < 0 || fstat(from, &st))
		ret = -errno;
	while (!ret && st.st_size > 0) {
		ssize_t n = sendfile(to, from, NULL, (size_t)st.st_size);

		if (n <= 0)
			ret = n ? -errno : -EIO;
		st.st_size -= n;
	}
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	return ret;
}

static int listen_on(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd < 0)
		return -errno;
	strcpy(addr.sun_path, path);
	unlink(path);
	/* Tests that run as a user ask too. */
	if (!bind(fd, (struct sockaddr *)&addr, sizeof(addr)) && !chmod(path, 0666) &&
	    !listen(fd, 64))
		return fd;
	error = errno;
	close(fd);
	return -error;
}

int calls_open(struct fault *f)
{
	int ret = mkdir_p("/run/ktest", 0755);

	if (!ret)
		ret = copy_self();
	if (ret)
		return fault_set(f, ret, CALLS_PROGRAM ": %s", strerror(-ret));
	ret = listen_on(CALLS_SOCKET);
	if (ret < 0)
		return fault_set(f, ret, CALLS_SOCKET ": %s", strerror(-ret));
	server.fd = ret;
	loop_add(&server, EPOLLIN);
	return 0;
}

void calls_reply_command(const struct frame *f)
{
	int64_t id = frame_get_int(f, "id", 0);
	int failed = frame_get_int(f, "error", EIO) != 0;
	const char *message = frame_get(f, "message");

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct client *c = &clients[i];
		int reboots;

		if (!c->used || !c->id || c->id != id)
			continue;
		reboots = c->reboots && !failed;
		client_answer(c, failed, message ? message : "");
		client_close(c);
		if (reboots)
			stop_now(1, "reboot asked for by the test");
		return;
	}
}
