// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/content.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

#define THREADS	     4
#define MANIFEST_MAX (1 << 30)

/* The manifest: a head, n records by path, their paths with a NUL each. It never leaves this
 * machine: no byte order. */
static const char magic[8] = "ktestM1";

struct head {
	char magic[8];
	uint64_t n, strings;
	struct sum check; /* of all that follows */
};

struct record {
	uint64_t path; /* offset among the paths */
	uint64_t mode, size, inode;
	int64_t mtime_ns, ctime_ns;
	struct sum content;
};

struct manifest {
	char *text;
	const struct record *v;
	size_t n;
	const char *strings;
};

/* The contents of t's files, in its order. */
struct contents {
	int root;
	const struct tree *t;
	struct sum *v;
	size_t *todo; /* indexes of those that have to be read */
	size_t ntodo;
	atomic_size_t next;
	atomic_int error;
	char *failed; /* the path of the thread that set error */
};

/* ---- the manifest */

static bool is_whole(const char *text, size_t len)
{
	struct head h;
	size_t body;

	if (len < sizeof(h))
		return false;
	memcpy(&h, text, sizeof(h));
	body = len - sizeof(h);
	if (memcmp(h.magic, magic, sizeof(magic)) || h.n > body / sizeof(struct record) ||
	    h.strings != body - h.n * sizeof(struct record))
		return false;
	return sum_eq(sum_of(text + sizeof(h), body), h.check);
}

static bool has_paths(const struct manifest *m, size_t strings)
{
	if (m->n && (!strings || m->strings[strings - 1]))
		return false;
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].path >= strings)
			return false;
	return true;
}

/* Whatever is wrong with it, without it everything is read. */
static void manifest_read(const char *path, struct manifest *m)
{
	struct head h;
	size_t len;

	if (file_read(path, MANIFEST_MAX, &m->text, &len, NULL) < 0)
		return;
	if (is_whole(m->text, len)) {
		memcpy(&h, m->text, sizeof(h));
		m->v = (const void *)(m->text + sizeof(h));
		m->n = h.n;
		m->strings = m->text + sizeof(h) + h.n * sizeof(struct record);
		if (has_paths(m, h.strings))
			return;
	}
	log_debug("%s is damaged: every file is read again", path);
	m->n = 0;
}

static void add_records(const struct contents *c, struct strbuf *out)
{
	uint64_t at = 0;

	for (size_t i = 0; i < c->t->n; i++) {
		const struct tree_file *f = &c->t->v[i];
		const struct record r = {
			.path = at,
			.mode = f->mode,
			.size = f->size,
			.inode = f->inode,
			.mtime_ns = f->mtime_ns,
			.ctime_ns = f->ctime_ns,
			.content = c->v[i],
		};

		strbuf_add(out, &r, sizeof(r));
		at += strlen(f->path) + 1;
	}
}

static int manifest_write(const char *path, const struct contents *c, struct err *err)
{
	struct head h = {.n = c->t->n};
	_cleanup_strbuf_ struct strbuf b = {0};
	size_t records;

	memcpy(h.magic, magic, sizeof(magic));
	strbuf_add(&b, &h, sizeof(h));
	add_records(c, &b);
	records = b.len;
	for (size_t i = 0; i < c->t->n; i++)
		strbuf_add(&b, c->t->v[i].path, strlen(c->t->v[i].path) + 1);
	h.strings = b.len - records;
	h.check = sum_of(b.s + sizeof(h), b.len - sizeof(h));
	memcpy(b.s, &h, sizeof(h));
	return file_replace(path, b.s, b.len, 0644, err);
}

static bool record_fits(const struct record *r, const struct tree_file *f)
{
	const struct tree_file was = {
		.mode = (mode_t)r->mode,
		.size = r->size,
		.inode = r->inode,
		.mtime_ns = r->mtime_ns,
		.ctime_ns = r->ctime_ns,
	};

	return tree_file_eq(&was, f);
}

/* Both are by path. */
static void take_known(struct contents *c, const struct manifest *m)
{
	size_t j = 0;

	for (size_t i = 0; i < c->t->n; i++) {
		const struct tree_file *f = &c->t->v[i];
		int order = 1;

		while (j < m->n && (order = strcmp(m->strings + m->v[j].path, f->path)) < 0)
			j++;
		if (j < m->n && order == 0 && record_fits(&m->v[j], f))
			c->v[i] = m->v[j].content;
		else if (!S_ISDIR(f->mode))
			c->todo[c->ntodo++] = i;
	}
}

/* ---- reading */

static int sum_link(int root, const struct tree_file *f, struct sum *out)
{
	char to[4096];
	ssize_t n = readlinkat(root, f->path, to, sizeof(to));

	if (n < 0)
		return -errno;
	*out = sum_of(to, (size_t)n);
	return 0;
}

static int sum_file(int root, const struct tree_file *f, struct sum *out)
{
	_cleanup_close_ int fd = -1;

	if (S_ISLNK(f->mode))
		return sum_link(root, f, out);
	if (!S_ISREG(f->mode)) {
		*out = (struct sum){0}; /* a socket, a device: make reads none */
		return 0;
	}
	fd = openat(root, f->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : sum_fd(fd, f->path, out, NULL);
}

static void *reader_run(void *arg)
{
	struct contents *c = arg;
	size_t i;

	while (!c->error && (i = c->next++) < c->ntodo) {
		const struct tree_file *f = &c->t->v[c->todo[i]];
		int none = 0, r = sum_file(c->root, f, &c->v[c->todo[i]]);

		if (r < 0 && atomic_compare_exchange_strong(&c->error, &none, r))
			c->failed = xstrdup(f->path);
	}
	return NULL;
}

static int read_all(struct contents *c, const char *dir, struct err *err)
{
	pthread_t threads[THREADS - 1];
	int started = 0;

	while (c->ntodo > 1 && started < THREADS - 1 &&
	       !pthread_create(&threads[started], NULL, reader_run, c))
		started++;
	reader_run(c);
	while (started > 0)
		pthread_join(threads[--started], NULL);
	if (c->error)
		err_set(err, c->error, "%s/%s: %s", dir, c->failed, strerror(-c->error));
	free(c->failed);
	return c->error;
}

/* Of the mode, what a makefile or a shell could tell apart. */
static struct sum add_up(const struct contents *c)
{
	_cleanup_strbuf_ struct strbuf one = {0};
	struct sum all = {0};

	for (size_t i = 0; i < c->t->n; i++) {
		const struct tree_file *f = &c->t->v[i];
		uint32_t mode = f->mode & (S_IFMT | 0111);

		strbuf_reset(&one);
		strbuf_add(&one, &mode, sizeof(mode));
		strbuf_add(&one, &c->v[i], sizeof(c->v[i]));
		strbuf_puts(&one, f->path);
		sum_add(&all, sum_of(one.s, one.len));
	}
	return all;
}

static int bring_up_to_date(const char *dir, struct contents *c, const char *manifest,
			    struct err *err)
{
	struct manifest m = {0};
	int r;

	manifest_read(manifest, &m);
	take_known(c, &m);
	log_debug("%zu of %zu files of %s are read", c->ntodo, c->t->n, dir);
	r = read_all(c, dir, err);
	if (r == 0 && (c->ntodo || m.n != c->t->n))
		r = manifest_write(manifest, c, err);
	free(m.text);
	return r;
}

int content_sum(const char *dir, struct tree *t, const char *manifest, struct sum *out,
		struct err *err)
{
	_cleanup_close_ int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct contents c = {.root = root, .t = t};
	int r;

	if (root < 0)
		return err_errno(err, "%s", dir);
	tree_sort(t);
	c.v = xcalloc(t->n + 1, sizeof(*c.v));
	c.todo = xcalloc(t->n + 1, sizeof(*c.todo));
	r = bring_up_to_date(dir, &c, manifest, err);
	if (r == 0)
		*out = add_up(&c);
	free(c.v);
	free(c.todo);
	return r;
}
