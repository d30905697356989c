// SPDX-License-Identifier: GPL-2.0-only
#include "cmd/guard.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "cmd/cmd.h"

static void __attribute__((noreturn))
guarded_child(guarded_fn *fn, void *arg, pid_t parent, const sigset_t *mask)
{
	struct err err = {0};
	int r;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(EXIT_CANNOT);
	sigprocmask(SIG_SETMASK, mask, NULL);
	r = fn(arg, &err);
	if (r < 0)
		fprintf(stderr, "%s: %s\n", cmd_program(), err.msg);
	fflush(NULL);
	_exit(r >= 0 ? r : err.usage ? EXIT_USAGE : EXIT_CANNOT);
}

/* One that was stopped, or goes on, is heard of, too. */
static bool has_ended(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid;
}

/* The exit status of the child, or that of an interrupted command after its end. */
static int guarded_wait(pid_t pid, const sigset_t *set, struct err *err)
{
	int status, sig;

	do
		sig = sigwaitinfo(set, NULL);
	while ((sig < 0 && errno == EINTR) || (sig == SIGCHLD && !has_ended(pid)));
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

static int start(guarded_fn *fn, void *arg, const sigset_t *mask, pid_t *pid, struct err *err)
{
	pid_t parent = getpid();

	fflush(NULL);
	*pid = fork();
	if (*pid == 0)
		guarded_child(fn, arg, parent, mask);
	return *pid < 0 ? err_errno(err, "fork") : 0;
}

int guarded_start(guarded_fn *fn, void *arg, pid_t *pid, struct err *err)
{
	sigset_t mask;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	return start(fn, arg, &mask, pid, err);
}

int guarded(guarded_fn *fn, void *arg, struct err *err)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD};
	sigset_t set, old;
	pid_t pid;
	int r;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, &old);
	r = start(fn, arg, &old, &pid, err);
	if (r == 0)
		r = guarded_wait(pid, &set, err);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return r;
}
