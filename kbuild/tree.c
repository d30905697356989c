// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/loop.h"

#define THREADS	  4
#define ARENA	  (1 << 20)
#define FILES_MAX (16 << 20)
#define DEPTH_MAX 200 /* slashes in a path */

/* A file may change twice within one tick of the kernel's clock (10 ms at most) and look the same,
 * as git knows of its index. */
#define TICK_NS	    (20 * NSEC_PER_MSEC)
#define PATIENCE_NS NSEC_PER_SEC

/* A thread's share. */
struct finder {
	struct scan *scan;
	pthread_t thread;
	struct tree_file *v;
	size_t n, cap;
	struct strv arenas;
	char *room;
	size_t left;
	struct sum id;
	int64_t newest_ns;
};

/* The directories that nobody has looked at yet. */
struct scan {
	int root;
	const char *dir;
	const struct strv *skip;
	pthread_mutex_t lock;
	pthread_cond_t more;
	const char **todo;
	size_t ntodo, cap;
	int busy; /* threads that may find more of them */
	int error;
	char *failed; /* the path that error is about */
};

/* ---- what is left out */

/* Names that no makefile of the kernel reads, and that change without the source doing so. */
static bool is_litter(const char *name)
{
	static const char *const litter[] = {
		".git",	  ".*.sw?", "*~",	   ".#*",
		"#*#",	  ".cache", ".vscode",	   ".idea",
		"tags",	  "TAGS",   "cscope.*",	   "GTAGS",
		"GRTAGS", "GPATH",  "__pycache__", "compile_commands.json"};

	for (size_t i = 0; i < ARRAY_SIZE(litter); i++)
		if (!fnmatch(litter[i], name, 0))
			return true;
	return false;
}

/* Few names begin or end like litter: fnmatch is slow. */
static bool left_out(const struct scan *s, const char *path, const char *name, bool is_dir)
{
	size_t len = strlen(name);
	_cleanup_free_ char *full = NULL;

	if (strchr(".#tTcG_", *name) || name[len - 1] == '~')
		if (is_litter(name))
			return true;
	if (!is_dir || !s->skip || !s->skip->n)
		return false;
	full = xasprintf("%s/%s", s->dir, path);
	return strv_has(s->skip, full);
}

/* ---- one thread */

static const char *keep_path(struct finder *f, const char *dir, const char *name)
{
	size_t ndir = strlen(dir), need = ndir + strlen(name) + 2;
	char *path, *end;

	if (f->left < need) {
		f->left = need > ARENA ? need : ARENA;
		f->arenas.v = xrealloc(f->arenas.v, (f->arenas.n + 2) * sizeof(char *));
		f->room = f->arenas.v[f->arenas.n++] = xmalloc(f->left);
		f->arenas.v[f->arenas.n] = NULL;
	}
	path = end = f->room;
	if (ndir) {
		end = stpcpy(end, dir);
		*end++ = '/';
	}
	end = stpcpy(end, name) + 1;
	f->left -= (size_t)(end - path);
	f->room = end;
	return path;
}

void tree_file_stat(struct tree_file *f, const struct stat *st)
{
	f->mode = st->st_mode;
	if (S_ISDIR(st->st_mode))
		return;
	f->size = (uint64_t)st->st_size;
	f->inode = st->st_ino;
	f->mtime_ns = st->st_mtim.tv_sec * NSEC_PER_SEC + st->st_mtim.tv_nsec;
	f->ctime_ns = st->st_ctim.tv_sec * NSEC_PER_SEC + st->st_ctim.tv_nsec;
}

struct sum tree_file_sum(const struct tree_file *f)
{
	uint64_t head[5] = {f->mode, f->size, f->inode, (uint64_t)f->mtime_ns,
			    (uint64_t)f->ctime_ns};
	size_t len = strlen(f->path);
	char text[sizeof(head) + 4096];

	memcpy(text, head, sizeof(head));
	if (len > 4096)
		len = 4096; /* PATH_MAX: nothing opens it by a longer name */
	memcpy(text + sizeof(head), f->path, len);
	return sum_of(text, sizeof(head) + len);
}

static void found(struct finder *f, const char *path, const struct stat *st)
{
	struct tree_file file = {.path = path};

	tree_file_stat(&file, st);
	if (f->n == f->cap) {
		f->cap = f->cap ? 2 * f->cap : 4096;
		f->v = xrealloc(f->v, f->cap * sizeof(*f->v));
	}
	f->v[f->n++] = file;
	sum_add(&f->id, tree_file_sum(&file));
	if (file.ctime_ns > f->newest_ns)
		f->newest_ns = file.ctime_ns;
}

static void todo_add(struct scan *s, const char *path)
{
	pthread_mutex_lock(&s->lock);
	if (s->ntodo == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 1024;
		s->todo = xrealloc(s->todo, s->cap * sizeof(*s->todo));
	}
	s->todo[s->ntodo++] = path;
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->lock);
}

/* A directory that another one is looked at from; NULL when all is done. */
static const char *todo_take(struct scan *s, bool first)
{
	const char *path = NULL;

	pthread_mutex_lock(&s->lock);
	if (!first)
		s->busy--;
	while (!s->ntodo && s->busy && !s->error)
		pthread_cond_wait(&s->more, &s->lock);
	if (s->ntodo && !s->error) {
		path = s->todo[--s->ntodo];
		s->busy++;
	} else {
		pthread_cond_broadcast(&s->more);
	}
	pthread_mutex_unlock(&s->lock);
	return path;
}

static void scan_fail(struct scan *s, int error, const char *path)
{
	pthread_mutex_lock(&s->lock);
	if (!s->error) {
		s->error = error;
		s->failed = xstrdup(path);
	}
	pthread_mutex_unlock(&s->lock);
}

/* What is gone when it is looked at was never there. */
static int look_at(struct finder *f, int dirfd, const char *dir, const struct dirent *de)
{
	const char *path = keep_path(f, dir, de->d_name);
	struct stat st;

	if (fstatat(dirfd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (left_out(f->scan, path, de->d_name, S_ISDIR(st.st_mode)))
		return 0;
	found(f, path, &st);
	if (S_ISDIR(st.st_mode))
		todo_add(f->scan, path);
	return f->n > FILES_MAX ? -EFBIG : 0;
}

static int look_into(struct finder *f, const char *dir)
{
	int fd = openat(f->scan->root, *dir ? dir : ".",
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *de;
	int r = 0;

	if (!d) {
		r = errno == ENOENT ? 0 : -errno;
		if (fd >= 0)
			close(fd);
		return r;
	}
	while (r == 0 && (de = readdir(d)))
		if (strcmp(de->d_name, ".") && strcmp(de->d_name, ".."))
			r = look_at(f, fd, dir, de);
	closedir(d);
	return r;
}

static void *finder_run(void *arg)
{
	struct finder *f = arg;
	const char *dir = todo_take(f->scan, true);

	while (dir) {
		int r = look_into(f, dir);

		if (r < 0)
			scan_fail(f->scan, r, dir);
		dir = todo_take(f->scan, false);
	}
	return NULL;
}

/* ---- all of them */

static int by_path(const void *pa, const void *pb)
{
	const struct tree_file *a = pa, *b = pb;

	return strcmp(a->path, b->path);
}

/* Takes over what the finder has. */
static void gather(struct tree *t, struct finder *f)
{
	t->v = xrealloc(t->v, (t->n + f->n + 1) * sizeof(*t->v));
	if (f->n)
		memcpy(t->v + t->n, f->v, f->n * sizeof(*t->v));
	t->n += f->n;
	t->arenas.v = xrealloc(t->arenas.v, (t->arenas.n + f->arenas.n + 1) * sizeof(char *));
	for (size_t i = 0; i < f->arenas.n; i++)
		t->arenas.v[t->arenas.n++] = f->arenas.v[i];
	t->arenas.v[t->arenas.n] = NULL;
	sum_add(&t->id, f->id);
	free(f->v);
	free(f->arenas.v);
}

static void scan_threads(struct scan *s, struct tree *t, int64_t *newest_ns)
{
	struct finder finders[THREADS] = {0};
	int started = 0;

	for (int i = 0; i < THREADS; i++)
		finders[i].scan = s;
	/* The first one is this thread. */
	while (started < THREADS - 1 && !pthread_create(&finders[started + 1].thread, NULL,
							finder_run, &finders[started + 1]))
		started++;
	finder_run(&finders[0]);
	for (int i = 0; i < THREADS; i++) {
		if (i > 0 && i <= started)
			pthread_join(finders[i].thread, NULL);
		if (finders[i].newest_ns > *newest_ns)
			*newest_ns = finders[i].newest_ns;
		gather(t, &finders[i]);
	}
}

static int scan_once(const char *dir, const struct strv *skip, struct tree *t, int64_t *newest_ns,
		     struct err *err)
{
	struct scan s = {
		.dir = dir,
		.skip = skip,
		.root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.more = PTHREAD_COND_INITIALIZER,
	};

	if (s.root < 0)
		return err_errno(err, "%s", dir);
	*newest_ns = 0;
	todo_add(&s, "");
	scan_threads(&s, t, newest_ns);
	close(s.root);
	free(s.todo);
	if (s.error)
		err_set(err, s.error, "%s/%s: %s", dir, s.failed, strerror(-s.error));
	free(s.failed);
	return s.error;
}

/* A time in the future is some other machine's: it says nothing. */
static bool is_settled(int64_t newest_ns, int64_t start_ns)
{
	return newest_ns <= start_ns - TICK_NS || newest_ns > start_ns + PATIENCE_NS;
}

int tree_scan(const char *dir, const struct strv *skip, struct tree *t, struct err *err)
{
	int64_t first = realtime_ns(), start, newest = 0;
	int r;

	do {
		tree_done(t);
		start = realtime_ns();
		r = scan_once(dir, skip, t, &newest, err);
		t->settled = r == 0 && is_settled(newest, start);
	} while (r == 0 && !t->settled && start < first + PATIENCE_NS);
	if (r < 0)
		tree_done(t);
	return r;
}

void tree_sort(struct tree *t)
{
	if (t->n)
		qsort(t->v, t->n, sizeof(*t->v), by_path);
}

void tree_done(struct tree *t)
{
	strv_done(&t->arenas);
	free(t->v);
	*t = (struct tree){0};
}

bool tree_file_eq(const struct tree_file *a, const struct tree_file *b)
{
	return a->mode == b->mode && a->size == b->size && a->inode == b->inode &&
	       a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}
