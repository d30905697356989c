// SPDX-License-Identifier: GPL-2.0-only
#include "base/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"

enum source_kind { SRC_IO, SRC_TIMER, SRC_SIGNAL, SRC_CHILD };

struct loop_source {
	struct loop *loop;
	struct loop_source *prev, *next;
	enum source_kind kind;
	bool dead;
	void *arg;
	union {
		struct {
			int fd;
			uint32_t events;
			loop_io_fn *fn;
		} io;
		struct {
			int64_t deadline_ns;
			loop_timer_fn *fn;
		} timer;
		struct {
			int signo;
			loop_signal_fn *fn;
		} signal;
		struct {
			pid_t pid;
			int pidfd;
			loop_child_fn *fn;
		} child;
	} u;
};

struct loop {
	int epfd;
	int sigfd;
	sigset_t signals;
	struct loop_source *sources;
	bool quit;
	bool sweep; /* a source died: free it after the round */
};

static int64_t fake_now = -1;
static int64_t stood_still_ns;

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

int64_t loop_now_ns(void)
{
	return fake_now >= 0 ? fake_now : clock_ns(CLOCK_MONOTONIC) - stood_still_ns;
}

void loop_stop_process(void)
{
	int64_t since = loop_now_ns();

	raise(SIGSTOP);
	stood_still_ns += loop_now_ns() - since;
}

int64_t realtime_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

void loop_fake_clock(int64_t now_ns)
{
	fake_now = now_ns;
}

int loop_new(struct loop **out, struct err *err)
{
	struct loop *loop;
	int epfd = epoll_create1(EPOLL_CLOEXEC);

	if (epfd < 0)
		return err_errno(err, "epoll_create1");
	loop = xcalloc(1, sizeof(*loop));
	loop->epfd = epfd;
	loop->sigfd = -1;
	sigemptyset(&loop->signals);
	*out = loop;
	return 0;
}

static void source_unlink(struct loop_source *src)
{
	if (src->prev)
		src->prev->next = src->next;
	else
		src->loop->sources = src->next;
	if (src->next)
		src->next->prev = src->prev;
	free(src);
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	for (struct loop_source *s = loop->sources, *next; s; s = next) {
		next = s->next;
		loop_remove(s);
		free(s);
	}
	if (loop->sigfd >= 0)
		close(loop->sigfd);
	close(loop->epfd);
	free(loop);
}

static struct loop_source *source_new(struct loop *loop, enum source_kind kind, void *arg)
{
	struct loop_source *src = xcalloc(1, sizeof(*src));

	src->loop = loop;
	src->kind = kind;
	src->arg = arg;
	src->next = loop->sources;
	if (loop->sources)
		loop->sources->prev = src;
	loop->sources = src;
	return src;
}

static void watch(struct loop *loop, int op, int fd, uint32_t events, struct loop_source *src)
{
	struct epoll_event ev = {.events = events, .data.ptr = src};

	/* Only a descriptor that is closed or no file at all can fail here: a bug of ours. */
	if (epoll_ctl(loop->epfd, op, fd, &ev) < 0)
		abort();
}

struct loop_source *loop_io(struct loop *loop, int fd, uint32_t events, loop_io_fn *fn, void *arg)
{
	struct loop_source *src = source_new(loop, SRC_IO, arg);

	src->u.io.fd = fd;
	src->u.io.fn = fn;
	src->u.io.events = events;
	watch(loop, EPOLL_CTL_ADD, fd, events, src);
	return src;
}

void loop_io_events(struct loop_source *src, uint32_t events)
{
	if (src->u.io.events == events)
		return;
	src->u.io.events = events;
	watch(src->loop, EPOLL_CTL_MOD, src->u.io.fd, events, src);
}

struct loop_source *loop_timer(struct loop *loop, int64_t deadline_ns, loop_timer_fn *fn, void *arg)
{
	struct loop_source *src = source_new(loop, SRC_TIMER, arg);

	src->u.timer.deadline_ns = deadline_ns;
	src->u.timer.fn = fn;
	return src;
}

void loop_timer_set(struct loop_source *src, int64_t deadline_ns)
{
	src->u.timer.deadline_ns = deadline_ns;
}

struct loop_source *loop_signal(struct loop *loop, int signo, loop_signal_fn *fn, void *arg)
{
	struct loop_source *src = source_new(loop, SRC_SIGNAL, arg);
	bool first = loop->sigfd < 0;

	src->u.signal.signo = signo;
	src->u.signal.fn = fn;
	sigaddset(&loop->signals, signo);
	sigprocmask(SIG_BLOCK, &loop->signals, NULL);
	loop->sigfd = signalfd(loop->sigfd, &loop->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (loop->sigfd < 0)
		abort();
	if (first)
		watch(loop, EPOLL_CTL_ADD, loop->sigfd, EPOLLIN, NULL);
	return src;
}

struct loop_source *loop_child(struct loop *loop, pid_t pid, loop_child_fn *fn, void *arg)
{
	struct loop_source *src = source_new(loop, SRC_CHILD, arg);

	src->u.child.pid = pid;
	src->u.child.fn = fn;
	src->u.child.pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (src->u.child.pidfd < 0)
		abort();
	watch(loop, EPOLL_CTL_ADD, src->u.child.pidfd, EPOLLIN, src);
	return src;
}

/* Closing alone leaves it in the set for as long as a process that is being forked has a copy. */
static void child_forget(struct loop_source *src)
{
	epoll_ctl(src->loop->epfd, EPOLL_CTL_DEL, src->u.child.pidfd, NULL);
	close(src->u.child.pidfd);
}

void loop_remove(struct loop_source *src)
{
	if (!src || src->dead)
		return;
	src->dead = true;
	src->loop->sweep = true;
	if (src->kind == SRC_IO)
		epoll_ctl(src->loop->epfd, EPOLL_CTL_DEL, src->u.io.fd, NULL);
	else if (src->kind == SRC_CHILD)
		child_forget(src);
}

static void dispatch_signals(struct loop *loop)
{
	struct signalfd_siginfo si;

	while (read(loop->sigfd, &si, sizeof(si)) == sizeof(si))
		for (struct loop_source *s = loop->sources; s; s = s->next)
			if (!s->dead && s->kind == SRC_SIGNAL &&
			    s->u.signal.signo == (int)si.ssi_signo)
				s->u.signal.fn(s->arg, (int)si.ssi_signo, (pid_t)si.ssi_pid);
}

static void dispatch_child(struct loop_source *src)
{
	pid_t pid = src->u.child.pid;
	int status;

	if (waitpid(pid, &status, WNOHANG) != pid)
		return;
	loop_remove(src);
	src->u.child.fn(src->arg, pid, status);
}

static void dispatch_event(struct loop *loop, const struct epoll_event *ev)
{
	struct loop_source *src = ev->data.ptr;

	if (!src)
		dispatch_signals(loop);
	else if (src->dead)
		return;
	else if (src->kind == SRC_IO)
		src->u.io.fn(src->arg, src->u.io.fd, ev->events);
	else
		dispatch_child(src);
}

static void dispatch_timers(struct loop *loop)
{
	int64_t now = loop_now_ns();

	for (struct loop_source *s = loop->sources; s; s = s->next) {
		if (s->dead || s->kind != SRC_TIMER || s->u.timer.deadline_ns > now)
			continue;
		s->u.timer.deadline_ns = INT64_MAX;
		s->u.timer.fn(s->arg);
	}
}

static int wait_ms(const struct loop *loop, int timeout_ms)
{
	int64_t first = INT64_MAX, now = loop_now_ns(), ms;

	for (struct loop_source *s = loop->sources; s; s = s->next)
		if (!s->dead && s->kind == SRC_TIMER && s->u.timer.deadline_ns < first)
			first = s->u.timer.deadline_ns;
	if (first == INT64_MAX)
		return timeout_ms;
	if (first <= now || fake_now >= 0)
		return 0;
	/* Rounded up: a timer must never be found early. */
	ms = (first - now + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC;
	if (ms > 1000000)
		ms = 1000000;
	return timeout_ms >= 0 && timeout_ms < ms ? timeout_ms : (int)ms;
}

static void sweep(struct loop *loop)
{
	struct loop_source *next;

	loop->sweep = false;
	for (struct loop_source *s = loop->sources; s; s = next) {
		next = s->next;
		if (s->dead)
			source_unlink(s);
	}
}

int loop_once(struct loop *loop, int timeout_ms)
{
	struct epoll_event ev[32];
	int n = epoll_wait(loop->epfd, ev, (int)ARRAY_SIZE(ev), wait_ms(loop, timeout_ms));

	if (n < 0 && errno != EINTR)
		return -errno;
	for (int i = 0; i < n; i++)
		dispatch_event(loop, &ev[i]);
	dispatch_timers(loop);
	if (loop->sweep)
		sweep(loop);
	return 0;
}

int loop_run(struct loop *loop)
{
	int r = 0;

	loop->quit = false;
	while (!loop->quit && r == 0)
		r = loop_once(loop, -1);
	return r;
}

void loop_quit(struct loop *loop)
{
	loop->quit = true;
}
