// SPDX-License-Identifier: GPL-2.0-only
#include "guest/pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int pipes_kind(const char *name)
{
	static const char *const names[] = {"pipe", "socket", "pty"};

	for (int i = 0; i < (int)ARRAY_SIZE(names); i++) {
		if (!name || !strcmp(name, names[i]))
			return i; /* the first one without a name */
	}
	return -1;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void pipes_close_theirs(struct pipes *p)
{
	/* The same descriptor may be there up to three times. */
	for (int i = 2; i >= 0; i--) {
		int again = 0;

		for (int k = 0; k < i; k++)
			again |= p->io.fd[k] == p->io.fd[i];
		if (!again)
			close_fd(&p->io.fd[i]);
		p->io.fd[i] = -1;
	}
}

void pipes_close_ours(struct pipes *p)
{
	close_fd(&p->in);
	close_fd(&p->out[0]);
	close_fd(&p->out[1]);
}

/* we_write: which end is ours. */
static int open_pipe(int *ours, int *theirs, int we_write)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC))
		return -errno;
	*ours = fd[we_write];
	*theirs = fd[!we_write];
	return fcntl(*ours, F_SETFL, O_NONBLOCK) ? -errno : 0;
}

/* A descriptor of its own for each direction, as the loop wants them. */
static int split(int fd, struct pipes *p)
{
	p->out[0] = fd;
	p->in = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return p->in < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) ? -errno : 0;
}

/* What some servers want from inetd: one socket for input and output. */
static int open_socket(struct pipes *p)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
		return -errno;
	p->io.fd[0] = p->io.fd[1] = fd[1];
	return split(fd[0], p);
}

static int open_pty(struct pipes *p)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	int unlock = 0;
	int slave;

	if (master < 0)
		return -errno;
	slave = ioctl(master, TIOCSPTLCK, &unlock)
			? -1
			: ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	p->io.fd[0] = p->io.fd[1] = p->io.fd[2] = slave;
	p->io.tty = 1;
	p->out[0] = master;
	return slave < 0 ? -errno : split(master, p);
}

int pipes_open(enum pipes_kind kind, struct pipes *p, struct fault *f)
{
	int ret = 0;

	*p = (struct pipes){kind, -1, {-1, -1}, {{-1, -1, -1}, 3, 0}};
	if (kind == PIPES_PTY) {
		ret = open_pty(p);
	} else if (kind == PIPES_SOCKET) {
		ret = open_socket(p);
	} else {
		ret = open_pipe(&p->in, &p->io.fd[0], 1);
		if (!ret)
			ret = open_pipe(&p->out[0], &p->io.fd[1], 0);
	}
	if (!ret && kind != PIPES_PTY)
		ret = open_pipe(&p->out[1], &p->io.fd[2], 0);
	if (!ret)
		return 0;
	pipes_close_theirs(p);
	pipes_close_ours(p);
	return fault_set(f, ret, "open: streams: %s", strerror(-ret));
}

void pipes_end_input(struct pipes *p)
{
	/* On a terminal it is the key for it, and the program decides. */
	if (p->kind == PIPES_PTY && write(p->in, "\4", 1) < 0)
		return;
	if (p->kind == PIPES_SOCKET)
		shutdown(p->in, SHUT_WR);
	if (p->kind != PIPES_PTY)
		close_fd(&p->in);
}

void pipes_resize(const struct pipes *p, int rows, int cols)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

	if (p->kind == PIPES_PTY && p->out[0] >= 0)
		ioctl(p->out[0], TIOCSWINSZ, &size);
}
