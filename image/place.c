// SPDX-License-Identifier: GPL-2.0-only
#include "image/place.h"

#include <errno.h>
#include <stdio.h>
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

int image_check(const char *path, struct err *err)
{
	char magic[2] = {0};
	FILE *f = fopen(path, "re");

	if (!f)
		return err_errno(err, "the root image %s", path);
	/* The magic number of ext2 to ext4: 0xef53 at 56 of the superblock at 1024. */
	if (fseek(f, 1024 + 56, SEEK_SET) < 0 || fread(magic, 2, 1, f) != 1)
		magic[0] = 0;
	fclose(f);
	if (memcmp(magic, "\x53\xef", 2) != 0)
		return err_set(err, EINVAL, "the root image %s holds no ext4 file system", path);
	return 0;
}
