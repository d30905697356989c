// SPDX-License-Identifier: GPL-2.0-only
#include "run/untar.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/text.h"
#include "kernel/archive.h"

#define BLOCK_SIZE     65536
#define NAME_MAX_SHOWN 200

/* What libarchive says may hold names, which are the guest's. */
static int failed(struct archive *a, struct err *err)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	const char *why = archive_error_string(a);

	why = why ? why : "it cannot be unpacked";
	text_escape(&b, why, strlen(why), NAME_MAX_SHOWN);
	return err_set(err, archive_errno(a) == ENOSPC ? ENOSPC : EIO, "%s", b.s);
}

static bool is_wanted(struct archive_entry *e)
{
	mode_t type = archive_entry_filetype(e);

	return archive_entry_hardlink(e) || type == AE_IFREG || type == AE_IFDIR ||
	       type == AE_IFLNK;
}

static int unpack_entry(struct archive *in, struct archive *out, struct archive_entry *e,
			struct err *err)
{
	const void *block;
	la_int64_t offset;
	size_t size;
	int r;

	if (archive_write_header(out, e) < ARCHIVE_WARN)
		return failed(out, err);
	while ((r = archive_read_data_block(in, &block, &size, &offset)) == ARCHIVE_OK)
		if (archive_write_data_block(out, block, size, offset) < ARCHIVE_WARN)
			return failed(out, err);
	if (r != ARCHIVE_EOF)
		return failed(in, err);
	return archive_write_finish_entry(out) < ARCHIVE_WARN ? failed(out, err) : 0;
}

/* Past what ends the archive, so that the sender can end, too. */
static void drain(int fd)
{
	char block[BLOCK_SIZE];

	while (read(fd, block, sizeof(block)) > 0)
		;
}

int untar(int fd, size_t *left_out, struct err *err)
{
	_cleanup_reader_ struct archive *in = archive_read_new();
	_cleanup_writer_ struct archive *out = archive_write_disk_new();
	struct archive_entry *e;
	int r;

	*left_out = 0;
	archive_read_support_format_tar(in);
	/* Without ARCHIVE_EXTRACT_PERM and _OWNER the modes and owners are as untar.h says. */
	archive_write_disk_set_options(out, ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_SPARSE |
						    ARCHIVE_EXTRACT_SECURE_SYMLINKS |
						    ARCHIVE_EXTRACT_SECURE_NODOTDOT |
						    ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS);
	if (archive_read_open_fd(in, fd, BLOCK_SIZE) != ARCHIVE_OK)
		return failed(in, err);
	while ((r = archive_read_next_header(in, &e)) == ARCHIVE_OK || r == ARCHIVE_WARN) {
		if (!is_wanted(e)) {
			++*left_out;
			continue;
		}
		r = unpack_entry(in, out, e, err);
		if (r < 0)
			return r;
	}
	if (r != ARCHIVE_EOF)
		return failed(in, err);
	drain(fd);
	return archive_write_close(out) < ARCHIVE_WARN ? failed(out, err) : 0;
}
