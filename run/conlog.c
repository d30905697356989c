// SPDX-License-Identifier: GPL-2.0-only
#include "run/conlog.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/loop.h"
#include "base/str.h"
#include "reach/liveesc.h"
#include "run/logtail.h"

#define STAMP_MAX	24
#define OUT_FULL	(256 << 10)
#define OUT_SIZE	(OUT_FULL + CONLOG_LINE_MAX + STAMP_MAX + 1)
#define LIVE_CHUNK	(32 << 10)
#define LAST_LINE_BYTES 256

/* One of the two files. */
struct target {
	int fd;	   /* -1: none */
	bool dead; /* writing failed: no more of it */
	const char *name;
};

struct span {
	const char *s;
	size_t len;
};

struct conlog {
	struct conlog_options o;
	char *tmp_dir;
	struct target subtest, run;
	struct err pending; /* of a write, not returned yet */

	char stamp[STAMP_MAX];
	size_t stamp_len;

	char *carry; /* the line that has no end yet */
	size_t carry_len;
	bool broken;  /* carry goes on with a line whose first part is out already */
	bool in_line; /* within line(): carry is that line */

	char *out; /* stamped lines on their way to the files */
	size_t out_len;
	char *escaped;

	uint64_t head; /* bytes written of this subtest, until the tail is open */
	int64_t lines; /* put into this subtest's log */
	struct logtail tail;

	uint64_t bytes;
	struct span recent[CONLOG_LAST_LINES]; /* of this feed, not copied yet */
	unsigned int nrecent;
	char last[CONLOG_LAST_LINES][LAST_LINE_BYTES];
	unsigned int nlast;
};

struct conlog *conlog_new(const struct conlog_options *o)
{
	struct conlog *c = xcalloc(1, sizeof(*c));

	c->o = *o;
	if (!c->o.log_limit)
		c->o.log_limit = CONLOG_DEFAULT_LIMIT;
	c->tmp_dir = xstrdup(o->tmp_dir ? o->tmp_dir : "/var/tmp");
	c->subtest = (struct target){.fd = -1, .name = "log of the subtest"};
	c->run = (struct target){.fd = o->run_fd, .name = "log of the run"};
	c->tail.fd = -1;
	c->carry = xmalloc(CONLOG_LINE_MAX);
	c->out = xmalloc(OUT_SIZE);
	if (o->live && o->live_escape)
		c->escaped = xmalloc((size_t)LIVE_CHUNK * LIVE_ESCAPE_GROWTH);
	return c;
}

static void set_stamp(struct conlog *c)
{
	int64_t s = (loop_now_ns() - c->o.start_ns) / NSEC_PER_SEC;
	int n = snprintf(c->stamp, sizeof(c->stamp), "%05lld ", (long long)(s < 0 ? 0 : s));

	c->stamp_len = (size_t)n;
}

static void note_error(struct conlog *c, const char *what, int code)
{
	if (!c->pending.code)
		err_set(&c->pending, code, "%s: %s", what, strerror(-code));
}

static int take_error(struct conlog *c, struct err *err)
{
	int code = c->pending.code;

	if (code && err)
		*err = c->pending;
	c->pending.code = 0;
	return code;
}

static void target_write(struct conlog *c, struct target *t, const char *text, size_t len)
{
	int r;

	if (t->fd < 0 || t->dead || !len)
		return;
	r = fd_write_all(t->fd, text, len);
	if (r == 0)
		return;
	t->dead = true;
	note_error(c, t->name, r);
}

static void write_both(struct conlog *c, const char *text, size_t len)
{
	target_write(c, &c->subtest, text, len);
	target_write(c, &c->run, text, len);
}

/* Half the limit in whole lines is the head; from then on the tail takes all. */
static size_t head_part(const struct conlog *c, const char *text, size_t len)
{
	uint64_t room = c->o.log_limit / 2 - c->head;
	const char *nl;

	if (len <= room)
		return len;
	nl = room ? memrchr(text, '\n', (size_t)room) : NULL;
	return nl ? (size_t)(nl - text) + 1 : 0;
}

static void tail_write(struct conlog *c, const char *text, size_t len)
{
	uint64_t cap = c->o.log_limit - c->o.log_limit / 2;
	int r = 0;

	if (c->tail.fd < 0)
		r = logtail_open(&c->tail, c->tmp_dir, cap);
	if (r == 0)
		r = logtail_write(&c->tail, text, len);
	if (r < 0)
		note_error(c, c->tmp_dir, r);
}

static void write_limited(struct conlog *c, const char *text, size_t len)
{
	size_t head = c->tail.fd < 0 ? head_part(c, text, len) : 0;

	write_both(c, text, head);
	c->head += head;
	if (len > head)
		tail_write(c, text + head, len - head);
}

static void show(struct conlog *c, const char *text, size_t len)
{
	size_t n;

	if (!c->escaped) {
		c->o.live(c->o.arg, text, len);
		return;
	}
	for (; len; text += n, len -= n) {
		n = len < LIVE_CHUNK ? len : LIVE_CHUNK;
		/* Cut behind a newline, so that no character is cut in two. */
		if (n < len && memrchr(text, '\n', n))
			n = (size_t)((const char *)memrchr(text, '\n', n) - text) + 1;
		c->o.live(c->o.arg, c->escaped, live_escape(text, n, c->escaped));
	}
}

static void write_out(struct conlog *c)
{
	size_t len = c->out_len;

	if (!len)
		return;
	c->out_len = 0;
	write_limited(c, c->out, len);
	if (c->o.live)
		show(c, c->out, len);
}

static void put_line(struct conlog *c, const char *line, size_t len)
{
	char *p;

	if (c->out_len > OUT_FULL)
		write_out(c);
	p = c->out + c->out_len;
	memcpy(p, c->stamp, c->stamp_len);
	p += c->stamp_len;
	memcpy(p, line, len);
	p[len] = '\n';
	c->out_len += c->stamp_len + len + 1;
	c->lines++;
}

static void keep_recent(struct conlog *c)
{
	unsigned int n = c->nrecent < CONLOG_LAST_LINES ? c->nrecent : CONLOG_LAST_LINES;
	const struct span *sp;
	size_t len;
	char *to;

	for (unsigned int i = c->nrecent - n; i < c->nrecent; i++) {
		sp = &c->recent[i % CONLOG_LAST_LINES];
		to = c->last[c->nlast++ % CONLOG_LAST_LINES];
		len = sp->len < LAST_LINE_BYTES ? sp->len : LAST_LINE_BYTES - 1;
		memcpy(to, sp->s, len);
		to[len] = 0;
	}
	c->nrecent = 0;
	/* Ends wrapping long before it could matter, and keeps the order. */
	if (c->nlast >= 2 * CONLOG_LAST_LINES)
		c->nlast -= CONLOG_LAST_LINES;
}

static void remember(struct conlog *c, const char *line, size_t len)
{
	size_t i = 0;

	while (i < len && isspace((unsigned char)line[i]))
		i++;
	if (i == len)
		return;
	if (c->nrecent >= 2 * CONLOG_LAST_LINES)
		c->nrecent -= CONLOG_LAST_LINES;
	c->recent[c->nrecent++ % CONLOG_LAST_LINES] = (struct span){line, len};
}

static void whole_line(struct conlog *c, const char *line, size_t len)
{
	enum conlog_action action = CONLOG_KEEP;

	if (len && line[len - 1] == '\r')
		len--;
	remember(c, line, len);
	if (c->o.line && !c->broken) {
		c->in_line = true;
		action = c->o.line(c->o.arg, line, len);
		c->in_line = false;
	}
	if (action == CONLOG_KEEP)
		put_line(c, line, len);
}

/* The line in carry is over, or as long as lines may be (broken). */
static void carry_out(struct conlog *c, bool more_follows)
{
	size_t len = c->carry_len;

	whole_line(c, c->carry, len);
	keep_recent(c);
	c->carry_len = 0;
	c->broken = more_follows;
}

static void carry_add(struct conlog *c, const char *p, size_t len)
{
	size_t n;

	for (; len; p += n, len -= n) {
		if (c->carry_len == CONLOG_LINE_MAX)
			carry_out(c, true);
		n = CONLOG_LINE_MAX - c->carry_len;
		n = len < n ? len : n;
		memcpy(c->carry + c->carry_len, p, n);
		c->carry_len += n;
	}
}

int conlog_feed(struct conlog *c, const void *data, size_t len, struct err *err)
{
	const char *p = data, *end = p + len, *nl;

	set_stamp(c);
	c->bytes += len;
	for (; p < end && (nl = memchr(p, '\n', (size_t)(end - p))); p = nl + 1) {
		if (!c->carry_len && !c->broken && nl - p <= CONLOG_LINE_MAX) {
			whole_line(c, p, (size_t)(nl - p));
			continue;
		}
		carry_add(c, p, (size_t)(nl - p));
		carry_out(c, false);
	}
	if (p < end)
		carry_add(c, p, (size_t)(end - p));
	keep_recent(c);
	write_out(c);
	return take_error(c, err);
}

static void flush_lines(struct conlog *c)
{
	if (!c->in_line && c->carry_len) {
		set_stamp(c);
		carry_out(c, false);
	}
	write_out(c);
}

int conlog_flush(struct conlog *c, struct err *err)
{
	flush_lines(c);
	return take_error(c, err);
}

int conlog_note(struct conlog *c, struct err *err, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&b, fmt, ap);
	va_end(ap);
	set_stamp(c);
	put_line(c, b.s, b.len < CONLOG_LINE_MAX ? b.len : CONLOG_LINE_MAX);
	if (!c->in_line)
		write_out(c);
	return take_error(c, err);
}

/* "00012 [ktest: 123 bytes left out]", with the stamp of the line that follows. */
static void write_marker(struct conlog *c, uint64_t lost)
{
	char line[STAMP_MAX + 64], first[STAMP_MAX];
	int64_t n = logtail_read(&c->tail, lost, first, sizeof(first));
	const char *blank = n > 0 ? memchr(first, ' ', (size_t)n) : NULL;
	int len = blank ? (int)(blank - first) + 1 : (int)c->stamp_len;

	len = snprintf(line, sizeof(line), "%.*s[ktest: %llu bytes left out]\n", len,
		       blank ? first : c->stamp, (unsigned long long)lost);
	write_both(c, line, (size_t)len);
}

/* Put the tail behind the head. out is empty and serves as the buffer. */
static void join_tail(struct conlog *c)
{
	uint64_t at = logtail_lost(&c->tail);
	int64_t n;

	if (at)
		write_marker(c, at);
	for (; at < c->tail.total; at += (uint64_t)n) {
		n = logtail_read(&c->tail, at, c->out, OUT_SIZE);
		if (n <= 0) {
			note_error(c, c->tmp_dir, n ? (int)n : -EIO);
			break;
		}
		write_both(c, c->out, (size_t)n);
	}
	logtail_done(&c->tail);
}

int conlog_subtest(struct conlog *c, int fd, struct err *err)
{
	flush_lines(c);
	if (c->tail.fd >= 0)
		join_tail(c);
	c->head = 0;
	c->lines = 0;
	c->subtest.fd = fd;
	c->subtest.dead = false;
	return take_error(c, err);
}

int64_t conlog_next_line(const struct conlog *c)
{
	uint64_t next = c->head + c->out_len + CONLOG_LINE_MAX + STAMP_MAX;

	if (c->subtest.fd < 0 || c->tail.fd >= 0 || next > c->o.log_limit / 2)
		return 0;
	return c->lines + 1;
}

uint64_t conlog_bytes(const struct conlog *c)
{
	return c->bytes;
}

const char *conlog_last_line(struct conlog *c, unsigned int back)
{
	keep_recent(c);
	if (back >= CONLOG_LAST_LINES || back >= c->nlast)
		return NULL;
	return c->last[(c->nlast - 1 - back) % CONLOG_LAST_LINES];
}

void conlog_free(struct conlog *c)
{
	if (!c)
		return;
	conlog_subtest(c, -1, NULL);
	free(c->tmp_dir);
	free(c->carry);
	free(c->out);
	free(c->escaped);
	free(c);
}
