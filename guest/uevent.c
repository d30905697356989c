// SPDX-License-Identifier: GPL-2.0-only
#include "guest/uevent.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest/loop.h"

static void uevent_ready(struct watch *w, uint32_t events);

static struct watch watch = {-1, uevent_ready};
static void (*on_change)(void);

int uevent_open(void)
{
	struct sockaddr_nl addr = {.nl_family = AF_NETLINK, .nl_groups = 1};
	int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		int error = errno;

		close(fd);
		return -error;
	}
	watch.fd = fd;
	return 0;
}

/* Only that something happened counts: what is there now is read from sysfs. */
static void discard_events(void)
{
	char buf[4096];

	while (recv(watch.fd, buf, sizeof(buf), 0) >= 0 || errno == ENOBUFS || errno == EINTR)
		;
}

int uevent_wait(int ms)
{
	struct pollfd p = {.fd = watch.fd, .events = POLLIN};

	if (poll(&p, 1, ms) <= 0)
		return 0;
	discard_events();
	return 1;
}

static void uevent_ready(struct watch *w, uint32_t events)
{
	(void)w;
	(void)events;
	discard_events();
	on_change();
}

void uevent_start(void (*changed)(void))
{
	on_change = changed;
	if (watch.fd >= 0)
		loop_add(&watch, EPOLLIN);
}
