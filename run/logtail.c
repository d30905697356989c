// SPDX-License-Identifier: GPL-2.0-only
#include "run/logtail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

/* Lines are cut to less than this, so one ends within it. */
#define LINE_WINDOW 70000

int logtail_open(struct logtail *t, const char *dir, uint64_t cap)
{
	int fd = file_unnamed(dir);

	*t = (struct logtail){.fd = fd < 0 ? -1 : fd, .cap = cap};
	return fd < 0 ? fd : 0;
}

void logtail_done(struct logtail *t)
{
	if (t->fd >= 0)
		close(t->fd);
	*t = (struct logtail){.fd = -1};
}

int logtail_write(struct logtail *t, const char *data, size_t len)
{
	uint64_t at, room;
	ssize_t n;

	while (len) {
		at = t->total % t->cap;
		room = t->cap - at;
		n = pwrite(t->fd, data, len < room ? len : room, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		t->total += (uint64_t)n;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int64_t logtail_read(const struct logtail *t, uint64_t at, char *buf, size_t n)
{
	uint64_t pos = at % t->cap, run = t->cap - pos;
	ssize_t got;

	if (run > t->total - at)
		run = t->total - at;
	if (n > run)
		n = run;
	do
		got = pread(t->fd, buf, n, (off_t)pos);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

uint64_t logtail_lost(const struct logtail *t)
{
	_cleanup_free_ char *window = NULL;
	uint64_t lost = t->total > t->cap ? t->total - t->cap : 0, at = lost;
	const char *nl;
	int64_t n;

	if (!lost)
		return 0;
	window = xmalloc(LINE_WINDOW);
	while (at < t->total && at - lost < 2 * LINE_WINDOW) {
		n = logtail_read(t, at, window, LINE_WINDOW);
		if (n <= 0)
			break;
		nl = memchr(window, '\n', (size_t)n);
		if (nl)
			return at + (uint64_t)(nl - window) + 1;
		at += (uint64_t)n;
	}
	return t->total;
}
