// SPDX-License-Identifier: GPL-2.0-only
#include "guest/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/cgroup.h"
#include "guest/console.h"

/* The shortest field is "arg=" and its NUL: a frame cannot hold more. */
#define WORDS_MAX (FRAME_PAYLOAD_MAX / 5)

/* The values of all fields of one key; they stay in the frame. How many. */
static size_t collect(const struct frame *frame, const char *key, const char **words)
{
	const char *value;
	size_t pos = 0;
	size_t n = 0;

	while (n < WORDS_MAX && (value = frame_next_of(frame, &pos, key)))
		words[n++] = value;
	words[n] = NULL;
	return n;
}

static void default_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int i = 1; i < _NSIG; i++)
		sigaction(i, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* What a login gives on a usual system, and core dumps of any size. */
static void set_limits(void)
{
	const struct rlimit core = {RLIM_INFINITY, RLIM_INFINITY};
	const struct rlimit files = {1024, 524288};

	setrlimit(RLIMIT_CORE, &core);
	setrlimit(RLIMIT_NOFILE, &files);
	umask(022);
	write_text("/proc/self/oom_score_adj", 0, "0");
}

static int set_streams(const struct child_io *io)
{
	struct child_io console = {.n = 3};
	int fd[ARRAY_SIZE(console.fd)];

	if (!io) {
		console.fd[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		console.fd[1] = console.fd[2] = console_fd();
		io = &console;
	}
	if (io->tty && ioctl(io->fd[0], TIOCSCTTY, 0))
		return -errno;
	/* Out of the way first: one may be where another one is to be. */
	for (int i = 0; i < io->n; i++)
		fd[i] = fcntl(io->fd[i], F_DUPFD_CLOEXEC, (int)ARRAY_SIZE(fd));
	for (int i = 0; i < io->n; i++) {
		if (dup2(fd[i], i) < 0)
			return -errno;
	}
	return 0;
}

/* argv and env as execve wants them: it does not write to the strings. */
static int run(const char **argv, const char **env, const char *cwd, const struct child_io *io,
	       struct fault *f)
{
	default_signals();
	set_limits();
	if (set_streams(io))
		return fault_errno(f, "start: %s", io ? "streams" : "console");
	if (chdir(cwd))
		return fault_errno(f, "start: cwd %s", cwd);
	environ = (char **)(uintptr_t)env;
	execvp(argv[0], (char **)(uintptr_t)argv); /* by the PATH of env */
	return fault_errno(f, "start: %s", argv[0]);
}

pid_t child_start(const struct frame *frame, const char *cgroup, const struct child_io *io,
		  int *report, struct fault *f)
{
	static const char *argv[WORDS_MAX + 1];
	static const char *env[WORDS_MAX + 1];
	const char *cwd = frame_get(frame, "cwd");
	int pipefd[2];
	pid_t pid;

	if (!collect(frame, "arg", argv))
		return fault_set(f, EINVAL, "start: no arg");
	collect(frame, "env", env);
	if (pipe2(pipefd, O_CLOEXEC))
		return fault_errno(f, "start: pipe");
	pid = fork();
	if (pid == 0) {
		setsid();
		cgroup_join(cgroup);
		run(argv, env, cwd ? cwd : "/", io, f);
		_exit(write(pipefd[1], f, sizeof(*f)) < 0 ? 126 : 127);
	}
	if (pid < 0)
		fault_errno(f, "start: fork");
	close(pipefd[1]);
	if (pid < 0)
		close(pipefd[0]);
	*report = pipefd[0];
	return pid < 0 ? -f->error : pid;
}
