// SPDX-License-Identifier: GPL-2.0-only
#include "result/outdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/file.h"

static bool keeps_xattr(int fd)
{
	if (fsetxattr(fd, "user.ktest", "1", 1, 0) < 0)
		return false;
	fremovexattr(fd, "user.ktest");
	return true;
}

static int held_by(const struct outdir *o, struct err *err)
{
	_cleanup_free_ char *who = NULL;
	size_t len;

	if (file_read(o->lock, 4096, &who, &len, NULL) == 0 && len)
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

/* What ktest, and the tool before it, put into an output directory. */
static bool is_ours(int dir, const char *name)
{
	static const char *const names[] = {"out", "vm", "journal.jsonl", "results.json"};
	struct stat st;

	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	if (!strcmp(name, "kernel"))
		return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
	return str_starts(name, "kernel.") || str_starts(name, "kernel_build.") ||
	       str_starts(name, "gcov.");
}

/* A run replaces much of what it finds here: a source tree, a home is not to be taken for it. */
static int check_ours(const struct outdir *o, struct err *err)
{
	DIR *dir = path_exists(o->lock) ? NULL : opendir(o->path);
	const struct dirent *de;
	int r = 0;

	while (r == 0 && dir && (de = readdir(dir)))
		if (!is_ours(dirfd(dir), de->d_name))
			r = err_set(err, EEXIST,
				    "%s holds other things than ktest's output (%s): give -o a "
				    "directory that is new or empty",
				    o->path, de->d_name);
	if (dir)
		closedir(dir);
	return r;
}

int outdir_open(const char *path, struct outdir *o, struct err *err)
{
	*o = (struct outdir){.lock_fd = -1, .out_fd = -1};
	if (mkdir_p(path, 0755, err) < 0)
		return err_wrap(err, "the output directory");
	o->path = path_real(path, err);
	if (!o->path)
		return err_wrap(err, "the output directory");
	o->journal = xasprintf("%s/journal.jsonl", o->path);
	o->lock = xasprintf("%s/.lock", o->path);
	if (check_ours(o, err) < 0)
		return err->code;
	o->lock_fd = lock_try(o->lock, err);
	if (o->lock_fd == -EWOULDBLOCK)
		return held_by(o, err);
	if (o->lock_fd < 0)
		return err_wrap(err, "the output directory cannot be written");
	write_owner(o);
	return 0;
}

int outdir_resume(struct outdir *o, struct err *err)
{
	_cleanup_free_ char *out = xasprintf("%s/out", o->path);

	if (mkdir(out, 0755) < 0 && errno != EEXIST)
		return err_errno(err, "%s", out);
	o->out_fd = open(out, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (o->out_fd < 0)
		return err_errno(err, "%s", out);
	o->xattr = keeps_xattr(o->out_fd);
	return 0;
}

static bool is_leftover(const char *name)
{
	return !strcmp(name, "out") || !strcmp(name, "journal.jsonl") ||
	       !strcmp(name, "results.json") || !strcmp(name, "vm") || !strcmp(name, "kernel") ||
	       str_starts(name, "gcov.");
}

int outdir_replace(struct outdir *o, struct err *err)
{
	DIR *dir = opendir(o->path);
	struct dirent *de;
	int r = 0;

	if (!dir)
		return err_errno(err, "%s", o->path);
	while (r == 0 && (de = readdir(dir))) {
		_cleanup_free_ char *path = xasprintf("%s/%s", o->path, de->d_name);

		if (is_leftover(de->d_name))
			r = rm_rf(path, err);
	}
	closedir(dir);
	return r < 0 ? r : outdir_resume(o, err);
}

void outdir_close(struct outdir *o)
{
	/* The lock's file stays: one that is removed can be held twice. */
	if (o->lock_fd >= 0) {
		close(o->lock_fd);
	}
	if (o->out_fd >= 0)
		close(o->out_fd);
	free(o->path);
	free(o->journal);
	free(o->lock);
	*o = (struct outdir){.lock_fd = -1, .out_fd = -1};
}

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

int outdir_subtest_dir(struct outdir *o, const char *name, struct err *err)
{
	int fd;

	if (mkdirat(o->out_fd, name, 0755) < 0 && errno != EEXIST)
		return err_errno(err, "%s/out/%s", o->path, name);
	fd = open_beneath(o->out_fd, name, O_RDONLY | O_DIRECTORY, 0);
	if (fd == -ENOTDIR || fd == -ELOOP) {
		/* The guest put something else there. */
		rm_rf_at(o->out_fd, name);
		mkdirat(o->out_fd, name, 0755);
		fd = open_beneath(o->out_fd, name, O_RDONLY | O_DIRECTORY, 0);
	}
	return fd < 0 ? err_set(err, fd, "%s/out/%s: %s", o->path, name, strerror(-fd)) : fd;
}

/* Written beside and renamed: whatever the guest put at that name is replaced, never opened. */
static int put(int dirfd, const char *name, const char *text, struct err *err)
{
	_cleanup_close_ int fd = -1;
	int r;

	rm_rf_at(dirfd, ".tmp");
	fd = openat(dirfd, ".tmp", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_errno(err, "%s", name);
	r = fd_write_all(fd, text, strlen(text));
	if (r == 0 && renameat(dirfd, ".tmp", dirfd, name) < 0) {
		/* A directory is not replaced by a file. */
		rm_rf_at(dirfd, name);
		r = renameat(dirfd, ".tmp", dirfd, name) < 0 ? -errno : 0;
	}
	return r < 0 ? err_set(err, r, "%s: %s", name, strerror(-r)) : 0;
}

int outdir_subtest_add(struct outdir *o, const char *name, struct err *err)
{
	_cleanup_close_ int dir = outdir_subtest_dir(o, name, err);

	return dir < 0 ? dir : put(dir, "status", "========= NOT STARTED\n", err);
}

/* The whole directory becomes attempt.N of a new one; earlier attempts in it move up. */
static int set_aside(struct outdir *o, const char *name, int last, struct err *err)
{
	_cleanup_free_ char *old = xasprintf("%s/attempt.%d", name, last);
	char from[48], to[512];

	/* The guest may have put something there, or have removed the directory. */
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
	r = put(dir, "status", line, err);
	if (r < 0 || seconds < 0)
		return r;
	snprintf(text, sizeof(text), "%ld\n", seconds);
	return put(dir, "duration", text, err);
}

int outdir_subtest_finding(struct outdir *o, const char *name, int n, const char *text,
			   struct err *err)
{
	_cleanup_close_ int dir = outdir_subtest_dir(o, name, err);
	char file[32];

	if (dir < 0)
		return dir;
	snprintf(file, sizeof(file), OUTDIR_FINDING "%d", n);
	return put(dir, file, text, err);
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

int outdir_make(const struct outdir *o, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", o->path, name);

	return mkdir(path, 0755);
}

int outdir_link(struct outdir *o, const char *name, const char *target, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", o->path, name);
	int r = rm_rf(path, err);

	if (r < 0 || !target)
		return r;
	return symlink(target, path) < 0 ? err_errno(err, "%s", path) : 0;
}

void outdir_protected(const struct outdir *o, struct strv *paths)
{
	DIR *d = opendir(o->path);
	const struct dirent *de;
	struct stat st;

	strv_addv(paths, o->journal, o->lock, NULL);
	while (d && (de = readdir(d)))
		if ((str_starts(de->d_name, "kernel") || str_starts(de->d_name, "gcov.")) &&
		    fstatat(dirfd(d), de->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISDIR(st.st_mode))
			strv_addf(paths, "%s/%s", o->path, de->d_name);
	if (d)
		closedir(d);
}
