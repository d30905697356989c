// SPDX-License-Identifier: GPL-2.0-only
#include "cmd/guard.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "cmd/cmd.h"

static void __attribute__((noreturn))
guarded_child(guarded_fn *fn, void *arg, pid_t parent, const sigset_t *old)
{
	struct err err = {0};
	int r;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(EXIT_CANNOT);
	sigprocmask(SIG_SETMASK, old, NULL);
	r = fn(arg, &err);
	if (r < 0)
		fprintf(stderr, "%s: %s\n", cmd_program(), err.msg);
	fflush(NULL);
	_exit(r >= 0 ? r : err.usage ? EXIT_USAGE : EXIT_CANNOT);
}

/* The exit status of the child, or that of an interrupted command after its end. */
static int guarded_wait(pid_t pid, const sigset_t *set, struct err *err)
{
	int status, sig;

	do
		sig = sigwaitinfo(set, NULL);
	while (sig < 0 && errno == EINTR);
	if (sig < 0)
		err_errno(err, "waiting for the end");
	if (sig != SIGCHLD)
		kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) < 0)
		return err_errno(err, "waiting for the end");
	if (sig != SIGCHLD)
		return EXIT_INTERRUPTED;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return err_set(err, EIO, "it was killed by signal %d", WTERMSIG(status));
}

int guarded(guarded_fn *fn, void *arg, struct err *err)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD};
	pid_t parent = getpid(), pid;
	sigset_t set, old;
	int r;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, &old);
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		guarded_child(fn, arg, parent, &old);
	r = pid < 0 ? err_errno(err, "fork") : guarded_wait(pid, &set, err);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return r;
}
