// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/claim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"

#define RECORD_MAX 128

/* What is on record; a file system that knows no time of birth gives 0. */
static char *identity(const struct statx *st)
{
	return xasprintf("%u:%u %" PRIu64 " %" PRId64 ".%u\n", st->stx_dev_major, st->stx_dev_minor,
			 (uint64_t)st->stx_ino, (int64_t)st->stx_btime.tv_sec,
			 st->stx_btime.tv_nsec);
}

static char *record_path(const char *path, const char *cache_dir)
{
	_cleanup_free_ char *name = NULL;
	struct hash h;

	hash_init(&h);
	hash_str(&h, path);
	name = hash_hex(&h);
	return xasprintf("%s/claims/%s", cache_dir, name);
}

static int record(const char *path, const char *file, struct err *err)
{
	_cleanup_free_ char *dir = xstrndup(file, (size_t)(path_base(file) - file - 1));
	_cleanup_free_ char *id = NULL;
	struct statx st;

	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &st) < 0)
		return err_errno(err, "%s", path);
	id = identity(&st);
	if (mkdir_p(dir, 0700, err) < 0)
		return err->code;
	return file_write_atomic(file, id, strlen(id), 0600, err);
}

static bool is_on_record(const struct statx *st, const char *file)
{
	_cleanup_free_ char *had = NULL, *id = identity(st);
	size_t len;

	return file_read(file, RECORD_MAX, &had, &len, NULL) == 0 && !strcmp(had, id);
}

int claim_dir(const char *path, const char *cache_dir, struct err *err)
{
	_cleanup_free_ char *file = record_path(path, cache_dir);
	struct statx st;
	int r;

	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_INO | STATX_BTIME, &st) ==
	    0) {
		if (S_ISDIR(st.stx_mode) && is_on_record(&st, file))
			return 0;
		/* An empty one is as good as none. */
		if (rmdir(path) < 0)
			return err_set(err, EEXIST,
				       "%s is not of this ktest's making, a guest may have put it "
				       "there: remove it, or give another -o",
				       path);
	} else if (errno != ENOENT) {
		return err_errno(err, "%s", path);
	}
	r = mkdir_p(path, 0755, NULL);
	if (r < 0)
		return err_set(err, r, "%s cannot be written (%s): name another place with -o DIR",
			       path, strerror(-r));
	return record(path, file, err);
}
