/* SPDX-License-Identifier: GPL-2.0-only */
/* What the unit tests share: cmocka's includes, and a directory of the test's own to work in. */
#ifndef T_UNIT_UNIT_H
#define T_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

static char unit_dir[] = "/var/tmp/ktest-unit-XXXXXX";

/* Group fixtures: the current directory is a fresh, empty one that every user may enter. */
static inline int unit_enter(void **state)
{
	(void)state;
	umask(022);
	return !mkdtemp(unit_dir) || chdir(unit_dir) < 0 || chmod(unit_dir, 0755) < 0;
}

/* Not by rm_rf(), which is under test. */
static inline int unit_leave(void **state)
{
	char cmd[128];

	(void)state;
	snprintf(cmd, sizeof(cmd), "cd / && rm -rf %s", unit_dir);
	return system(cmd);
}

static inline void unit_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* The file's text in a static buffer; fails the test when there is no such file. */
static inline const char *unit_read(const char *path)
{
	static char buf[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, buf, sizeof(buf) - 1);
	assert_true(n >= 0);
	buf[n] = '\0';
	close(fd);
	return buf;
}

static inline bool unit_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* The exit status of a forked child; 1000 and the signal when it was killed. */
static inline int unit_wait(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/*
 * Whether the process is gone, after five seconds at most: what is killed needs a moment, and an
 * orphan that is dead waits for whoever adopted it.
 */
static inline bool unit_gone(pid_t pid)
{
	char path[64], stat[512], *state;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	for (int i = 0; i < 5000; i++) {
		f = fopen(path, "re");
		if (!f)
			return true;
		state = fgets(stat, sizeof(stat), f) ? strrchr(stat, ')') : NULL;
		fclose(f);
		if (!state || state[2] == 'Z')
			return true;
		usleep(1000);
	}
	return false;
}

/* In a forked child of a test run as root: go on as somebody without rights. */
static inline void unit_drop_root(void)
{
	if (geteuid() == 0 &&
	    (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY)))
		_exit(99);
}

#endif
