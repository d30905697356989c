// SPDX-License-Identifier: GPL-2.0-only
#include "base/hash.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

void hash_init(struct hash *h)
{
	h->v = 0xcbf29ce484222325ULL;
}

void hash_add(struct hash *h, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		h->v = (h->v ^ p[i]) * 0x100000001b3ULL;
}

void hash_str(struct hash *h, const char *s)
{
	hash_add(h, s, strlen(s) + 1);
}

void hash_stat(struct hash *h, const char *path)
{
	int64_t what[3] = {-1, 0, 0};
	struct stat st;

	if (stat(path, &st) == 0) {
		what[0] = st.st_size;
		what[1] = st.st_mtim.tv_sec;
		what[2] = st.st_mtim.tv_nsec;
	}
	hash_add(h, what, sizeof(what));
}

int hash_file(struct hash *h, const char *path, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char chunk[65536];
	ssize_t n;

	if (fd < 0)
		return err_errno(err, "%s", path);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		hash_add(h, chunk, (size_t)n);
	return n < 0 ? err_errno(err, "%s", path) : 0;
}

char *hash_hex(const struct hash *h)
{
	return xasprintf("%016llx", (unsigned long long)h->v);
}
