// SPDX-License-Identifier: GPL-2.0-only
#include "result/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/str.h"

struct journal {
	int fd;
	char *name;
	int64_t seq;	      /* of the next event */
	struct err error;     /* code set once a write failed */
	journal_line_fn *tee; /* NULL: none */
	void *tee_arg;
};

struct reader {
	const char *name;
	journal_event_fn *fn;
	void *arg;
	struct strbuf line; /* the beginning of a line whose end is not read yet */
	uint64_t lineno;
	uint64_t bad_line; /* malformed: legal only as the last one; 0: none */
	char bad_text[256];
	int64_t offset;	  /* behind the last good line */
	int64_t next_seq; /* behind the last good event */
};

static int check_first(const struct reader *r, const json_t *event, struct err *err)
{
	int64_t version = json_get_int(event, "version", 0);

	if (!str_eq(json_get_str(event, "ev"), "run"))
		return err_set(err, EINVAL, "%s:1: not a journal: it does not begin with a run",
			       r->name);
	if (version != JOURNAL_VERSION)
		return err_set(err, EPROTONOSUPPORT,
			       "%s:1: written in version %" PRId64 ", this ktest reads version %d",
			       r->name, version, JOURNAL_VERSION);
	return 0;
}

static int report_bad(const struct reader *r, struct err *err)
{
	return err_set(err, EINVAL, "%s:%" PRIu64 ": %s", r->name, r->bad_line, r->bad_text);
}

static json_t *parse_line(struct reader *r, const char *line, size_t len)
{
	json_error_t je;
	json_t *event = json_loadb(line, len, JSON_REJECT_DUPLICATES, &je);

	if (event && json_get_str(event, "ev"))
		return event;
	r->bad_line = r->lineno;
	snprintf(r->bad_text, sizeof(r->bad_text), "%s", event ? "not an event" : je.text);
	json_decref(event);
	return NULL;
}

/* One line without its newline. */
static int reader_line(struct reader *r, const char *line, size_t len, struct err *err)
{
	_cleanup_json_ json_t *event = NULL;
	int res;

	if (r->bad_line)
		return report_bad(r, err);
	r->lineno++;
	event = parse_line(r, line, len);
	if (!event)
		return 0;
	if (r->lineno == 1) {
		res = check_first(r, event, err);
		if (res < 0)
			return res;
	}
	r->offset += (int64_t)len + 1;
	/* unsigned: the file may hold any number */
	r->next_seq = (int64_t)((uint64_t)json_get_int(event, "seq", r->next_seq) + 1);
	return r->fn ? r->fn(r->arg, event) : 0;
}

static int reader_add(struct reader *r, const char *data, size_t len, struct err *err)
{
	const char *nl;
	size_t n;
	int res;

	while (len) {
		nl = memchr(data, '\n', len);
		n = nl ? (size_t)(nl - data) : len;
		if (r->line.len + n > JOURNAL_LINE_MAX)
			return err_set(err, EMSGSIZE, "%s:%" PRIu64 ": line of more than %d bytes",
				       r->name, r->lineno + 1, JOURNAL_LINE_MAX);
		strbuf_add(&r->line, data, n);
		if (!nl)
			return 0;
		res = reader_line(r, r->line.s, r->line.len, err);
		strbuf_reset(&r->line);
		if (res)
			return res;
		data += n + 1;
		len -= n + 1;
	}
	return 0;
}

static int reader_end(const struct reader *r, struct err *err)
{
	if (r->bad_line && r->line.len)
		return report_bad(r, err);
	if (r->offset == 0)
		return err_set(err, EINVAL, "%s: not a journal: it does not begin with a run",
			       r->name);
	return 0;
}

/* What follows the last newline was torn off while it was written, however much it looks like an
 * event: it is left out. */
static int reader_run(struct reader *r, int fd, struct err *err)
{
	char chunk[65536];
	ssize_t n;
	int res;

	for (;;) {
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "%s", r->name);
		if (n == 0)
			return reader_end(r, err);
		res = reader_add(r, chunk, (size_t)n, err);
		if (res)
			return res;
	}
}

static int read_fd(int fd, const char *name, journal_event_fn *fn, void *arg, struct reader *r,
		   struct err *err)
{
	int res;

	*r = (struct reader){.name = name, .fn = fn, .arg = arg};
	res = reader_run(r, fd, err);
	strbuf_done(&r->line);
	return res;
}

int journal_read_fd(int fd, const char *name, journal_event_fn *fn, void *arg, struct err *err)
{
	struct reader r;

	return read_fd(fd, name, fn, arg, &r, err);
}

int journal_read(const char *path, journal_event_fn *fn, void *arg, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return err_errno(err, "%s", path);
	return journal_read_fd(fd, path, fn, arg, err);
}

static int go_on(struct journal *j, struct err *err)
{
	struct reader r;
	int res = read_fd(journal_rewind(j), j->name, NULL, NULL, &r, err);

	if (res < 0)
		return res;
	j->seq = r.next_seq;
	if (ftruncate(j->fd, r.offset) < 0)
		return err_errno(err, "%s: cannot cut off the torn last line", j->name);
	return 0;
}

int journal_open(int fd, const char *name, bool append, struct journal **out, struct err *err)
{
	struct journal *j = xcalloc(1, sizeof(*j));
	int r;

	j->fd = fd;
	j->name = xstrdup(name);
	r = append ? go_on(j, err) : 0;
	if (r < 0) {
		journal_close(j);
		return r;
	}
	*out = j;
	return 0;
}

int journal_rewind(const struct journal *j)
{
	lseek(j->fd, 0, SEEK_SET);
	return j->fd;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	close(j->fd);
	free(j->name);
	free(j);
}

void journal_tee(struct journal *j, journal_line_fn *fn, void *arg)
{
	j->tee = fn;
	j->tee_arg = arg;
}

static char *encode(const struct journal *j, const char *ev, json_t *fields, size_t *len)
{
	_cleanup_json_ json_t *event =
		json_pack("{s:I, s:I, s:s}", "t_ns", (json_int_t)realtime_ns(), "seq",
			  (json_int_t)j->seq, "ev", ev);
	char *text;

	json_object_update_missing(event, fields);
	text = json_dumps(event, JSON_COMPACT);
	if (!text)
		return NULL;
	*len = strlen(text);
	text[(*len)++] = '\n'; /* in the place of the NUL */
	return text;
}

static int keep_error(struct journal *j, int code, struct err *err)
{
	err_set(&j->error, code, "%s: cannot be written: %s", j->name, strerror(abs(code)));
	if (err)
		*err = j->error;
	return j->error.code;
}

int journal_event(struct journal *j, const char *ev, json_t *fields, struct err *err)
{
	size_t len = 0;
	_cleanup_free_ char *text = json_is_object(fields) ? encode(j, ev, fields, &len) : NULL;
	int r;

	json_decref(fields);
	if (j->error.code) {
		if (err)
			*err = j->error;
		return j->error.code;
	}
	if (!text)
		return err_set(err, EINVAL, "%s: bug: no JSON for the event '%s'", j->name, ev);
	if (len > JOURNAL_LINE_MAX)
		return err_set(err, EMSGSIZE, "%s: the event '%s' takes %zu bytes, at most %d",
			       j->name, ev, len, JOURNAL_LINE_MAX);
	r = fd_write_all(j->fd, text, len);
	if (r == 0 && fdatasync(j->fd) < 0)
		r = -errno;
	if (r < 0)
		return keep_error(j, r, err);
	j->seq++;
	if (j->tee)
		j->tee(j->tee_arg, text, len);
	return 0;
}
