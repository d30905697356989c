// SPDX-License-Identifier: GPL-2.0-only
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/loop.h"

#define RUN_OUTPUT_MAX (64 << 20) /* of proc_run() */

/* What the child tells us through a close-on-exec pipe when it cannot become the program. */
struct exec_failure {
	int error;
};

static void child_fail(int report_fd)
{
	struct exec_failure f = {errno};

	if (write(report_fd, &f, sizeof(f)) < 0)
		_exit(126);
	_exit(127);
}

static void child_signals(void)
{
	struct sigaction sa = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		sigaction(s, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int child_stdio(int fd, int want)
{
	if (fd < 0)
		fd = open("/dev/null", (want == 0 ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fd == want)
		return fcntl(fd, F_SETFD, 0);
	return dup2(fd, want);
}

static int child_limit(int resource, uint64_t value)
{
	struct rlimit rl = {.rlim_cur = value, .rlim_max = value};

	return value ? setrlimit((__rlimit_resource_t)resource, &rl) : 0;
}

/* Those that we inherited ourselves are none of the child's either. */
static int child_descriptors(const struct proc_spec *spec)
{
	/* Linux 5.11; before, only what we opened ourselves is kept back. */
	syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
	for (int i = 0; i < spec->nfds; i++)
		if (fcntl(spec->fds[i], F_SETFD, 0) < 0)
			return -1;
	return 0;
}

static int child_prepare(const struct proc_spec *spec, pid_t parent)
{
	/* Asked for first, then checked: the parent may have died in between. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		return -1;
	if (spec->own_session)
		setsid();
	if (spec->cwd && chdir(spec->cwd) < 0)
		return -1;
	errno = 0;
	if (spec->nice && nice(spec->nice) == -1 && errno)
		return -1;
	if (child_stdio(spec->fd_in, 0) < 0 || child_stdio(spec->fd_out, 1) < 0 ||
	    child_stdio(spec->fd_err, 2) < 0)
		return -1;
	if (child_descriptors(spec) < 0)
		return -1;
	if (child_limit(RLIMIT_AS, spec->limit_as) < 0 ||
	    child_limit(RLIMIT_FSIZE, spec->limit_fsize) < 0)
		return -1;
	return 0;
}

static void __attribute__((noreturn))
child_run(const struct proc_spec *spec, const char *file, pid_t parent, int report_fd)
{
	errno = 0;
	child_signals();
	if (child_prepare(spec, parent) < 0)
		child_fail(report_fd);
	execve(file, spec->argv->v, spec->env ? spec->env : environ);
	child_fail(report_fd);
	_exit(127);
}

static int await_exec(int fd, pid_t pid, const char *name, struct err *err)
{
	struct exec_failure f;
	ssize_t n;

	do
		n = read(fd, &f, sizeof(f));
	while (n < 0 && errno == EINTR);
	if (n != sizeof(f))
		return 0;
	waitpid(pid, NULL, 0);
	return err_set(err, f.error ? f.error : EIO, "cannot start %s: %s", name,
		       strerror(f.error));
}

/* Descriptors 0 to 2 of the child are set up one after the other: a pipe end must not be one of
 * them. */
static int above_stdio(int fd)
{
	int high = fd;

	if (fd >= 0 && fd < 3) {
		high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		close(fd);
	}
	return high;
}

int proc_spawn(const struct proc_spec *spec, pid_t *pid, struct err *err)
{
	const char *name = spec->file ? spec->file : spec->argv->v[0];
	_cleanup_free_ char *file = find_program(name);
	int report[2];
	pid_t parent = getpid(), child;
	int r;

	if (!file)
		return err_set(err, ENOENT, "%s: no such program", name);
	if (pipe2(report, O_CLOEXEC) < 0)
		return err_errno(err, "pipe");
	report[1] = above_stdio(report[1]);
	child = fork();
	if (child == 0)
		child_run(spec, file, parent, report[1]);
	close(report[1]);
	r = child < 0 ? err_errno(err, "fork") : await_exec(report[0], child, file, err);
	close(report[0]);
	if (r == 0)
		*pid = child;
	return r;
}

struct capture {
	const struct proc_spec *spec;
	pid_t pid;
	int pidfd;
	int fd[2];
	struct strbuf *buf[2];
	size_t max;
	int64_t deadline_ns;
	struct proc_result *result;
};

static void capture_kill(const struct capture *c)
{
	kill(-c->pid, SIGKILL);
	kill(c->pid, SIGKILL);
}

static void capture_read(struct capture *c, int i)
{
	char chunk[16384];
	ssize_t n = read(c->fd[i], chunk, sizeof(chunk));
	size_t room = c->max - c->buf[i]->len;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		close(c->fd[i]);
		c->fd[i] = -1;
		return;
	}
	strbuf_add(c->buf[i], chunk, (size_t)n < room ? (size_t)n : room);
	if ((size_t)n > room && !c->result->flooded) {
		c->result->flooded = true;
		capture_kill(c);
	}
	if (i == 0 && c->spec->on_output)
		c->spec->on_output(c->spec->arg, c->pid, c->buf[i]);
}

static int capture_timeout(const struct capture *c)
{
	int64_t left = c->deadline_ns - loop_now_ns();

	if (c->deadline_ns == INT64_MAX)
		return -1;
	return left <= 0 ? 0 : (int)(left / NSEC_PER_MSEC) + 1;
}

/* What left the group may write for ever. */
static bool capture_full(const struct capture *c, int i)
{
	return c->result->flooded && c->buf[i]->len >= c->max;
}

/* The child's end decides, not the pipes': a daemon it left behind may hold them for ever. */
static void capture_loop(struct capture *c)
{
	bool ended = false;

	while (!ended) {
		struct pollfd p[3] = {
			{.fd = c->fd[0], .events = POLLIN},
			{.fd = c->fd[1], .events = POLLIN},
			{.fd = c->pidfd, .events = POLLIN},
		};

		if (poll(p, 3, capture_timeout(c)) == 0) {
			c->result->timed_out = true;
			c->deadline_ns = INT64_MAX;
			capture_kill(c);
			continue;
		}
		for (int i = 0; i < 2; i++)
			if (p[i].revents)
				capture_read(c, i);
		ended = p[2].revents != 0;
	}
}

static void capture_drain(struct capture *c)
{
	capture_kill(c);
	for (int i = 0; i < 2; i++) {
		if (c->fd[i] < 0)
			continue;
		fcntl(c->fd[i], F_SETFL, O_NONBLOCK);
		for (;;) {
			struct pollfd p = {.fd = c->fd[i], .events = POLLIN};

			if (c->fd[i] < 0 || capture_full(c, i) || poll(&p, 1, 0) <= 0)
				break;
			capture_read(c, i);
		}
		if (c->fd[i] >= 0)
			close(c->fd[i]);
	}
}

static int capture_start(const struct proc_spec *spec, struct capture *c, struct err *err)
{
	struct proc_spec s = *spec;
	int out[2], errp[2], r;

	if (pipe2(out, O_CLOEXEC) < 0)
		return err_errno(err, "pipe");
	if (pipe2(errp, O_CLOEXEC) < 0) {
		close(out[0]);
		close(out[1]);
		return err_errno(err, "pipe");
	}
	s.fd_out = above_stdio(out[1]);
	s.fd_err = above_stdio(errp[1]);
	s.own_session = true;
	r = proc_spawn(&s, &c->pid, err);
	close(s.fd_out);
	close(s.fd_err);
	c->fd[0] = out[0];
	c->fd[1] = errp[0];
	if (r < 0) {
		close(out[0]);
		close(errp[0]);
	}
	return r;
}

static int capture_begin(struct capture *c, int64_t deadline_ms, struct err *err)
{
	int r;

	*c->result = (struct proc_result){0};
	c->buf[0] = &c->result->out;
	c->buf[1] = &c->result->err;
	c->deadline_ns = deadline_ms ? loop_now_ns() + deadline_ms * NSEC_PER_MSEC : INT64_MAX;
	r = capture_start(c->spec, c, err);
	if (r == 0)
		c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	return r;
}

static void capture_end(struct capture *c)
{
	struct proc_result *result = c->result;
	struct rusage ru = {0};

	capture_loop(c);
	capture_drain(c);
	close(c->pidfd);
	wait4(c->pid, &result->status, 0, &ru);
	result->cpu_ns = (ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * NSEC_PER_SEC +
			 (ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) * 1000LL;
	strbuf_reserve(&result->out, 0);
	strbuf_reserve(&result->err, 0);
	result->out.s[result->out.len] = '\0';
	result->err.s[result->err.len] = '\0';
}

int proc_capture(const struct proc_spec *spec, int64_t deadline_ms, size_t max_output,
		 struct proc_result *result, struct err *err)
{
	struct capture c = {.spec = spec, .max = max_output, .result = result};
	int r = capture_begin(&c, deadline_ms, err);

	if (r == 0)
		capture_end(&c);
	return r;
}

void proc_result_done(struct proc_result *r)
{
	strbuf_done(&r->out);
	strbuf_done(&r->err);
}

static char *last_line(struct strbuf *b)
{
	char *nl;

	while (b->len && b->s[b->len - 1] == '\n')
		b->s[--b->len] = '\0';
	nl = strrchr(b->s, '\n');
	return nl ? nl + 1 : b->s;
}

struct proc_running {
	struct strv argv;
	struct proc_spec spec;
	struct proc_result result;
	struct capture capture;
	int64_t deadline_ms;
};

static void free_running(struct proc_running *run)
{
	proc_result_done(&run->result);
	strv_done(&run->argv);
	free(run);
}

int proc_run_begin(const struct strv *argv, int64_t deadline_ms, struct proc_running **out,
		   struct err *err)
{
	struct proc_running *run = xcalloc(1, sizeof(*run));
	int r;

	strv_cat(&run->argv, argv);
	run->spec = (struct proc_spec)PROC_SPEC(&run->argv);
	run->capture =
		(struct capture){.spec = &run->spec, .max = RUN_OUTPUT_MAX, .result = &run->result};
	run->deadline_ms = deadline_ms;
	r = capture_begin(&run->capture, deadline_ms, err);
	*out = r < 0 ? NULL : run;
	if (r < 0)
		free_running(run);
	return r;
}

static int judge(struct proc_running *run, struct err *err)
{
	struct proc_result *res = &run->result;
	const char *name = path_base(run->argv.v[0]);
	char word[64];

	if (res->timed_out)
		return err_set(err, ETIMEDOUT, "%s: no end after %lld s", name,
			       (long long)(run->deadline_ms / 1000));
	if (res->flooded)
		return err_set(err, EFBIG, "%s: more than %d MiB of output", name,
			       RUN_OUTPUT_MAX >> 20);
	if (res->status)
		return err_set(err, EIO, "%s: %s%s%s", name,
			       proc_status_str(res->status, word, sizeof(word)),
			       res->err.len ? ": " : "", last_line(&res->err));
	return 0;
}

int proc_run_end(struct proc_running *run, struct strbuf *out, struct err *err)
{
	int r;

	capture_end(&run->capture);
	r = judge(run, err);
	if (r == 0 && out)
		strbuf_add(out, run->result.out.s, run->result.out.len);
	free_running(run);
	return r;
}

int proc_run(const struct strv *argv, int64_t deadline_ms, struct strbuf *out, struct err *err)
{
	struct proc_running *run;
	int r = proc_run_begin(argv, deadline_ms, &run, err);

	return r < 0 ? r : proc_run_end(run, out, err);
}

const char *signal_name(int signo)
{
	/* sigabbrev_np is glibc's alone. */
	static const char *const names[] = {
		[SIGHUP] = "SIGHUP",   [SIGINT] = "SIGINT",   [SIGQUIT] = "SIGQUIT",
		[SIGILL] = "SIGILL",   [SIGTRAP] = "SIGTRAP", [SIGABRT] = "SIGABRT",
		[SIGBUS] = "SIGBUS",   [SIGFPE] = "SIGFPE",   [SIGKILL] = "SIGKILL",
		[SIGUSR1] = "SIGUSR1", [SIGSEGV] = "SIGSEGV", [SIGUSR2] = "SIGUSR2",
		[SIGPIPE] = "SIGPIPE", [SIGALRM] = "SIGALRM", [SIGTERM] = "SIGTERM",
		[SIGXCPU] = "SIGXCPU", [SIGXFSZ] = "SIGXFSZ", [SIGSYS] = "SIGSYS",
	};
	static char other[32];

	if (signo > 0 && (size_t)signo < ARRAY_SIZE(names) && names[signo])
		return names[signo];
	snprintf(other, sizeof(other), "signal %d", signo);
	return other;
}

const char *proc_status_str(int status, char *buf, size_t len)
{
	if (WIFSIGNALED(status))
		snprintf(buf, len, "killed by %s", signal_name(WTERMSIG(status)));
	else
		snprintf(buf, len, "exit status %d", WEXITSTATUS(status));
	return buf;
}
