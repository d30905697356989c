// SPDX-License-Identifier: GPL-2.0-only
#include "result/outdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/file.h"

#define LOCK	 ".lock"
#define TMP	 ".tmp"
#define LEFT	 ".left" /* what guests have left here: names, each ended by NUL */
#define LEFT_MAX (64 << 20)

#define NOT_STARTED "========= NOT STARTED\n"

/* By these git takes a directory for a repository, whose config names programs. */
#define REPOSITORY ".git", "HEAD"

static bool keeps_xattr(int fd)
{
	if (fsetxattr(fd, "user.ktest", "1", 1, 0) < 0)
		return false;
	fremovexattr(fd, "user.ktest");
	return true;
}

static int held_by(const struct outdir *o, struct err *err)
{
	_cleanup_close_ int fd = open_beneath(o->dir_fd, LOCK, O_RDONLY, 0);
	_cleanup_free_ char *who = NULL;
	size_t len;

	if (fd >= 0 && file_read_fd(fd, LOCK, 4096, &who, &len, NULL) == 0 && len)
		who[strcspn(who, "\n")] = '\0';
	return err_set(err, EBUSY, "%s is in use by %s; wait for it or name another with -o",
		       o->path, who && *who ? who : "another run");
}

/* What the lock says is for people: the lock itself is what counts. */
static void write_owner(const struct outdir *o)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "process %d\n", (int)getpid());

	if (ftruncate(o->lock_fd, 0) == 0 && pwrite(o->lock_fd, text, (size_t)n, 0) < 0)
		return;
}

/* ---- its names */

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (str_ends(*names, ".") ? str_starts(name, *names) : !strcmp(name, *names))
			return true;
	return false;
}

/* A name that ends in '.' stands for all that begin so. */
static const char *const of_a_run[] = {
	"out", OUTDIR_JOURNAL, OUTDIR_RESULTS, "report.html", LEFT, NULL,
};

/* Older versions' included. */
static const char *const of_builds[] = {"kernel.", "kernel_build.", NULL};

/* Links of a run's, and the directory of its guests. */
static mode_t type_of(const char *name)
{
	if (!strcmp(name, OUTDIR_GUESTS))
		return S_IFDIR;
	return strcmp(name, "vm") != 0 && strcmp(name, "kernel") != 0 ? 0 : S_IFLNK;
}

static bool is_type(const struct outdir *o, const char *name, mode_t type)
{
	struct stat st;

	return fstatat(o->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (st.st_mode & S_IFMT) == type;
}

bool outdir_is_ours(const char *name)
{
	static const char *const others[] = {LOCK, TMP, "gcov.", REPOSITORY, NULL};

	return type_of(name) || is_one_of(name, of_a_run) || is_one_of(name, of_builds) ||
	       is_one_of(name, others);
}

bool outdir_is_coverage(const char *name)
{
	const char *number = str_starts(name, "gcov.") ? name + strlen("gcov.") : "";

	return *number && !number[strspn(number, "0123456789")];
}

bool outdir_is_subtests(const char *name)
{
	static const char *const names[] = {REPOSITORY, "log",	   "status",	   "duration",
					    "vmcore",	".vmcore", OUTDIR_FINDING, "attempt.",
					    TMP,	NULL};

	return is_one_of(name, names);
}

/* Files of a run, which the next run replaces. */
static bool is_leftover(const struct outdir *o, const char *name)
{
	mode_t type = type_of(name);

	return is_one_of(name, of_a_run) || outdir_is_coverage(name) ||
	       (type && is_type(o, name, type));
}

/* A run replaces much of what it finds here: a source tree, a home is not to be taken for it. */
static bool is_foreign(const struct outdir *o, const char *name)
{
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !is_leftover(o, name) &&
	       !is_one_of(name, of_builds);
}

static DIR *list(const struct outdir *o)
{
	int fd = openat(o->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

static int check_ours(const struct outdir *o, struct err *err)
{
	DIR *dir = faccessat(o->dir_fd, LOCK, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? NULL : list(o);
	const struct dirent *de;
	int r = 0;

	while (r == 0 && dir && (de = readdir(dir)))
		if (is_foreign(o, de->d_name))
			r = err_set(err, EEXIST,
				    "%s holds other things than ktest's output (%s): give -o a "
				    "directory that is new or empty",
				    o->path, de->d_name);
	if (dir)
		closedir(dir);
	return r;
}

/* ---- the directory */

static int take_lock(struct outdir *o, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("/proc/self/fd/%d/" LOCK, o->dir_fd);

	o->lock_fd = lock_try(path, err);
	if (o->lock_fd == -EWOULDBLOCK)
		return held_by(o, err);
	if (o->lock_fd < 0)
		return err_set(err, o->lock_fd, "the output directory %s cannot be written: %s",
			       o->path, strerror(-o->lock_fd));
	write_owner(o);
	return 0;
}

int outdir_open(const char *path, struct outdir *o, struct err *err)
{
	*o = (struct outdir)OUTDIR_INIT;
	if (mkdir_p(path, 0755, err) < 0)
		return err_wrap(err, "the output directory");
	o->path = path_real(path, err);
	if (!o->path)
		return err_wrap(err, "the output directory");
	o->dir_fd = open(o->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (o->dir_fd < 0)
		return err_errno(err, "the output directory %s", o->path);
	if (check_ours(o, err) < 0)
		return err->code;
	return take_lock(o, err);
}

int outdir_check(const struct outdir *o, struct err *err)
{
	struct stat held, there;

	if (fstat(o->dir_fd, &held) == 0 && stat(o->path, &there) == 0 &&
	    held.st_dev == there.st_dev && held.st_ino == there.st_ino)
		return 0;
	return err_set(err, ESTALE,
		       "the output directory %s was removed or replaced during the run", o->path);
}

int outdir_resume(struct outdir *o, struct err *err)
{
	if (mkdirat(o->dir_fd, "out", 0755) < 0 && errno != EEXIST)
		return err_errno(err, "%s/out", o->path);
	o->out_fd = openat(o->dir_fd, "out", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (o->out_fd < 0)
		return err_errno(err, "%s/out", o->path);
	o->xattr = keeps_xattr(o->out_fd);
	return 0;
}

static int remove_one(const struct outdir *o, const char *name, struct err *err)
{
	int r = rm_rf_at(o->dir_fd, name);

	return r < 0 ? err_set(err, r, "cannot remove %s/%s: %s", o->path, name, strerror(-r)) : 0;
}

/* ---- what guests left */

int outdir_note_left(const struct outdir *o, const char *name, ino_t ino)
{
	_cleanup_close_ int fd = openat(
		o->dir_fd, LEFT, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);
	_cleanup_free_ char *line = xasprintf("%ju/%s", (uintmax_t)ino, name);

	return fd < 0 ? -errno : fd_write_all(fd, line, strlen(line) + 1);
}

/* Another file of that name by now is the user's. */
static int remove_noted(const struct outdir *o, const char *line, struct err *err)
{
	const char *name = strchr(line, '/');
	struct stat st;
	uintmax_t ino;

	if (!name || sscanf(line, "%ju/", &ino) != 1 || !*++name || strchr(name, '/') ||
	    !strcmp(name, ".") || !strcmp(name, ".."))
		return 0;
	if (fstatat(o->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_ino != ino)
		return 0;
	return remove_one(o, name, err);
}

static int remove_left(const struct outdir *o, struct err *err)
{
	_cleanup_close_ int fd = open_beneath(o->dir_fd, LEFT, O_RDONLY, 0);
	_cleanup_free_ char *lines = NULL;
	size_t len = 0;
	int r = 0;

	if (fd < 0)
		return 0;
	if (file_read_fd(fd, LEFT, LEFT_MAX, &lines, &len, err) < 0)
		return err_wrap(err, "what guests have left in %s is not removed", o->path);
	for (size_t at = 0; r == 0 && at < len; at += strlen(lines + at) + 1)
		r = remove_noted(o, lines + at, err);
	return r;
}

int outdir_replace(struct outdir *o, struct err *err)
{
	int r = remove_left(o, err);
	DIR *dir = r < 0 ? NULL : list(o);
	const struct dirent *de;

	while (r == 0 && dir && (de = readdir(dir)))
		if (is_leftover(o, de->d_name))
			r = remove_one(o, de->d_name, err);
	if (dir)
		closedir(dir);
	return r < 0 ? r : outdir_resume(o, err);
}

void outdir_close(struct outdir *o)
{
	/* The lock's file stays: one that is removed can be held twice. */
	if (o->lock_fd >= 0)
		close(o->lock_fd);
	if (o->out_fd >= 0)
		close(o->out_fd);
	if (o->dir_fd >= 0)
		close(o->dir_fd);
	free(o->path);
	*o = (struct outdir)OUTDIR_INIT;
}

/* ---- its files */

char *outdir_name(const char *base, const char *subtest)
{
	char *name = xasprintf("%s.%s", base, subtest);

	for (char *p = name; *p; p++)
		if (*p == '/')
			*p = '.';
	return name;
}

int outdir_file_log(struct outdir *o, const char *base, struct err *err)
{
	int fd = open_beneath(o->out_fd, base, O_WRONLY | O_CREAT | O_APPEND, 0644);

	return fd < 0 ? err_set(err, fd, "%s/out/%s: %s", o->path, base, strerror(-fd)) : fd;
}

int outdir_subtest_dir(const struct outdir *o, const char *name, struct err *err)
{
	int fd;

	if (mkdirat(o->out_fd, name, 0755) < 0 && errno != EEXIST)
		return err_errno(err, "%s/out/%s", o->path, name);
	fd = open_beneath(o->out_fd, name, O_RDONLY | O_DIRECTORY, 0);
	return fd < 0 ? err_set(err, fd, "%s/out/%s: %s", o->path, name, strerror(-fd)) : fd;
}

/* Written beside and renamed. */
static int put(int dirfd, const char *name, const char *text, bool sync, struct err *err)
{
	_cleanup_close_ int fd = -1;
	int r;

	rm_rf_at(dirfd, TMP);
	fd = openat(dirfd, TMP, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_errno(err, "%s", name);
	r = fd_write_all(fd, text, strlen(text));
	if (r == 0 && sync && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && renameat(dirfd, TMP, dirfd, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(dirfd, TMP, 0);
	return r < 0 ? err_set(err, r, "%s: %s", name, strerror(-r)) : 0;
}

int outdir_put(const struct outdir *o, const char *name, const char *text, struct err *err)
{
	return put(o->dir_fd, name, text, true, err);
}

int outdir_journal(const struct outdir *o, bool append, struct err *err)
{
	int fd = openat(
		o->dir_fd, OUTDIR_JOURNAL,
		O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | (append ? 0 : O_CREAT | O_EXCL), 0644);

	if (fd < 0)
		return err_errno(err, "%s/" OUTDIR_JOURNAL, o->path);
	/* A new file is there after a crash of the host only when its directory was written too. */
	if (append || fsync(o->dir_fd) == 0)
		return fd;
	err_errno(err, "%s/" OUTDIR_JOURNAL ": cannot sync its directory", o->path);
	close(fd);
	return err->code;
}

int outdir_subtest_add(struct outdir *o, const char *name, struct err *err)
{
	_cleanup_close_ int dir = outdir_subtest_dir(o, name, err);

	return dir < 0 ? dir : put(dir, "status", NOT_STARTED, false, err);
}

bool outdir_subtest_is_open(const struct outdir *o, const char *name)
{
	_cleanup_close_ int dir = open_beneath(o->out_fd, name, O_RDONLY | O_DIRECTORY, 0);
	_cleanup_close_ int fd = dir < 0 ? -1 : open_beneath(dir, "status", O_RDONLY, 0);
	_cleanup_free_ char *status = NULL;
	size_t len;

	if (dir < 0 || faccessat(dir, "log", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	/* A further attempt has no status before it ends. */
	return fd < 0 || (file_read_fd(fd, "status", 4096, &status, &len, NULL) == 0 &&
			  !strcmp(status, NOT_STARTED));
}

/* The whole directory becomes attempt.N of a new one; earlier attempts in it move up. */
static int set_aside(struct outdir *o, const char *name, int last, struct err *err)
{
	_cleanup_free_ char *old = xasprintf("%s/attempt.%d", name, last);
	char from[48], to[512];

	rm_rf_at(o->out_fd, ".attempt");
	if (renameat(o->out_fd, name, o->out_fd, ".attempt") < 0)
		return errno == ENOENT ? 0 : err_errno(err, "%s/out/%s", o->path, name);
	if (mkdirat(o->out_fd, name, 0755) < 0 ||
	    renameat(o->out_fd, ".attempt", o->out_fd, old) < 0)
		return err_errno(err, "%s/out/%s", o->path, name);
	for (int i = 1; i < last; i++) {
		_cleanup_free_ char *inner = xasprintf("%s/attempt.%d", old, i);

		snprintf(from, sizeof(from), "attempt.%d", i);
		snprintf(to, sizeof(to), "%s/%s", name, from);
		renameat(o->out_fd, inner, o->out_fd, to);
	}
	return 0;
}

int outdir_subtest_start(struct outdir *o, const char *name, int attempt, struct err *err)
{
	_cleanup_close_ int dir = -1;
	int log, r;

	r = attempt > 1 ? set_aside(o, name, attempt - 1, err) : 0;
	if (r < 0)
		return r;
	dir = outdir_subtest_dir(o, name, err);
	if (dir < 0)
		return dir;
	rm_rf_at(dir, "log");
	log = openat(dir, "log", O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
		     0644);
	if (log < 0)
		return err_errno(err, "%s/out/%s/log", o->path, name);
	return log;
}

int outdir_subtest_status(struct outdir *o, const char *name, const char *status, long seconds,
			  struct err *err)
{
	_cleanup_close_ int dir = outdir_subtest_dir(o, name, err);
	_cleanup_free_ char *line = xasprintf("%s\n", status);
	char text[32];
	int r;

	if (dir < 0)
		return dir;
	r = put(dir, "status", line, false, err);
	if (r < 0 || seconds < 0)
		return r;
	snprintf(text, sizeof(text), "%ld\n", seconds);
	return put(dir, "duration", text, false, err);
}

int outdir_subtest_finding(struct outdir *o, const char *name, int n, const char *text,
			   struct err *err)
{
	_cleanup_close_ int dir = outdir_subtest_dir(o, name, err);
	char file[32];

	if (dir < 0)
		return dir;
	snprintf(file, sizeof(file), OUTDIR_FINDING "%d", n);
	return put(dir, file, text, false, err);
}

int outdir_phase_log(struct outdir *o, const char *name, const char *text, struct err *err)
{
	_cleanup_close_ int dir = outdir_subtest_dir(o, name, err);
	_cleanup_close_ int log = -1;
	int r;

	if (dir < 0)
		return dir;
	log = open_beneath(dir, "log", O_WRONLY | O_CREAT | O_APPEND, 0644);
	r = log < 0 ? log : fd_write_all(log, text, strlen(text));
	return r < 0 ? err_set(err, r, "%s/out/%s/log: %s", o->path, name, strerror(-r)) : 0;
}

int outdir_link(const struct outdir *o, const char *name, const char *target, struct err *err)
{
	int r = remove_one(o, name, err);

	if (r < 0 || !target)
		return r;
	return symlinkat(target, o->dir_fd, name) < 0 ? err_errno(err, "%s/%s", o->path, name) : 0;
}
