// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/making.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/children.h"
#include "base/file.h"
#include "base/loop.h"
#include "base/proc.h"
#include "kbuild/make.h"

#define LINE_MAX_BYTES (64 << 10)
#define GRACE_NS       (5 * NSEC_PER_SEC)

struct run {
	const struct making *m;
	struct loop *loop;
	struct loop_source *output, *grace, *second;
	struct strbuf line;
	pid_t pid;
	int fd;
	int status;
	int signo;  /* that interrupted us; 0 */
	int failed; /* the log could not be written: -errno */
};

static void end_line(struct run *run)
{
	run->m->line(run->m->arg, run->line.s ? run->line.s : "", run->line.len);
	strbuf_reset(&run->line);
}

static void take(struct run *run, const char *s, size_t len)
{
	while (len) {
		const char *nl = memchr(s, '\n', len);
		size_t n = nl ? (size_t)(nl - s) : len;
		size_t room = LINE_MAX_BYTES - run->line.len;

		strbuf_add(&run->line, s, n < room ? n : room);
		if (nl)
			end_line(run);
		n += nl != NULL;
		s += n;
		len -= n;
	}
}

static void run_kill(struct run *run, int signo)
{
	kill(-run->pid, signo);
	kill(run->pid, signo);
}

/* 0 at the end of the output and when there is none now. */
static size_t read_some(struct run *run)
{
	char chunk[65536];
	ssize_t n = read(run->fd, chunk, sizeof(chunk));
	int r;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		loop_remove(run->output);
		run->output = NULL;
		return 0;
	}
	r = run->m->log_fd < 0 || run->failed ? 0 : fd_write_all(run->m->log_fd, chunk, (size_t)n);
	if (r < 0) {
		run->failed = r;
		run_kill(run, SIGTERM);
	}
	take(run, chunk, (size_t)n);
	return (size_t)n;
}

static void on_output(void *arg, int fd, uint32_t events)
{
	(void)fd;
	(void)events;
	read_some(arg);
}

static void on_signal(void *arg, int signo, pid_t sender)
{
	struct run *run = arg;

	(void)sender;
	run_kill(run, run->signo ? SIGKILL : SIGTERM);
	run->signo = signo;
	loop_timer_set(run->grace, loop_now_ns() + GRACE_NS);
}

static void on_grace(void *arg)
{
	struct run *run = arg;

	run_kill(run, SIGKILL);
}

static void on_second(void *arg)
{
	struct run *run = arg;

	run->m->tick(run->m->arg);
	loop_timer_set(run->second, loop_now_ns() + NSEC_PER_SEC);
}

static void on_end(void *arg, pid_t pid, int status)
{
	struct run *run = arg;

	(void)pid;
	run->status = status;
	loop_quit(run->loop);
}

static int start(struct run *run, struct err *err)
{
	_cleanup_strv_ struct strv env = {0};
	struct proc_spec spec = PROC_SPEC(run->m->argv);
	int p[2], r;

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_errno(err, "pipe");
	make_env(&env);
	spec.env = env.v;
	spec.nice = run->m->nice;
	spec.own_session = true;
	spec.fd_out = spec.fd_err = p[1];
	r = proc_spawn(&spec, &run->pid, err);
	close(p[1]);
	run->fd = p[0];
	fcntl(run->fd, F_SETFL, O_NONBLOCK);
	return r;
}

static int supervise(struct run *run, struct err *err)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	int r = loop_new(&run->loop, err);

	if (r < 0)
		return r;
	/* Blocked before it starts: one that comes in between is not lost. */
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		loop_signal(run->loop, signals[i], on_signal, run);
	run->grace = loop_timer(run->loop, INT64_MAX, on_grace, run);
	r = start(run, err);
	if (r == 0) {
		run->output = loop_io(run->loop, run->fd, EPOLLIN, on_output, run);
		loop_child(run->loop, run->pid, on_end, run);
		if (run->m->tick)
			run->second =
				loop_timer(run->loop, loop_now_ns() + NSEC_PER_SEC, on_second, run);
		r = loop_run(run->loop);
		if (r < 0)
			err_set(err, r, "waiting for make: %s", strerror(-r));
		run_kill(run, SIGKILL);
	}
	return r;
}

/* What it started is dead: what is left in the pipe is all there is. */
static void drain(struct run *run)
{
	while (run->output && read_some(run) > 0)
		;
	if (run->line.len)
		end_line(run);
}

/* As a subreaper: what leaves make's process group, or survives make, comes to us. */
static int run_all(struct run *run, struct err *err)
{
	size_t nkeep;
	_cleanup_free_ pid_t *keep = children_list(&nkeep);
	int was = 0, r;

	prctl(PR_GET_CHILD_SUBREAPER, &was);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	r = supervise(run, err);
	if (run->pid > 0)
		children_end(keep, nkeep);
	prctl(PR_SET_CHILD_SUBREAPER, was);
	if (r == 0)
		drain(run);
	return r;
}

int making_run(const struct making *m, int *status, struct err *err)
{
	struct run run = {.m = m, .fd = -1};
	sigset_t old;
	int r;

	sigprocmask(SIG_BLOCK, NULL, &old);
	r = run_all(&run, err);
	loop_free(run.loop);
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (run.fd >= 0)
		close(run.fd);
	strbuf_done(&run.line);
	*status = run.status;
	if (r == 0 && run.signo)
		return err_set(err, EINTR, "interrupted by %s", signal_name(run.signo));
	if (r == 0 && run.failed)
		return err_set(err, run.failed, "the log of make: %s", strerror(-run.failed));
	return r;
}
