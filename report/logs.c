// SPDX-License-Identifier: GPL-2.0-only
#include "report/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static void read_at(int fd, uint64_t at, size_t n, struct strbuf *b)
{
	ssize_t got;

	strbuf_reserve(b, n);
	while (b->len < n) {
		got = pread(fd, b->s + b->len, n - b->len, (off_t)(at + b->len));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		b->len += (size_t)got;
	}
	b->s[b->len] = '\0';
}

/* What a log is cut to ends, or begins, with a line. */
static void cut_end(struct strbuf *b)
{
	const char *nl = b->len ? memrchr(b->s, '\n', b->len) : NULL;

	if (nl)
		b->len = (size_t)(nl - b->s) + 1;
	b->s[b->len] = '\0';
}

static void cut_begin(struct strbuf *b)
{
	const char *nl = b->len ? memchr(b->s, '\n', b->len) : NULL;
	size_t n = nl ? (size_t)(nl - b->s) + 1 : 0;

	memmove(b->s, b->s + n, b->len - n + 1);
	b->len -= n;
}

static int open_log(int dir_fd, const struct result_test *t, uint64_t *size)
{
	_cleanup_free_ char *path = result_log_path(t);
	struct stat st;
	int fd;

	if (dir_fd < 0 || !path)
		return -1;
	fd = open_beneath(dir_fd, path, O_RDONLY, 0);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -1;
	}
	*size = (uint64_t)st.st_size;
	return fd;
}

bool log_read(int dir_fd, const struct result_test *t, size_t head, size_t tail, struct log_part *p)
{
	_cleanup_close_ int fd = -1;

	*p = (struct log_part){0};
	fd = open_log(dir_fd, t, &p->size);
	if (fd < 0)
		return false;
	if (p->size <= head + tail) {
		read_at(fd, 0, (size_t)p->size, &p->head);
		return true;
	}
	read_at(fd, 0, head, &p->head);
	cut_end(&p->head);
	read_at(fd, p->size - tail, tail, &p->tail);
	cut_begin(&p->tail);
	p->left_out = p->size - p->head.len - p->tail.len;
	return true;
}

void log_part_done(struct log_part *p)
{
	strbuf_done(&p->head);
	strbuf_done(&p->tail);
}
