// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/revision.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/proc.h"

#define ANSWER_MS 10000
#define HASH_MIN  40

/* git looks for a repository upwards, but not in the ceiling. */
static void add_env(struct strv *env, const char *source)
{
	_cleanup_free_ char *above = xstrndup(source, (size_t)(path_base(source) - source));

	for (char **e = environ; *e; e++)
		if (!str_starts(*e, "GIT_"))
			strv_add(env, *e);
	strv_addf(env, "GIT_CEILING_DIRECTORIES=%s", above);
}

void revision_ask(const char *source, struct revision *r)
{
	_cleanup_strv_ struct strv argv = {0}, env = {0};
	struct proc_spec spec = PROC_SPEC(&argv);
	int fds[2];

	*r = (struct revision){0};
	if (pipe2(fds, O_CLOEXEC) < 0)
		return;
	strv_addv(&argv, "git", "--no-optional-locks", "-C", source, "describe", "--always",
		  "--dirty", "--abbrev=40", "--exclude=*", NULL);
	add_env(&env, source);
	spec.env = env.v;
	spec.fd_out = fds[1];
	if (proc_spawn(&spec, &r->pid, NULL) < 0)
		close(fds[0]);
	else
		r->fd = fds[0];
	close(fds[1]);
}

char *revision_answer(struct revision *r)
{
	char line[128];
	struct pollfd p = {.fd = r->fd, .events = POLLIN};
	ssize_t n = -1;
	int status;

	if (!r->pid)
		return NULL;
	/* A line is less than a pipe takes in one piece. */
	if (poll(&p, 1, ANSWER_MS) == 1)
		n = read(r->fd, line, sizeof(line) - 1);
	if (n < 0)
		kill(r->pid, SIGKILL);
	while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(r->fd);
	*r = (struct revision){0};
	if (n <= 0)
		return NULL;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return strspn(line, "0123456789abcdef") >= HASH_MIN ? xstrdup(line) : NULL;
}
