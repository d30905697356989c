// SPDX-License-Identifier: GPL-2.0-only
#include "base/hash.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"

#define NS_S	 1000000000LL
#define TICK_NS	 (20 * NS_S / 1000) /* two of the slowest tick, which file times are made of */
#define FUTURE_S 60

static int64_t time_ns(const struct timespec *t)
{
	return t->tv_sec * NS_S + t->tv_nsec;
}

void hash_init(struct hash *h)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	*h = (struct hash){sum_of("", 0), time_ns(&now)};
}

void hash_add(struct hash *h, const void *data, size_t len)
{
	const struct sum both[2] = {h->v, sum_of(data, len)};

	h->v = sum_of(both, sizeof(both));
}

void hash_str(struct hash *h, const char *s)
{
	hash_add(h, s, strlen(s));
}

/* A clock that was set back must not make every file a recent one. */
static bool is_recent(const struct hash *h, const struct timespec *changed)
{
	int64_t ns = time_ns(changed);

	return ns > h->now_ns - TICK_NS && ns < h->now_ns + FUTURE_S * NS_S;
}

static int add_content(struct hash *h, int dirfd, const char *name, int flags, struct err *err)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | flags);
	struct sum sum;
	int r;

	if (fd < 0)
		return err_errno(err, "%s", name);
	r = sum_fd(fd, name, &sum, err);
	if (r == 0)
		hash_add(h, &sum, sizeof(sum));
	return r;
}

static void add_link(struct hash *h, int dirfd, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dirfd, name, target, sizeof(target));

	hash_add(h, target, n > 0 ? (size_t)n : 0);
}

static void add_times(struct hash *h, int dirfd, const char *name, const struct stat *st)
{
	const int64_t what[] = {(int64_t)st->st_ino, st->st_size, time_ns(&st->st_mtim),
				time_ns(&st->st_ctim)};

	hash_add(h, what, sizeof(what));
	/* A file that cannot be read is known by its times alone. */
	if (!st->st_ctim.tv_nsec || is_recent(h, &st->st_ctim))
		add_content(h, dirfd, name, O_NONBLOCK, NULL);
}

void hash_state(struct hash *h, int dirfd, const char *name, const struct stat *st)
{
	const int64_t what[] = {st->st_mode, st->st_uid, st->st_gid, (int64_t)st->st_rdev};

	hash_add(h, what, sizeof(what));
	if (S_ISREG(st->st_mode))
		add_times(h, dirfd, name, st);
	else if (S_ISLNK(st->st_mode))
		add_link(h, dirfd, name);
}

void hash_stat(struct hash *h, const char *path)
{
	struct stat st;

	hash_str(h, path);
	if (stat(path, &st) == 0)
		hash_state(h, AT_FDCWD, path, &st);
	else
		hash_str(h, "missing");
}

int hash_file(struct hash *h, const char *path, struct err *err)
{
	return add_content(h, AT_FDCWD, path, 0, err);
}

char *hash_hex(const struct hash *h)
{
	char *hex = xmalloc(SUM_HEX_MAX);

	sum_hex(h->v, hex);
	return hex;
}
