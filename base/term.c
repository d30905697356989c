// SPDX-License-Identifier: GPL-2.0-only
#include "base/term.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"

/* Above the two that it needs. */
static void close_others(void)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, 2U, ~0U, 0U) == 0)
		return;
#endif
	for (int fd = 2; fd < 1024; fd++)
		close(fd);
}

/*
 * In a session of its own no signal of the terminal reaches it, nor may it be stopped for writing
 * its settings. It holds no other descriptor: somebody may wait for their ends.
 */
static void __attribute__((noreturn)) guard_main(int tty, int pipe, const struct termios *saved)
{
	sigset_t all;
	char c;

	setsid();
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	if (dup2(tty, STDERR_FILENO) < 0 || dup2(pipe, 0) < 0 || dup2(STDERR_FILENO, 1) < 0)
		_exit(1);
	close_others();
	while (read(0, &c, 1) < 0 && errno == EINTR)
		;
	tcsetattr(1, TCSANOW, saved);
	_exit(0);
}

static int start_guard(struct term *t, struct err *err)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_errno(err, "pipe");
	t->guard_pid = fork();
	if (t->guard_pid == 0)
		guard_main(t->fd, fd[0], &t->saved);
	close(fd[0]);
	t->guard = fd[1];
	return t->guard_pid < 0 ? err_errno(err, "fork") : 0;
}

/* One of our own: that it does not block is nobody else's matter then. */
static int open_again(int fd, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("/proc/self/fd/%d", fd);
	int own = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	return own < 0 ? err_errno(err, "the terminal") : own;
}

int term_raw(int fd, struct term *t, struct err *err)
{
	struct termios raw;
	int r;

	*t = (struct term){.fd = -1, .guard = -1};
	if (tcgetattr(fd, &t->saved) < 0)
		return err_errno(err, "the terminal");
	t->fd = open_again(fd, err);
	if (t->fd < 0)
		return t->fd;
	raw = t->saved;
	cfmakeraw(&raw);
	r = start_guard(t, err);
	if (r == 0 && tcsetattr(t->fd, TCSADRAIN, &raw) < 0)
		r = err_errno(err, "the terminal");
	if (r < 0)
		term_restore(t);
	return r;
}

void term_restore(struct term *t)
{
	if (t->fd < 0)
		return;
	tcsetattr(t->fd, TCSADRAIN, &t->saved);
	if (t->guard >= 0)
		close(t->guard);
	if (t->guard_pid > 0)
		while (waitpid(t->guard_pid, NULL, 0) < 0 && errno == EINTR)
			;
	close(t->fd);
	*t = (struct term){.fd = -1, .guard = -1};
}

void term_size(int fd, int *rows, int *cols)
{
	struct winsize ws = {0};

	ioctl(fd, TIOCGWINSZ, &ws);
	*rows = ws.ws_row ? ws.ws_row : 24;
	*cols = ws.ws_col ? ws.ws_col : 80;
}
