// SPDX-License-Identifier: GPL-2.0-only
#include "vm/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

#define CHUNK		 (256 << 10)
#define PUNCH_BYTES	 (16 << 20)
/* A guest that writes without end must not keep the loop from its other sources. */
#define CHUNKS_PER_ROUND 16

struct tail {
	struct loop_source *source;
	int fd, inotify;
	tail_fn *fn;
	void *arg;
	off_t at, punched;
	bool reading;
	char *buf; /* CHUNK */
};

/* A file system that cannot is one whose file grows until the guest ends. */
static void punch(struct tail *t)
{
	if (t->at - t->punched < PUNCH_BYTES)
		return;
	fallocate(t->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, t->punched,
		  t->at - t->punched);
	t->punched = t->at;
}

/* Whether there may be more. */
static bool read_some(struct tail *t)
{
	ssize_t n = pread(t->fd, t->buf, CHUNK, t->at);

	if (n <= 0)
		return n < 0 && errno == EINTR;
	t->at += n;
	t->fn(t->arg, t->buf, (size_t)n);
	punch(t);
	return true;
}

static void ready(void *arg, int fd, uint32_t events)
{
	struct tail *t = arg;
	char told[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool more = true;

	(void)events;
	t->reading = true;
	for (int i = 0; i < CHUNKS_PER_ROUND && more; i++)
		more = read_some(t);
	t->reading = false;
	/* Events are taken only when all is read, so that the loop comes back for the rest. */
	if (more || read(fd, told, sizeof(told)) < 0)
		return;
	tail_drain(t);
}

int tail_open(struct loop *loop, const char *path, tail_fn *fn, void *arg, struct tail **out,
	      struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	_cleanup_close_ int inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct tail *t;

	if (fd < 0)
		return err_errno(err, "%s", path);
	if (inotify < 0 || inotify_add_watch(inotify, path, IN_MODIFY) < 0)
		return err_errno(err, "inotify (see /proc/sys/fs/inotify/max_user_instances and "
				      "max_user_watches)");
	t = xcalloc(1, sizeof(*t));
	*t = (struct tail){.fd = fd, .inotify = inotify, .fn = fn, .arg = arg};
	t->buf = xmalloc(CHUNK);
	t->source = loop_io(loop, inotify, EPOLLIN, ready, t);
	fd = inotify = -1;
	*out = t;
	return 0;
}

void tail_drain(struct tail *t)
{
	struct stat st;

	/* No more than is there by now: what is written meanwhile is told of anew. */
	if (t->reading || fstat(t->fd, &st) < 0)
		return;
	t->reading = true;
	while (t->at < st.st_size && read_some(t))
		;
	t->reading = false;
}

void tail_free(struct tail *t)
{
	if (!t)
		return;
	loop_remove(t->source);
	close(t->fd);
	close(t->inotify);
	free(t->buf);
	free(t);
}
