// SPDX-License-Identifier: GPL-2.0-only
#include "image/place.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

void image_places(const struct arch *arch, struct strv *paths)
{
	_cleanup_free_ char *name = xasprintf(".ktest/root.%s", arch->debian);
	_cleanup_free_ char *own = path_home(name);

	strv_add(paths, own);
	strv_addf(paths, "/var/lib/ktest/root.%s", arch->debian);
}

char *image_find(const struct arch *arch)
{
	_cleanup_strv_ struct strv paths = {0};

	image_places(arch, &paths);
	for (size_t i = 0; i < paths.n; i++)
		if (path_readable(paths.v[i]))
			return path_real(paths.v[i], NULL);
	return NULL;
}

char *image_new_place(const struct arch *arch, struct err *err)
{
	_cleanup_strv_ struct strv paths = {0};

	image_places(arch, &paths);
	for (size_t i = 0; i < paths.n; i++) {
		const char *path = paths.v[i];
		_cleanup_free_ char *dir = xstrndup(path, (size_t)(path_base(path) - path) - 1);

		if (mkdir_p(dir, 0755, NULL) == 0 && access(dir, W_OK | X_OK) == 0)
			return xstrdup(path);
	}
	err_set(err, EACCES, "neither %s nor %s can be written; name a place with -i", paths.v[0],
		paths.v[1]);
	return NULL;
}

/*
 * The superblock of ext2 to ext4 (Documentation/filesystems/ext4/super.rst): where it lies, and in
 * it little-endian words.
 */
#define SUPER_OFFSET	  1024
#define SUPER_BLOCKS	  4
#define SUPER_BLOCKS_HIGH 336 /* of a file system with INCOMPAT_64BIT */
#define SUPER_LOG_BLOCK	  24  /* block size: 1024 << this, 65536 at most */
#define SUPER_MAGIC	  56  /* 16 bits */
#define SUPER_INCOMPAT	  96
#define INCOMPAT_64BIT	  0x80
#define LOG_BLOCK_MAX	  6

static uint32_t word(const unsigned char *super, size_t at)
{
	return (uint32_t)super[at] | (uint32_t)super[at + 1] << 8 | (uint32_t)super[at + 2] << 16 |
	       (uint32_t)super[at + 3] << 24;
}

/* How many bytes the file system takes; 0: there is none. */
static uint64_t file_system_size(const unsigned char *super)
{
	uint64_t blocks = word(super, SUPER_BLOCKS);
	uint32_t log_block = word(super, SUPER_LOG_BLOCK);

	if (super[SUPER_MAGIC] != 0x53 || super[SUPER_MAGIC + 1] != 0xef ||
	    log_block > LOG_BLOCK_MAX)
		return 0;
	if (word(super, SUPER_INCOMPAT) & INCOMPAT_64BIT)
		blocks |= (uint64_t)word(super, SUPER_BLOCKS_HIGH) << 32;
	return blocks << (10 + log_block);
}

int image_check(const char *path, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char super[1024] = {0};
	off_t has = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	uint64_t wants;

	if (fd < 0 || has < 0)
		return err_errno(err, "the root image %s", path);
	if (pread(fd, super, sizeof(super), SUPER_OFFSET) < 0)
		return err_errno(err, "the root image %s", path);
	wants = file_system_size(super);
	if (!wants)
		return err_set(err, EINVAL,
			       "the root image %s holds no ext4 file system: give an image that "
			       "`root_image create` made, any other ext4 image, or a directory",
			       path);
	if (wants > (uint64_t)has)
		return err_set(err, EINVAL,
			       "the root image %s is cut off: %" PRIu64 " of %" PRIu64
			       " MiB are there; make it again or copy all of it",
			       path, (uint64_t)has >> 20, wants >> 20);
	return 0;
}
