// SPDX-License-Identifier: GPL-2.0-only
#include "base/children.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

#define ROUNDS_MAX 10000

pid_t *children_of(pid_t parent, size_t *n)
{
	_cleanup_free_ char *path =
		xasprintf("/proc/%d/task/%d/children", (int)parent, (int)parent);
	_cleanup_free_ char *text = NULL;
	pid_t *v = NULL;
	char *s, *end;
	size_t len;

	*n = 0;
	if (file_read(path, 1 << 20, &text, &len, NULL) < 0)
		return NULL;
	for (s = text;; s = end) {
		long pid = strtol(s, &end, 10);

		if (end == s)
			return v;
		v = xrealloc(v, (*n + 1) * sizeof(*v));
		v[(*n)++] = (pid_t)pid;
	}
}

pid_t *children_list(size_t *n)
{
	return children_of(getpid(), n);
}

static void signal_below(pid_t parent, int signo)
{
	size_t n;
	pid_t *v = children_of(parent, &n);

	for (size_t i = 0; i < n; i++) {
		kill(v[i], signo);
		signal_below(v[i], signo);
	}
	free(v);
}

void children_signal(int signo)
{
	signal_below(getpid(), signo);
}

static bool kept(const pid_t *keep, size_t nkeep, pid_t pid)
{
	for (size_t i = 0; i < nkeep; i++)
		if (keep[i] == pid)
			return true;
	return false;
}

/* How many there were. What another user owns (sudo) is not ours to end, and not waited for. */
static size_t end_round(const pid_t *keep, size_t nkeep)
{
	size_t n, ended = 0;
	pid_t *v = children_list(&n);

	for (size_t i = 0; i < n; i++) {
		if (kept(keep, nkeep, v[i]))
			continue;
		if (kill(v[i], SIGKILL) < 0 && errno == EPERM)
			continue;
		waitpid(v[i], NULL, 0);
		ended++;
	}
	free(v);
	return ended;
}

void children_end(const pid_t *keep, size_t nkeep)
{
	for (int i = 0; i < ROUNDS_MAX && end_round(keep, nkeep); i++)
		;
}
