// SPDX-License-Identifier: GPL-2.0-only
#include "run/keep.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cache.h"
#include "base/file.h"

#define KEEP_BYTES (256ULL << 20)
#define TRIM_S	   3600

static int pack_failed(struct archive *a, const char *path, struct err *err)
{
	return err_set(err, EIO, "%s: %s", path, archive_error_string(a));
}

static int pack(struct archive *a, int in, const char *path, struct err *err)
{
	char chunk[65536];
	ssize_t n;

	while ((n = read(in, chunk, sizeof(chunk))) > 0)
		if (archive_write_data(a, chunk, (size_t)n) != n)
			return pack_failed(a, path, err);
	if (n < 0)
		return err_errno(err, "%s", path);
	return archive_write_close(a) == ARCHIVE_OK ? 0 : pack_failed(a, path, err);
}

/* One gzip stream: libarchive's raw format with a filter. */
static int compress_to(int in, const char *to, struct err *err)
{
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();
	int r = 0;

	archive_entry_set_pathname(e, "journal");
	archive_entry_set_filetype(e, AE_IFREG);
	if (archive_write_add_filter_gzip(a) < ARCHIVE_WARN ||
	    archive_write_set_format_raw(a) != ARCHIVE_OK ||
	    archive_write_open_filename(a, to) != ARCHIVE_OK ||
	    archive_write_header(a, e) != ARCHIVE_OK)
		r = pack_failed(a, to, err);
	else
		r = pack(a, in, to, err);
	archive_entry_free(e);
	archive_write_free(a);
	return r;
}

/* Once an hour: thousands of journals are not looked at in each run. The time is that of a file. */
static void trim(const char *dir)
{
	const struct cache_limits limits = {.bytes = KEEP_BYTES, .in_use_s = CACHE_IN_USE_S};
	_cleanup_free_ char *trimmed = xasprintf("%s/.trimmed", dir);
	struct stat st;

	if (stat(trimmed, &st) == 0 && time(NULL) - st.st_mtime < TRIM_S)
		return;
	if (file_replace(trimmed, "", 0, 0600, NULL) == 0)
		cache_trim(dir, limits);
}

int keep_journal(int fd, const char *id, struct err *err)
{
	static const char allowed[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-";
	_cleanup_free_ char *dir = path_data("runs");
	_cleanup_free_ char *path = xasprintf("%s/%s.jsonl.gz", dir, id);
	_cleanup_free_ char *tmp = xasprintf("%s.%d", path, (int)getpid());
	int r = mkdir_p(dir, 0700, err);

	/* A resumed run's id comes from a file. */
	if (!id || !*id || *id == '.' || id[strspn(id, allowed)])
		return err_set(err, EINVAL, "the run has no usable id");
	if (r == 0)
		r = compress_to(fd, tmp, err);
	if (r == 0 && rename(tmp, path) < 0)
		r = err_errno(err, "%s", path);
	if (r < 0)
		unlink(tmp);
	else
		trim(dir);
	return r;
}
