// SPDX-License-Identifier: GPL-2.0-only
#include "guest/util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int fault_set(struct fault *f, int error, const char *fmt, ...)
{
	va_list ap;

	f->error = abs(error);
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	return -f->error;
}

int fault_errno(struct fault *f, const char *fmt, ...)
{
	int error = errno ? errno : EIO;
	size_t len;
	va_list ap;

	f->error = error;
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	len = strlen(f->text);
	snprintf(f->text + len, sizeof(f->text) - len, ": %s", strerror(error));
	return -error;
}

void complain(const char *fmt, ...)
{
	char line[512] = "<3>ktest-agent: ";
	size_t len = strlen(line);
	va_list ap;
	int fd;

	va_start(ap, fmt);
	vsnprintf(line + len, sizeof(line) - len, fmt, ap);
	va_end(ap);
	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	/* There is nowhere left to tell of a failure. */
	if (write(fd, line, strlen(line)) < 0) {
	}
	close(fd);
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

int64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

int64_t uptime_ns(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

int read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;
	int error;

	*buf = 0;
	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	error = errno;
	close(fd);
	if (n < 0)
		return -error;
	while (n && strchr(" \n", buf[n - 1]) && buf[n - 1])
		n--;
	buf[n] = 0;
	return (int)n;
}

int write_text(const char *path, int flags, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | flags, 0644);
	size_t len = strlen(text);
	ssize_t n;
	int error;

	if (fd < 0)
		return -errno;
	n = len ? write(fd, text, len) : 0;
	error = n < 0 ? errno : (size_t)n < len ? ENOSPC : 0;
	close(fd);
	return -error;
}

static int mkdir_one(const char *path, unsigned int mode)
{
	struct stat st;

	if (!mkdir(path, mode))
		return chmod(path, mode) ? -errno : 0;
	if (errno == EEXIST && !stat(path, &st) && S_ISDIR(st.st_mode))
		return 0;
	return -errno;
}

int mkdir_parents(const char *path)
{
	char part[PATH_MAX];
	int ret;

	if (strlen(path) >= sizeof(part))
		return -ENAMETOOLONG;
	strcpy(part, path);
	for (char *p = strchr(part + 1, '/'); *part && p; p = strchr(p + 1, '/')) {
		*p = 0;
		ret = mkdir_one(part, 0755);
		if (ret)
			return ret;
		*p = '/';
	}
	return 0;
}

int mkdir_p(const char *path, unsigned int mode)
{
	int ret = mkdir_parents(path);

	return ret ? ret : mkdir_one(path, mode);
}

int is_mount_point(const char *path)
{
	char parent[PATH_MAX];
	struct stat here;
	struct stat above;

	snprintf(parent, sizeof(parent), "%s/..", path);
	return !stat(path, &here) && !stat(parent, &above) && here.st_dev != above.st_dev;
}

int parse_number(const char *s, int base, uint64_t *out)
{
	char *end;

	if (*s < '0' || *s > '9')
		return -EINVAL;
	errno = 0;
	*out = strtoull(s, &end, base);
	return errno || *end ? -EINVAL : 0;
}

int split_tabs(char *text, char **parts, int max)
{
	int n = 0;

	while (n < max) {
		parts[n++] = text;
		text = n < max ? strchr(text, '\t') : NULL;
		if (!text)
			break;
		*text++ = 0;
	}
	return n;
}
