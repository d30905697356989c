// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/unpack.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/str.h"
#include "kernel/archive.h"

#define BLOCK_SIZE 65536

static int archive_failed(struct archive *a, const char *name, struct err *err)
{
	const char *why = archive_error_string(a);

	return err_set(err, EINVAL, "%s: %s", name, why ? why : "cannot be unpacked");
}

/* The path without "./" and "/" in front; NULL when a ".." stands in it. */
static const char *inner_path(const char *path)
{
	const char *s;

	while (*path == '/' || (path[0] == '.' && (path[1] == '/' || !path[1])))
		path++;
	for (s = path; s; s = strchr(s, '/')) {
		s += *s == '/';
		if (s[0] == '.' && s[1] == '.' && (s[2] == '/' || !s[2]))
			return NULL;
	}
	return path;
}

static int path_depth(const char *path)
{
	int depth = 0;

	for (; *path; path++)
		depth += *path == '/';
	return depth;
}

/*
 * Whether a relative link that stands depth directories below the root stays below it. A ".." after
 * a name is refused too: the name may be a link itself.
 */
static bool link_stays_inside(const char *target, int depth)
{
	bool named = false;
	const char *end;
	size_t len;

	for (; *target; target = *end ? end + 1 : end) {
		end = strchrnul(target, '/');
		len = (size_t)(end - target);
		if (len == 2 && !memcmp(target, "..", 2)) {
			if (named || --depth < 0)
				return false;
		} else if (len && !(len == 1 && *target == '.')) {
			named = true;
		}
	}
	return true;
}

static int entry_fix_symlink(struct archive_entry *e, const char *inner)
{
	const char *target = archive_entry_symlink(e);
	_cleanup_strbuf_ struct strbuf rel = {0};

	if (!target)
		return -EINVAL;
	if (*target == '/') {
		for (int i = path_depth(inner); i > 0; i--)
			strbuf_puts(&rel, "../");
		strbuf_puts(&rel, target + strspn(target, "/"));
		archive_entry_copy_symlink(e, rel.len ? rel.s : ".");
		target = archive_entry_symlink(e);
	}
	return link_stays_inside(target, path_depth(inner)) ? 0 : -EINVAL;
}

static int entry_fix_type(struct archive_entry *e, const char *inner)
{
	mode_t mode = archive_entry_mode(e) & 0777;

	if (archive_entry_hardlink(e))
		return 0;
	switch (archive_entry_filetype(e)) {
	case AE_IFREG:
		archive_entry_set_perm(e, mode | 0644);
		return 0;
	case AE_IFDIR:
		archive_entry_set_perm(e, 0755);
		return 0;
	case AE_IFLNK:
		return entry_fix_symlink(e, inner);
	default:
		return -EINVAL;
	}
}

/* Make the entry one that is written below dir, or refuse it. */
static int entry_confine(struct archive_entry *e, const char *dir)
{
	const char *inner = inner_path(archive_entry_pathname(e));
	const char *hard = archive_entry_hardlink(e);
	_cleanup_free_ char *copy = NULL, *full = NULL, *hard_full = NULL;

	if (!inner)
		return -EINVAL;
	copy = xstrdup(inner);
	if (entry_fix_type(e, copy) < 0)
		return -EINVAL;
	if (hard) {
		hard = inner_path(hard);
		if (!hard)
			return -EINVAL;
		hard_full = xasprintf("%s/%s", dir, hard);
		archive_entry_copy_hardlink(e, hard_full);
	}
	full = xasprintf("%s/%s", dir, copy);
	archive_entry_copy_pathname(e, full);
	return 0;
}

static int copy_data(struct archive *in, struct archive *out)
{
	const void *block;
	size_t size;
	la_int64_t offset;
	int r;

	while ((r = archive_read_data_block(in, &block, &size, &offset)) == ARCHIVE_OK)
		if (archive_write_data_block(out, block, size, offset) < ARCHIVE_OK)
			return -EIO;
	return r == ARCHIVE_EOF ? 0 : -EINVAL;
}

static int extract_entry(struct archive *in, struct archive *out, struct archive_entry *e,
			 const char *dir, const char *name, struct err *err)
{
	_cleanup_free_ char *path = xstrdup(archive_entry_pathname(e));
	int r;

	if (entry_confine(e, dir) < 0)
		return err_set(err, EINVAL, "%s: refused: %s leads out of the package", name, path);
	if (archive_write_header(out, e) < ARCHIVE_OK)
		return archive_failed(out, name, err);
	r = copy_data(in, out);
	if (r < 0)
		return archive_failed(r == -EIO ? out : in, name, err);
	return archive_write_finish_entry(out) < ARCHIVE_OK ? archive_failed(out, name, err) : 0;
}

static int extract_all(struct archive *in, const char *dir, const char *name, struct err *err)
{
	_cleanup_writer_ struct archive *out = archive_write_disk_new();
	struct archive_entry *e;
	int r, n = 0;

	archive_write_disk_set_options(out, ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_PERM |
						    ARCHIVE_EXTRACT_SECURE_SYMLINKS |
						    ARCHIVE_EXTRACT_SECURE_NODOTDOT);
	while ((r = archive_read_next_header(in, &e)) == ARCHIVE_OK || r == ARCHIVE_WARN) {
		n++;
		r = extract_entry(in, out, e, dir, name, err);
		if (r < 0)
			return r;
	}
	if (r != ARCHIVE_EOF)
		return archive_failed(in, name, err);
	if (archive_write_close(out) != ARCHIVE_OK)
		return archive_failed(out, name, err);
	return n ? 0 : err_set(err, EINVAL, "%s: empty package", name);
}

/* Where packages of debug symbols have the kernel's own; the rest, ten times as large, is of its
 * modules. */
static bool is_vmlinux(struct archive_entry *e)
{
	const char *inner = inner_path(archive_entry_pathname(e));

	return inner && archive_entry_filetype(e) == AE_IFREG && !archive_entry_hardlink(e) &&
	       (!fnmatch("usr/lib/debug/boot/vmlinux-*", inner, FNM_PATHNAME) ||
		!fnmatch("usr/lib/debug/lib/modules/*/vmlinux", inner, FNM_PATHNAME));
}

static int extract_vmlinux(struct archive *in, const char *to, const char *name, struct err *err)
{
	_cleanup_writer_ struct archive *out = archive_write_disk_new();
	struct archive_entry *e;
	int r;

	while ((r = archive_read_next_header(in, &e)) == ARCHIVE_OK || r == ARCHIVE_WARN) {
		if (!is_vmlinux(e))
			continue;
		archive_entry_copy_pathname(e, to);
		archive_entry_set_perm(e, 0644);
		if (archive_write_header(out, e) < ARCHIVE_OK)
			return archive_failed(out, name, err);
		r = copy_data(in, out);
		if (r < 0)
			return archive_failed(r == -EIO ? out : in, name, err);
		return archive_write_close(out) < ARCHIVE_OK ? archive_failed(out, name, err) : 0;
	}
	if (r != ARCHIVE_EOF)
		return archive_failed(in, name, err);
	return err_set(err, ENOENT, "%s: no vmlinux in it", name);
}

/* What is taken of a package's files, and to where. */
typedef int take_fn(struct archive *in, const char *to, const char *name, struct err *err);

static la_ssize_t read_member(struct archive *a, void *arg, const void **block)
{
	struct archive *outer = arg;
	size_t size = 0;
	la_int64_t offset;
	int r = archive_read_data_block(outer, block, &size, &offset);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r < ARCHIVE_OK) {
		archive_set_error(a, EIO, "%s", archive_error_string(outer));
		return -1;
	}
	return (la_ssize_t)size;
}

static int unpack_data_tar(struct archive *outer, const char *name, const char *to, take_fn *take,
			   struct err *err)
{
	_cleanup_reader_ struct archive *in = archive_read_new();

	archive_read_support_filter_all(in);
	archive_read_support_format_tar(in);
	if (archive_read_open(in, outer, NULL, read_member, NULL) != ARCHIVE_OK)
		return archive_failed(in, name, err);
	return take(in, to, name, err);
}

static int unpack_deb(const char *file, const char *to, take_fn *take, struct err *err)
{
	_cleanup_reader_ struct archive *ar = archive_read_new();
	struct archive_entry *e;
	int r;

	archive_read_support_format_ar(ar);
	if (archive_read_open_filename(ar, file, BLOCK_SIZE) != ARCHIVE_OK)
		return archive_failed(ar, file, err);
	while ((r = archive_read_next_header(ar, &e)) == ARCHIVE_OK)
		if (str_starts(archive_entry_pathname(e), "data.tar"))
			return unpack_data_tar(ar, file, to, take, err);
	if (r != ARCHIVE_EOF)
		return archive_failed(ar, file, err);
	return err_set(err, EINVAL, "%s: no data.tar in it, not a Debian package", file);
}

static int unpack_rpm(const char *file, const char *to, take_fn *take, struct err *err)
{
	_cleanup_reader_ struct archive *in = archive_read_new();

	archive_read_support_filter_all(in);
	archive_read_support_filter_rpm(in);
	archive_read_support_format_cpio(in);
	if (archive_read_open_filename(in, file, BLOCK_SIZE) != ARCHIVE_OK)
		return archive_failed(in, file, err);
	return take(in, to, file, err);
}

static int unpack(const char *file, const char *to, take_fn *take, struct err *err)
{
	if (str_ends(file, ".deb"))
		return unpack_deb(file, to, take, err);
	if (str_ends(file, ".rpm"))
		return unpack_rpm(file, to, take, err);
	return err_set(err, EINVAL, "%s: neither a .deb nor an .rpm", file);
}

int unpack_package(const char *file, const char *dir, struct err *err)
{
	/* libarchive looks for links in the whole path it writes to, ours included. */
	_cleanup_free_ char *real = path_real(dir, err);

	return real ? unpack(file, real, extract_all, err) : -ENOENT;
}

int unpack_vmlinux(const char *file, const char *to, struct err *err)
{
	return unpack(file, to, extract_vmlinux, err);
}

static int read_raw(struct archive *a, size_t max, char **buf, size_t *len, const char *name,
		    struct err *err)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	struct archive_entry *e;
	la_ssize_t n;

	if (archive_read_next_header(a, &e) != ARCHIVE_OK)
		return archive_failed(a, name, err);
	do {
		strbuf_reserve(&b, BLOCK_SIZE);
		n = archive_read_data(a, b.s + b.len, BLOCK_SIZE);
		if (n < 0)
			return archive_failed(a, name, err);
		b.len += (size_t)n;
		if (b.len > max)
			return err_set(err, EFBIG, "%s: larger than %zu bytes", name, max);
	} while (n);
	*len = b.len;
	*buf = strbuf_detach(&b);
	return 0;
}

int unpack_file(const char *path, size_t max, char **buf, size_t *len, struct err *err)
{
	_cleanup_reader_ struct archive *a = archive_read_new();

	archive_read_support_filter_all(a);
	archive_read_support_format_raw(a);
	if (archive_read_open_filename(a, path, BLOCK_SIZE) != ARCHIVE_OK)
		return archive_failed(a, path, err);
	return read_raw(a, max, buf, len, path, err);
}

int unpack_memory(const void *data, size_t size, size_t max, char **buf, size_t *len,
		  struct err *err)
{
	_cleanup_reader_ struct archive *a = archive_read_new();

	archive_read_support_filter_all(a);
	archive_read_support_format_raw(a);
	if (archive_read_open_memory(a, data, size) != ARCHIVE_OK)
		return archive_failed(a, "compressed data", err);
	return read_raw(a, max, buf, len, "compressed data", err);
}
