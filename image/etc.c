// SPDX-License-Identifier: GPL-2.0-only
#include "image/etc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "image/secrets.h"

#define FILES_MAX 20000
#define BYTES_MAX (20 << 20)
#define FILE_MAX  (1 << 20)

struct etc_copier {
	unsigned int files;
	size_t bytes;
	bool full;
	struct err *err;
};

static int copy_dir(struct etc_copier *c, int src, int dst, const char *rel, int depth);

/* The path that target means in a link at /etc/REL, without "." and ".."; the caller frees it. */
static char *link_resolve(const char *rel, const char *target)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_strbuf_ struct strbuf out = {0};
	int dir = (int)(path_base(rel) - rel);
	char *rest, *part;

	text = *target == '/' ? xstrdup(target) : xasprintf("/etc/%.*s%s", dir, rel, target);
	rest = text;
	strbuf_puts(&out, "");
	while ((part = strsep(&rest, "/"))) {
		if (str_eq(part, "..")) {
			while (out.len && out.s[--out.len] != '/')
				;
			strbuf_puts(&out, "");
		} else if (*part && !str_eq(part, ".")) {
			strbuf_addf(&out, "/%s", part);
		}
	}
	return strbuf_detach(&out);
}

static bool link_stays(const char *rel, const char *target)
{
	static const char *const shown[] = {"/etc/", "/usr/",	"/opt/",   "/bin/",   "/sbin/",
					    "/lib/", "/lib32/", "/lib64/", "/libx32/"};
	_cleanup_free_ char *path = link_resolve(rel, target);

	/* mtab, and units that are masked. */
	if (str_eq(path, "/proc/self/mounts") || str_eq(path, "/proc/mounts") ||
	    str_eq(path, "/dev/null"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
		if (str_starts(path, shown[i]))
			return true;
	return false;
}

static int copy_link(struct etc_copier *c, int src, int dst, const char *rel)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(src, path_base(rel), target, sizeof(target) - 1);

	if (n <= 0)
		return 0;
	target[n] = '\0';
	if (!link_stays(rel, target))
		return 0;
	if (symlinkat(target, dst, path_base(rel)) < 0)
		return err_errno(c->err, "link /etc/%s of the copy", rel);
	return 0;
}

static int write_copy(struct etc_copier *c, int dst, const char *rel, const char *text, size_t len,
		      mode_t mode)
{
	_cleanup_close_ int fd =
		openat(dst, path_base(rel), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		return err_errno(c->err, "/etc/%s of the copy", rel);
	r = fd_write_all(fd, text, len);
	if (r < 0)
		return err_set(c->err, r, "/etc/%s of the copy: %s", rel, strerror(-r));
	/* After the fact: the umask must not count. */
	return fchmod(fd, mode & 0111 ? 0755 : 0644) < 0 ? err_errno(c->err, "chmod") : 0;
}

/* The limit is on what is read, not on what stat said. */
static int copy_file(struct etc_copier *c, int src, int dst, const char *rel, const struct stat *st)
{
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (!(st->st_mode & S_IROTH))
		return 0;
	fd = openat(src, path_base(rel), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || file_read_fd(fd, rel, FILE_MAX, &text, &len, NULL) < 0) {
		log_debug("/etc/%s: left out, over 1 MiB or not readable", rel);
		return 0;
	}
	if (secret_text(text, len)) {
		log_debug("/etc/%s: left out, it holds a key or a password", rel);
		return 0;
	}
	c->full = c->files >= FILES_MAX || c->bytes + len > BYTES_MAX;
	if (c->full)
		return 0;
	c->files++;
	c->bytes += len;
	return write_copy(c, dst, rel, text, len, st->st_mode);
}

static int copy_subdir(struct etc_copier *c, int src, int dst, const char *rel,
		       const struct stat *st, int depth)
{
	const char *name = path_base(rel);
	_cleanup_close_ int from = -1, to = -1;

	if ((st->st_mode & 0005) != 0005 || depth >= ETC_DEPTH_MAX)
		return 0;
	from = openat(src, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0)
		return 0;
	if (mkdirat(dst, name, 0755) == 0)
		to = openat(dst, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0 || fchmod(to, 0755) < 0)
		return err_errno(c->err, "/etc/%s of the copy", rel);
	return copy_dir(c, from, to, rel, depth + 1);
}

static int copy_entry(struct etc_copier *c, int src, int dst, const char *rel, int depth)
{
	struct stat st;

	if (secret_in_etc(rel) ||
	    fstatat(src, path_base(rel), &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
		return 0;
	if (S_ISLNK(st.st_mode))
		return copy_link(c, src, dst, rel);
	if (S_ISDIR(st.st_mode))
		return copy_subdir(c, src, dst, rel, &st, depth);
	return S_ISREG(st.st_mode) ? copy_file(c, src, dst, rel, &st) : 0;
}

static int copy_dir(struct etc_copier *c, int src, int dst, const char *rel, int depth)
{
	int fd = openat(src, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	struct dirent *e;
	DIR *dir;

	if (fd < 0)
		return 0;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return err_errno(c->err, "/etc/%s", rel);
	}
	while (r >= 0 && !c->full && (e = readdir(dir))) {
		_cleanup_free_ char *child = NULL;

		if (str_eq(e->d_name, ".") || str_eq(e->d_name, ".."))
			continue;
		child = *rel ? xasprintf("%s/%s", rel, e->d_name) : xstrdup(e->d_name);
		r = copy_entry(c, src, dst, child, depth);
	}
	closedir(dir);
	return r;
}

int etc_copy(const char *root, const char *etc_dir, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/etc", root);
	_cleanup_close_ int src = -1, dst = -1;
	struct etc_copier c = {.err = err};
	int r = mkdir_p(etc_dir, 0755, err);

	if (r < 0)
		return r;
	src = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (src < 0)
		return err_errno(err, "%s", path);
	dst = open(etc_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dst < 0 || fchmod(dst, 0755) < 0)
		return err_errno(err, "%s", etc_dir);
	r = copy_dir(&c, src, dst, "", 0);
	if (c.full)
		log_note("%s is large: the guest sees the first %u files of it", path, c.files);
	return r;
}

int etc_write(const char *etc_dir, const char *name, const void *data, size_t len, mode_t mode,
	      struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", etc_dir, name);
	int r = file_write(path, data, len, mode, err);

	if (r < 0)
		return r;
	return chmod(path, mode) < 0 ? err_errno(err, "chmod %s", path) : 0;
}
