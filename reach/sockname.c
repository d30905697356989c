// SPDX-License-Identifier: GPL-2.0-only
#include "reach/sockname.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"

/* The directory by its descriptor: a short path, whatever it is called. */
static int address(const char *dir, const char *name, int *dirfd, struct sockaddr_un *sa,
		   struct err *err)
{
	*sa = (struct sockaddr_un){.sun_family = AF_UNIX};
	*dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*dirfd < 0)
		return err_errno(err, "%s", dir);
	snprintf(sa->sun_path, sizeof(sa->sun_path), "/proc/self/fd/%d/%s", *dirfd, name);
	return 0;
}

int socket_listen(const char *dir, const char *name, struct err *err)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	_cleanup_close_ int dirfd = -1;
	struct sockaddr_un sa;
	int out, r;

	r = address(dir, name, &dirfd, &sa, err);
	if (r < 0)
		return r;
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    chmod(sa.sun_path, 0600) < 0 || listen(fd, 16) < 0)
		return err_errno(err, "%s/%s", dir, name);
	out = fd;
	fd = -1;
	return out;
}

int socket_connect(const char *dir, const char *name, struct err *err)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_cleanup_close_ int dirfd = -1;
	struct sockaddr_un sa;
	int out, r;

	r = address(dir, name, &dirfd, &sa, err);
	if (r < 0)
		return r;
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return err_errno(err, "%s/%s", dir, name);
	out = fd;
	fd = -1;
	return out;
}
