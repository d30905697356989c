// SPDX-License-Identifier: GPL-2.0-only
/*
 * All that comes of a program is adopted here, and ended here: what no pid namespace does where
 * there is none, and what bubblewrap does not do while it starts.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/children.h"
#include "base/proc.h"
#include "vm/sandbox.h"

/* Until the program ends or we are told to: true with its status, or false. */
static bool wait_for(int sigfd, pid_t program, int *status)
{
	struct signalfd_siginfo si;
	pid_t pid;

	while (read(sigfd, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGTERM)
			return false;
		if (si.ssi_signo != SIGCHLD)
			children_signal(si.ssi_signo == SIGTSTP ? SIGSTOP : SIGCONT);
		while ((pid = waitpid(-1, status, WNOHANG)) > 0)
			if (pid == program)
				return true;
	}
	return false;
}

/* The channels were handed to us without close-on-exec: the program has them too. */
static int hand_on(struct proc_spec *spec, struct err *err)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *de;
	int fd, flags, r = 0;

	if (!dir)
		return err_errno(err, "keeper: /proc/self/fd");
	while (r == 0 && (de = readdir(dir))) {
		fd = atoi(de->d_name);
		flags = fd > STDERR_FILENO ? fcntl(fd, F_GETFD) : -1;
		if (flags < 0 || (flags & FD_CLOEXEC))
			continue;
		if (spec->nfds < PROC_FDS_MAX)
			spec->fds[spec->nfds++] = fd;
		else
			r = err_set(err, EMFILE, "keeper: more than %d channels", PROC_FDS_MAX);
	}
	closedir(dir);
	return r;
}

/* As the program did: whoever waits is to see the same. */
static int end_as(int status)
{
	const struct rlimit no_core = {0, 0};
	sigset_t set;

	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	setrlimit(RLIMIT_CORE, &no_core);
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(WTERMSIG(status), SIG_DFL);
	raise(WTERMSIG(status));
	return 128 + WTERMSIG(status);
}

int keeper_main(char **argv, struct err *err)
{
	pid_t parent = getppid(), pid = 0;
	_cleanup_strv_ struct strv words = {0};
	struct proc_spec spec = PROC_SPEC(&words);
	static const int signals[] = {SIGTERM, SIGCHLD, SIGTSTP, SIGCONT};
	sigset_t set;
	int sigfd, r, status = 0;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigfd = signalfd(-1, &set, SFD_CLOEXEC);
	/* proc_spawn set SIGKILL for us, which would leave the grandchildren. */
	if (sigfd < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || getppid() != parent)
		return err_errno(err, "keeper");
	while (*argv)
		strv_add(&words, *argv++);
	spec.fd_in = STDIN_FILENO;
	spec.fd_out = STDOUT_FILENO;
	spec.fd_err = STDERR_FILENO;
	r = hand_on(&spec, err);
	if (r == 0)
		r = proc_spawn(&spec, &pid, err);
	if (r < 0)
		return r;
	if (!wait_for(sigfd, pid, &status))
		status = SIGKILL;
	children_end(NULL, 0);
	return end_as(status);
}
