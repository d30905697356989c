// SPDX-License-Identifier: GPL-2.0-only
#include "guest/cores.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/port.h"

#define CORES	"/run/ktest/cores"
#define PATTERN CORES "/core.%e.%p"

/* The directory, and when it had last been changed: reading it takes a clone 30 ms. */
static int cores_fd = -1;
static struct timespec seen;

/* Nothing was put into it, since it was last asked. */
static int unchanged(void)
{
	struct timespec before = seen;
	struct stat st;

	if (fstat(cores_fd, &st) || !st.st_nlink)
		return 0;
	seen = st.st_mtim;
	return seen.tv_sec == before.tv_sec && seen.tv_nsec == before.tv_nsec;
}

int cores_prepare(struct fault *f)
{
	int ret = mkdir_p(CORES, 01777);

	if (ret)
		return fault_set(f, ret, CORES ": %s", strerror(-ret));
	cores_fd = open(CORES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unchanged(); /* it is empty, and has been seen to be */
	ret = write_text("/proc/sys/kernel/core_pattern", 0, PATTERN);
	if (ret && ret != -ENOENT) /* a kernel without core dumps */
		return fault_set(f, ret, "core_pattern: %s", strerror(-ret));
	return 0;
}

/* Data only: core dumps are mostly holes. */
static int copy_data(int from, int to, off_t size)
{
	off_t pos = 0;

	while ((pos = lseek(from, pos, SEEK_DATA)) >= 0) {
		off_t end = lseek(from, pos, SEEK_HOLE);

		if (lseek(to, pos, SEEK_SET) < 0)
			return -errno;
		while (pos < end) {
			ssize_t n = sendfile(to, from, &pos, (size_t)(end - pos));

			if (n <= 0)
				return n ? -errno : -EIO;
		}
	}
	return ftruncate(to, size) ? -errno : 0;
}

/* O_EXCL and O_NOFOLLOW, because a test may have planted something under that name. */
static int copy_file(int from_dir, int to_dir, const char *name)
{
	int from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int ret = 0;
	int to;

	if (from < 0)
		return -errno;
	if (fstat(from, &st) || !S_ISREG(st.st_mode)) {
		close(from);
		return 0;
	}
	to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (to < 0)
		ret = -errno;
	else
		ret = copy_data(from, to, st.st_size);
	close(from);
	if (to >= 0 && close(to) && !ret)
		ret = -errno;
	return ret;
}

static int has_files(void)
{
	DIR *dir = unchanged() ? NULL : opendir(CORES);
	struct dirent *d;
	int found = 0;

	while (dir && !found && (d = readdir(dir)))
		found = d->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return found;
}

/* In the child: the port is the parent's, so failures go to the kernel's log. */
static void move_all(const char *to)
{
	int to_dir = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = opendir(CORES);
	struct dirent *d;

	if (to_dir < 0)
		complain("core dumps: %s: %s", to, strerror(errno));
	while (dir && (d = readdir(dir))) {
		int ret;

		if (d->d_name[0] == '.')
			continue;
		ret = to_dir < 0 ? 0 : copy_file(dirfd(dir), to_dir, d->d_name);
		if (ret)
			complain("core dump %s: %s", d->d_name, strerror(-ret));
		unlinkat(dirfd(dir), d->d_name, 0);
	}
}

pid_t cores_copy(const char *dir)
{
	pid_t pid;

	if (!has_files())
		return 0;
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0); /* for share.c: it is to wait for the mount */
		move_all(dir);
		_exit(0);
	}
	return pid < 0 ? -errno : pid;
}
