// SPDX-License-Identifier: GPL-2.0-only
#include "base/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/walk.h"

#define FORMAT	  "2" /* changes with what is hashed */
#define WHOLE_MAX (64 << 20)
#define EDGE	  (1 << 20)
#define CHUNK	  (32 << 10)
#define TEXT_MAX  100

struct sealing {
	struct hash hash;
	uint64_t bytes;
	bool sync;
};

static int add_edge(struct hash *h, int fd, off_t at)
{
	char buf[CHUNK];
	ssize_t n;

	for (off_t end = at + EDGE; at < end; at += CHUNK) {
		n = pread(fd, buf, CHUNK, at);
		if (n != CHUNK)
			return n < 0 ? -errno : -EIO;
		hash_add(h, buf, CHUNK);
	}
	return 0;
}

static int add_large(struct sealing *s, int fd)
{
	struct stat st;
	int r;

	if ((s->sync && fsync(fd) < 0) || fstat(fd, &st) < 0)
		return -errno;
	s->bytes += (uint64_t)st.st_blocks * 512;
	hash_add(&s->hash, &st.st_ino, sizeof(st.st_ino));
	hash_add(&s->hash, &st.st_mtim, sizeof(st.st_mtim));
	r = add_edge(&s->hash, fd, 0);
	return r < 0 ? r : add_edge(&s->hash, fd, st.st_size - EDGE);
}

/* Zeros count by their place alone: holes come and go as a file is copied and written back. */
static int add_whole(struct sealing *s, int fd, off_t size)
{
	char buf[CHUNK];
	ssize_t n;

	for (off_t at = 0; at < size; at += n) {
		off_t data = size > CHUNK ? lseek(fd, at, SEEK_DATA) : at;

		if (data < 0 && errno == ENXIO)
			return 0;
		data -= data % CHUNK;
		at = data > at ? data : at;
		n = pread(fd, buf, CHUNK, at);
		if (n <= 0)
			return n < 0 ? -errno : 0;
		if (mem_is_zero(buf, (size_t)n))
			continue;
		hash_add(&s->hash, &at, sizeof(at));
		hash_add(&s->hash, buf, (size_t)n);
	}
	return 0;
}

static int add_file(struct sealing *s, int dirfd, const char *path, const struct stat *st,
		    struct err *err)
{
	_cleanup_close_ int fd =
		openat(dirfd, path_base(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int r = fd < 0 ? -errno : 0;

	hash_add(&s->hash, &st->st_size, sizeof(st->st_size));
	if (r == 0)
		r = st->st_size > WHOLE_MAX ? add_large(s, fd) : add_whole(s, fd, st->st_size);
	if (st->st_size <= WHOLE_MAX)
		s->bytes += (uint64_t)st->st_size;
	return r < 0 ? err_set(err, r, "%s: %s", path, strerror(-r)) : 0;
}

static int add_name(void *arg, int dirfd, const char *path, const struct stat *st, struct err *err)
{
	struct sealing *s = arg;
	char target[4096];
	ssize_t n;

	if (str_eq(path, SEAL_FILE))
		return 0;
	hash_str(&s->hash, path);
	hash_add(&s->hash, &st->st_mode, sizeof(st->st_mode));
	if (S_ISREG(st->st_mode))
		return add_file(s, dirfd, path, st, err);
	if (!S_ISLNK(st->st_mode))
		return 0;
	n = readlinkat(dirfd, path_base(path), target, sizeof(target));
	hash_add(&s->hash, target, n > 0 ? (size_t)n : 0);
	return n < 0 ? err_errno(err, "%s", path) : 0;
}

static int add_all(const char *dir, struct sealing *s, struct err *err)
{
	hash_init(&s->hash);
	hash_str(&s->hash, FORMAT);
	return walk_tree(dir, false, add_name, s, err);
}

int seal_write(const char *dir, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/" SEAL_FILE, dir);
	struct sealing s = {.sync = true};
	char text[TEXT_MAX], hex[SUM_HEX_MAX];
	int r = add_all(dir, &s, err);

	if (r < 0)
		return r;
	sum_hex(s.hash.v, hex);
	snprintf(text, sizeof(text), "%s %" PRIu64 "\n", hex, s.bytes);
	return file_replace(path, text, strlen(text), 0600, err);
}

/* Of this process's own: it says nothing of the files. */
static bool is_want(int r)
{
	return r == -EMFILE || r == -ENFILE || r == -ENOMEM;
}

int seal_read(const char *dir, struct seal *out)
{
	_cleanup_free_ char *path = xasprintf("%s/" SEAL_FILE, dir), *text = NULL;
	struct stat st;
	size_t len;
	int r;

	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return -ENOENT;
	r = file_read(path, TEXT_MAX, &text, &len, NULL);
	if (r < 0)
		return is_want(r) ? r : -ENOENT;
	out->used = st.st_mtime;
	if (sum_parse(text, &out->sum) < 0 ||
	    sscanf(text + SUM_HEX_MAX - 1, " %" SCNu64 "\n", &out->bytes) != 1)
		return -EINVAL;
	return 0;
}

int seal_check(const char *dir)
{
	_cleanup_free_ char *path = xasprintf("%s/" SEAL_FILE, dir);
	struct sealing s = {0};
	struct seal was;
	int r = seal_read(dir, &was);

	if (r == 0)
		r = add_all(dir, &s, NULL);
	if (r < 0)
		return is_want(r) ? r : 0;
	return sum_eq(s.hash.v, was.sum) &&
	       (utimensat(AT_FDCWD, path, NULL, 0) == 0 || errno != ENOENT);
}
