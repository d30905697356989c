// SPDX-License-Identifier: GPL-2.0-only
#include "run/blocks.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "reach/liveesc.h"

#define CHUNK (64 << 10)

struct block {
	struct blocks *of;
	struct block *next;
	int file_fd;
	bool sole;
	int fd;		/* the block so far; file_fd where all goes straight through */
	off_t copied;	/* of it, to file_fd */
	uint64_t begun; /* when it said its first word, of all; 0: not yet */
};

struct blocks {
	char *tmp_dir;
	bool several;
	blocks_show_fn *show;
	void *arg;
	struct block *all, *focus;
	int queue_fd; /* whole blocks that wait until the one in focus is; -1: none is shown */
	uint64_t clock;
};

static int open_tmp(const char *dir, struct err *err)
{
	int fd = file_unnamed(dir);

	return fd < 0 ? err_set(err, fd, "a temporary file in %s: %s", dir, strerror(-fd)) : fd;
}

int blocks_new(const char *tmp_dir, bool several, blocks_show_fn *show, void *arg,
	       struct blocks **out, struct err *err)
{
	int queue_fd = several && show ? open_tmp(tmp_dir, err) : -1;
	struct blocks *bs;

	if (several && show && queue_fd < 0)
		return err->code;
	bs = xcalloc(1, sizeof(*bs));
	*bs = (struct blocks){
		.tmp_dir = xstrdup(tmp_dir),
		.several = several,
		.show = show,
		.arg = arg,
		.queue_fd = queue_fd,
	};
	*out = bs;
	return 0;
}

/* ---- from file to file, and to the screen */

/* From offset at to the end; a reader that fails leaves the rest where it is. */
static int copy(int from, off_t at, int to, off_t *end)
{
	char buf[CHUNK];
	ssize_t n;
	int r = 0;

	while ((n = pread(from, buf, sizeof(buf), at)) > 0 && r == 0) {
		r = fd_write_all(to, buf, (size_t)n);
		at += n;
	}
	*end = at;
	return n < 0 ? -errno : r;
}

/* Cut behind a newline where there is one, so that no character is cut in two. */
static size_t whole_lines(const char *buf, size_t len)
{
	const char *nl = memrchr(buf, '\n', len);

	return nl ? (size_t)(nl - buf) + 1 : len;
}

static void show_file(struct blocks *bs, int fd)
{
	_cleanup_free_ char *escaped = xmalloc((size_t)CHUNK * LIVE_ESCAPE_GROWTH);
	char buf[CHUNK];
	off_t at = 0;
	ssize_t n;

	while (bs->show && (n = pread(fd, buf, sizeof(buf), at)) > 0) {
		size_t len = whole_lines(buf, (size_t)n);

		bs->show(bs->arg, escaped, live_escape(buf, len, escaped));
		at += (off_t)len;
	}
}

static void empty(int fd)
{
	/* It has no name and is ours alone: that cannot fail. */
	if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		abort();
}

/* ---- the focus */

static void focus_next(struct blocks *bs)
{
	struct block *first = NULL;

	for (struct block *b = bs->all; b; b = b->next)
		if (b->begun && (!first || b->begun < first->begun))
			first = b;
	bs->focus = first;
	if (first)
		show_file(bs, first->fd);
}

static void show_queue(struct blocks *bs)
{
	if (bs->queue_fd < 0)
		return;
	show_file(bs, bs->queue_fd);
	empty(bs->queue_fd);
}

void block_said(struct block *b, const char *text, size_t len)
{
	struct blocks *bs = b->of;

	if (!b->begun)
		b->begun = ++bs->clock;
	if (!bs->focus)
		bs->focus = b;
	if ((bs->focus == b || !bs->several) && bs->show)
		bs->show(bs->arg, text, len);
}

/* ---- a job's blocks */

int block_new(struct blocks *bs, int file_fd, bool sole, struct block **out, struct err *err)
{
	int fd = bs->several ? open_tmp(bs->tmp_dir, err) : file_fd;
	struct block *b;

	if (fd < 0)
		return err->code;
	b = xcalloc(1, sizeof(*b));
	*b = (struct block){.of = bs, .next = bs->all, .file_fd = file_fd, .sole = sole, .fd = fd};
	bs->all = b;
	*out = b;
	return 0;
}

int block_fd(const struct block *b)
{
	return b->fd;
}

static int copy_out(struct block *b, struct err *err)
{
	int r = copy(b->fd, b->copied, b->file_fd, &b->copied);

	return r < 0 ? err_set(err, r, "log of the run: %s", strerror(-r)) : 0;
}

int block_sync(struct block *b, struct err *err)
{
	return b->of->several && b->sole ? copy_out(b, err) : 0;
}

/* To be shown when the one in focus has ended; what does not fit on the disk is not. */
static void enqueue(struct block *b)
{
	off_t end;

	if (b->of->queue_fd >= 0)
		copy(b->fd, 0, b->of->queue_fd, &end);
}

int block_end(struct block *b, struct err *err)
{
	struct blocks *bs = b->of;
	int r;

	if (!bs->several)
		return 0;
	r = copy_out(b, err);
	if (bs->focus && bs->focus != b)
		enqueue(b);
	empty(b->fd);
	b->copied = 0;
	b->begun = 0;
	if (bs->focus == b) {
		show_queue(bs);
		focus_next(bs);
	}
	return r;
}

void block_free(struct block *b)
{
	struct block **at;

	if (!b)
		return;
	block_end(b, NULL);
	for (at = &b->of->all; *at && *at != b;)
		at = &(*at)->next;
	*at = b->next;
	if (b->of->several)
		close(b->fd);
	free(b);
}

void blocks_free(struct blocks *bs)
{
	if (!bs)
		return;
	for (struct block *b = bs->all, *next; b; b = next) {
		next = b->next;
		block_free(b);
	}
	show_queue(bs);
	if (bs->queue_fd >= 0)
		close(bs->queue_fd);
	free(bs->tmp_dir);
	free(bs);
}
