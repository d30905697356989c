// SPDX-License-Identifier: GPL-2.0-only
#include "vm/ends.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"

static int make_pair(int pair[2], struct err *err)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(err, "socketpair");
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	return 0;
}

/* The socket of `ktest mon`: made here, so that it is there from the start and only its owner's. */
int ends_listen(const char *path, struct err *err)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int out;

	if (strlen(path) >= sizeof(sa.sun_path))
		return err_set(err, ENAMETOOLONG,
			       "%s: too long for a socket's name; use a shorter -T or TMPDIR",
			       path);
	strcpy(sa.sun_path, path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || chmod(path, 0600) < 0 ||
	    listen(fd, 4) < 0)
		return err_errno(err, "%s", path);
	out = fd;
	fd = -1;
	return out;
}

void ends_close_theirs(struct ends *e)
{
	for (int i = 0; i < ENDS; i++)
		if (e->theirs[i] >= 0)
			close(e->theirs[i]);
	if (e->user_qmp >= 0)
		close(e->user_qmp);
	if (e->log >= 0)
		close(e->log);
}

int ends_open(const char *dir, struct ends *e, struct err *err)
{
	_cleanup_free_ char *sock = xasprintf("%s/qmp", dir);
	_cleanup_free_ char *log = xasprintf("%s/qemu.log", dir);
	int pair[2], r;

	for (int i = 0; i < ENDS; i++)
		e->ours[i] = e->theirs[i] = -1;
	e->user_qmp = e->log = -1;
	for (int i = 0; i < ENDS; i++) {
		r = make_pair(pair, err);
		if (r < 0)
			return r;
		e->ours[i] = pair[0];
		e->theirs[i] = pair[1];
	}
	e->log = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (e->log < 0)
		return err_errno(err, "%s", log);
	e->user_qmp = ends_listen(sock, err);
	return e->user_qmp < 0 ? e->user_qmp : 0;
}

void ends_close_ours(struct ends *e)
{
	for (int i = 0; i < ENDS; i++)
		if (e->ours[i] >= 0)
			close(e->ours[i]);
}
