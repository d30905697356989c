// SPDX-License-Identifier: GPL-2.0-only
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

int file_read_fd(int fd, const char *name, size_t max, char **buf, size_t *len, struct err *err)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	ssize_t n;

	for (;;) {
		strbuf_reserve(&b, 65536);
		n = read(fd, b.s + b.len, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "%s", name);
		if (n == 0)
			break;
		b.len += (size_t)n;
		if (b.len > max)
			return err_set(err, EFBIG, "%s: larger than %zu bytes", name, max);
	}
	*len = b.len;
	*buf = strbuf_detach(&b);
	return 0;
}

int file_read(const char *path, size_t max, char **buf, size_t *len, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, "%s", path);
	return file_read_fd(fd, path, max, buf, len, err);
}

int fd_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	while (len) {
		n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_into(const char *path, int flags, const void *data, size_t len, mode_t mode,
		      struct err *err)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | flags, mode);
	int r;

	if (fd < 0)
		return err_errno(err, "%s", path);
	r = fd_write_all(fd, data, len);
	return r < 0 ? err_set(err, r, "%s: %s", path, strerror(-r)) : 0;
}

int file_write(const char *path, const void *data, size_t len, mode_t mode, struct err *err)
{
	return write_into(path, O_NOFOLLOW, data, len, mode, err);
}

static int write_to(int fd, const char *path, const void *data, size_t len, mode_t mode, bool sync,
		    struct err *err)
{
	int r = fd_write_all(fd, data, len);

	if (r < 0)
		return err_set(err, r, "%s: %s", path, strerror(-r));
	if (fchmod(fd, mode) < 0 || (sync && fsync(fd) < 0))
		return err_errno(err, "%s", path);
	return 0;
}

static int write_beside(const char *path, const void *data, size_t len, mode_t mode, bool sync,
			struct err *err)
{
	_cleanup_free_ char *tmp = xasprintf("%s.XXXXXX", path);
	_cleanup_close_ int fd = mkostemp(tmp, O_CLOEXEC);
	int r;

	if (fd < 0)
		return err_errno(err, "%s", path);
	r = write_to(fd, path, data, len, mode, sync, err);
	if (r == 0 && rename(tmp, path) < 0)
		r = err_errno(err, "%s", path);
	if (r < 0)
		unlink(tmp);
	return r;
}

int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode, struct err *err)
{
	return write_beside(path, data, len, mode, true, err);
}

int file_replace(const char *path, const void *data, size_t len, mode_t mode, struct err *err)
{
	return write_beside(path, data, len, mode, false, err);
}

bool path_is_plain(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 ? errno == ENOENT : S_ISREG(st.st_mode);
}

int file_put(const char *path, const void *data, size_t len, struct err *err)
{
	return path_is_plain(path) ? file_write_atomic(path, data, len, 0644, err)
				   : write_into(path, O_NOCTTY, data, len, 0644, err);
}

static int copy_bytes(int in, int out)
{
	ssize_t n;

	if (ioctl(out, FICLONE, in) == 0)
		return 0;
	while ((n = sendfile(out, in, NULL, 1 << 30)) > 0)
		;
	return n < 0 ? -errno : 0;
}

int file_copy(const char *src, const char *dst, struct err *err)
{
	_cleanup_close_ int in = open(src, O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int out = -1;
	struct stat st;
	int r;

	if (in < 0 || fstat(in, &st) < 0)
		return err_errno(err, "%s", src);
	out = open(dst, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, st.st_mode & 07777);
	if (out < 0)
		return err_errno(err, "%s", dst);
	r = copy_bytes(in, out);
	if (r == 0 && fchmod(out, st.st_mode & 07777) < 0) /* past the umask */
		r = -errno;
	return r < 0 ? err_set(err, r, "%s: %s", dst, strerror(-r)) : 0;
}

int file_unnamed(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	_cleanup_free_ char *path = NULL;

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd < 0 ? -errno : fd;
	path = xasprintf("%s/ktest-XXXXXX", dir);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(path);
	return fd;
}

int file_create_sparse(const char *path, uint64_t size, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
		return err_errno(err, "%s", path);
	return 0;
}

bool path_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

bool path_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool path_readable(const char *path)
{
	return access(path, R_OK) == 0;
}

bool path_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return !strncmp(path, dir, n) && (path[n] == '/' || !path[n]);
}

/* 0 where it is there already; on a read-only file system that is not what mkdir(2) says. */
static int mkdir_one(const char *path, mode_t mode, struct err *err)
{
	int r = mkdir(path, mode) < 0 ? errno : 0;

	if (!r || path_is_dir(path))
		return 0;
	r = r == EEXIST ? ENOTDIR : r;
	return err_set(err, r, "%s: %s", path, strerror(r));
}

int mkdir_p(const char *path, mode_t mode, struct err *err)
{
	_cleanup_free_ char *p = xstrdup(path);
	int r = 0;

	for (char *s = p; *s && r == 0; s++) {
		if (*s != '/' || s == p)
			continue;
		*s = '\0';
		r = mkdir_one(p, 0755, err);
		*s = '/';
	}
	return r < 0 ? r : mkdir_one(p, mode, err);
}

/* Below this depth directories are moved up before they are emptied: each level holds a descriptor.
 */
#define RM_DEPTH_MAX 100

struct removal {
	dev_t dev;
	int top; /* the directory that is being emptied */
	unsigned int moved;
};

static int rm_tree_at(struct removal *rm, int dirfd, const char *name, int depth);

/* fd is taken over. */
static int rm_children(struct removal *rm, int fd, int depth)
{
	DIR *dir = fdopendir(fd);
	struct dirent *de;
	int r = 0, one;

	if (!dir) {
		r = -errno;
		close(fd);
		return r;
	}
	while ((de = readdir(dir))) {
		if (!strcmp(de->d_name, ".") || !strcmp(de->d_name, ".."))
			continue;
		one = rm_tree_at(rm, dirfd(dir), de->d_name, depth);
		r = r ? r : one;
	}
	closedir(dir);
	return r;
}

static int rm_move_up(struct removal *rm, int dirfd, const char *name)
{
	char to[32];
	int r;

	do {
		snprintf(to, sizeof(to), ".rm.%u", rm->moved++);
		r = (int)syscall(SYS_renameat2, dirfd, name, rm->top, to, RENAME_NOREPLACE);
	} while (r < 0 && errno == EEXIST);
	return r < 0 ? -errno : 0;
}

/* A directory without our rwx (a guest can leave one) is opened up first: it is ours to remove. */
static int rm_open(int dirfd, const char *name, mode_t mode)
{
	int fd;

	if ((mode & 0700) != 0700)
		fchmodat(dirfd, name, 0700, 0);
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int rm_dir(struct removal *rm, int dirfd, const char *name, mode_t mode, int depth)
{
	int fd = rm_open(dirfd, name, mode), r;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd; /* somebody else removes it too */
	if (depth > RM_DEPTH_MAX) {
		close(fd);
		return rm_move_up(rm, dirfd, name);
	}
	if (depth == 0)
		rm->top = fd;
	r = rm_children(rm, fd, depth + 1);
	if (depth == 0 && rm->moved)
		return r;
	if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return r ? r : -errno;
	return r;
}

static int rm_tree_at(struct removal *rm, int dirfd, const char *name, int depth)
{
	struct stat st;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (depth == 0)
		rm->dev = st.st_dev;
	if (!S_ISDIR(st.st_mode) || st.st_dev != rm->dev)
		return -EBUSY;
	return rm_dir(rm, dirfd, name, st.st_mode, depth);
}

int rm_rf_at(int dirfd, const char *name)
{
	struct removal rm;
	int r;

	do {
		rm = (struct removal){.top = -1};
		r = rm_tree_at(&rm, dirfd, name, 0);
	} while (r == 0 && rm.moved);
	return r;
}

int rm_rf(const char *path, struct err *err)
{
	int r = rm_rf_at(AT_FDCWD, path);

	return r < 0 ? err_set(err, r, "cannot remove %s: %s", path, strerror(-r)) : 0;
}

char *path_real(const char *path, struct err *err)
{
	char *real = realpath(path, NULL);

	if (!real)
		err_errno(err, "%s", path);
	return real;
}

char *path_absolute(const char *path)
{
	_cleanup_free_ char *cwd = NULL;

	if (*path == '/')
		return xstrdup(path);
	cwd = getcwd(NULL, 0);
	return xasprintf("%s/%s", cwd ? cwd : "", path);
}

char *path_home(const char *suffix)
{
	const char *home = getenv("HOME");
	const struct passwd *pw;

	if (!home || *home != '/') {
		pw = getpwuid(getuid());
		home = pw ? pw->pw_dir : "/nonexistent";
	}
	return xasprintf("%s/%s", home, suffix);
}

char *path_cache(void)
{
	const char *cache = getenv("XDG_CACHE_HOME");

	return cache && *cache == '/' ? xasprintf("%s/ktest", cache) : path_home(".cache/ktest");
}

char *path_data(const char *suffix)
{
	_cleanup_free_ char *home = path_home(".local/share");
	const char *data = getenv("XDG_DATA_HOME");

	return xasprintf("%s/ktest/%s", data && *data == '/' ? data : home, suffix);
}

#define RACES_MAX 1000 /* renames elsewhere that one open may meet */

int open_beneath(int dirfd, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC | O_NONBLOCK),
		.mode = flags & (O_CREAT | O_TMPFILE) & ~O_DIRECTORY ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd = -1;

	/* Where a ".." leads is uncertain while anything at all is renamed (openat2(2)). */
	errno = EAGAIN;
	for (int i = 0; i < RACES_MAX && fd < 0 && errno == EAGAIN; i++)
		fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
	return fd < 0 ? -errno : (int)fd;
}

int dir_make_temp(char *template, struct err *err)
{
	if (!mkdtemp(template))
		return err_errno(err, "cannot make the directory %s", template);
	return 0;
}

int lock_try(const char *path, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int out;

	if (fd < 0)
		return err_errno(err, "%s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_errno(err, "%s", path);
	out = fd;
	fd = -1;
	return out;
}

int fs_space(const char *path, uint64_t *avail, uint64_t *total)
{
	struct statvfs s;

	if (statvfs(path, &s) < 0)
		return -errno;
	*avail = (uint64_t)s.f_bavail * s.f_frsize;
	*total = (uint64_t)s.f_blocks * s.f_frsize;
	return 0;
}

char *program_tree(void)
{
	char buf[4096];
	ssize_t n = readlink("/proc/self/exe", buf, sizeof(buf) - 1);
	char *slash;

	if (n < 0)
		return xstrdup(".");
	buf[n] = '\0';
	for (int up = 0; up < 2; up++) {
		slash = strrchr(buf, '/');
		if (slash)
			*slash = '\0';
	}
	return xstrdup(*buf ? buf : "/");
}

char *program_keeper(void)
{
	_cleanup_free_ char *tree = program_tree();

	return xasprintf("%s/libexec/keeper", tree);
}

char *find_program(const char *name)
{
	const char *path = getenv("PATH");
	_cleanup_free_ char *all =
		xasprintf("%s:/usr/sbin:/sbin", path ? path : "/usr/local/bin:/usr/bin:/bin");
	char *save = NULL;

	if (strchr(name, '/'))
		return access(name, X_OK) == 0 ? xstrdup(name) : NULL;
	for (char *dir = strtok_r(all, ":", &save); dir; dir = strtok_r(NULL, ":", &save)) {
		char *full = xasprintf("%s/%s", dir, name);

		if (access(full, X_OK) == 0 && !path_is_dir(full))
			return full;
		free(full);
	}
	return NULL;
}
