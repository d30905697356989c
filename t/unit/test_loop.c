// SPDX-License-Identifier: GPL-2.0-only
/* The loop with real pipes, children and signals, and with a clock that stands still. */
#include "t/unit/unit.h"

#include <time.h>

#include "base/loop.h"
#include "base/str.h"

static struct loop *loop;

static int begin(void **state)
{
	(void)state;
	return loop_new(&loop, NULL);
}

static int end(void **state)
{
	(void)state;
	loop_free(loop);
	loop_fake_clock(-1);
	return 0;
}

/* ---- timers, by the fake clock */

struct timer {
	struct loop_source *src;
	struct loop_source *other; /* removed in the callback */
	int64_t again_ns;	   /* re-armed in the callback */
	int fired;
};

static void on_timer(void *arg)
{
	struct timer *t = arg;

	t->fired++;
	loop_remove(t->other);
	t->other = NULL;
	if (t->again_ns)
		loop_timer_set(t->src, t->again_ns);
}

static void timer(struct timer *t, int64_t deadline_ns)
{
	t->src = loop_timer(loop, deadline_ns, on_timer, t);
}

static void test_timer_fires_once_when_its_time_has_come(void **state)
{
	struct timer t = {0};

	(void)state;
	loop_fake_clock(1000);
	timer(&t, 2000);
	loop_once(loop, -1); /* does not wait for a clock that stands */
	loop_fake_clock(1999);
	loop_once(loop, -1);
	assert_int_equal(t.fired, 0);
	loop_fake_clock(2000);
	loop_once(loop, -1);
	assert_int_equal(t.fired, 1);
	loop_fake_clock(9000);
	loop_once(loop, 0);
	assert_int_equal(t.fired, 1);
	/* It is still there, to be set again. */
	loop_timer_set(t.src, 9001);
	loop_fake_clock(9001);
	loop_once(loop, 0);
	assert_int_equal(t.fired, 2);
	loop_timer_set(t.src, 9002);
	loop_timer_set(t.src, INT64_MAX);
	loop_fake_clock(INT64_MAX - 1);
	loop_once(loop, 0);
	assert_int_equal(t.fired, 2);
}

static void test_timer_rearmed_in_its_own_callback(void **state)
{
	struct timer later = {.again_ns = 30}, past = {.again_ns = 5};

	(void)state;
	loop_fake_clock(10);
	timer(&later, 10);
	timer(&past, 10);
	loop_once(loop, 0);
	/* A time that has passed already is the next round's: a round always ends. */
	assert_int_equal(past.fired, 1);
	assert_int_equal(later.fired, 1);
	loop_once(loop, 0);
	assert_int_equal(past.fired, 2);
	assert_int_equal(later.fired, 1);
	loop_fake_clock(30);
	loop_once(loop, 0);
	assert_int_equal(later.fired, 2);
}

/* Whichever of the two the loop comes to first. */
static void test_timer_removed_by_another_of_the_same_round(void **state)
{
	struct timer a = {0}, b = {0};

	(void)state;
	loop_fake_clock(10);
	timer(&a, 10);
	timer(&b, 10);
	a.other = b.src;
	b.other = a.src;
	loop_once(loop, 0);
	assert_int_equal(a.fired + b.fired, 1);
	loop_once(loop, 0);
	assert_int_equal(a.fired + b.fired, 1);
}

static void test_timer_removes_itself(void **state)
{
	struct timer t = {0}, bystander = {0};

	(void)state;
	loop_fake_clock(10);
	timer(&bystander, 10);
	timer(&t, 10);
	t.other = t.src;
	loop_once(loop, 0);
	loop_once(loop, 0);
	assert_int_equal(t.fired, 1);
	assert_int_equal(bystander.fired, 1);
}

static void add_timer(void *arg)
{
	struct timer *t = arg;

	timer(t, loop_now_ns());
}

static void test_timer_made_in_a_callback_waits_for_its_round(void **state)
{
	struct timer inner = {0};

	(void)state;
	loop_fake_clock(10);
	loop_timer(loop, 10, add_timer, &inner);
	loop_once(loop, 0);
	assert_int_equal(inner.fired, 0);
	loop_once(loop, 0);
	assert_int_equal(inner.fired, 1);
}

static void quit(void *arg)
{
	loop_quit(arg);
}

/* By the real clock: a round that ends a fraction of a millisecond early would spin or be early. */
static void test_no_timer_is_early_and_the_loop_does_not_spin(void **state)
{
	int64_t before;
	struct timespec cpu0, cpu1;

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct loop_source *t;

		before = loop_now_ns();
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu0);
		t = loop_timer(loop, before + 20 * NSEC_PER_MSEC + 300000, quit, loop);
		assert_int_equal(loop_run(loop), 0);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu1);
		assert_true(loop_now_ns() >= before + 20 * NSEC_PER_MSEC + 300000);
		assert_true((cpu1.tv_sec - cpu0.tv_sec) * NSEC_PER_SEC + cpu1.tv_nsec -
				    cpu0.tv_nsec <
			    15 * NSEC_PER_MSEC);
		loop_remove(t);
	}
}

static void test_timeout_of_a_round_ends_before_a_later_timer(void **state)
{
	struct timer t = {0};
	int64_t before = loop_now_ns();

	(void)state;
	timer(&t, before + 3600 * NSEC_PER_SEC);
	assert_int_equal(loop_once(loop, 10), 0);
	assert_true(loop_now_ns() - before < 10 * NSEC_PER_SEC);
	assert_true(loop_now_ns() - before >= 9 * NSEC_PER_MSEC);
	assert_int_equal(t.fired, 0);
}

/* ---- descriptors */

struct pipe_end {
	int fd[2];
	struct loop_source *src;
	struct pipe_end *other; /* removed and closed in the callback */
	int calls;
	uint32_t events;
	char got[64];
	size_t len;
};

static void pipe_done(struct pipe_end *p)
{
	loop_remove(p->src);
	p->src = NULL;
	close(p->fd[0]);
	close(p->fd[1]);
}

static void on_io(void *arg, int fd, uint32_t events)
{
	struct pipe_end *p = arg;
	ssize_t n;

	assert_int_equal(fd, p->fd[0]);
	p->calls++;
	p->events = events;
	n = events & EPOLLIN ? read(fd, p->got + p->len, sizeof(p->got) - p->len) : 0;
	assert_true(n >= 0);
	p->len += (size_t)n;
	if (p->other)
		pipe_done(p->other);
	p->other = NULL;
}

static void pipe_new(struct pipe_end *p)
{
	assert_int_equal(pipe2(p->fd, O_CLOEXEC | O_NONBLOCK), 0);
	p->src = loop_io(loop, p->fd[0], EPOLLIN, on_io, p);
}

static void test_descriptor_is_called_while_it_is_ready(void **state)
{
	struct pipe_end p = {0};

	(void)state;
	pipe_new(&p);
	loop_once(loop, 0);
	assert_int_equal(p.calls, 0);
	assert_int_equal(write(p.fd[1], "ab", 2), 2);
	loop_once(loop, -1);
	assert_int_equal(p.calls, 1);
	assert_int_equal(p.len, 2);
	loop_once(loop, 0);
	assert_int_equal(p.calls, 1);
	pipe_done(&p);
}

static void test_paused_descriptor_keeps_what_it_has(void **state)
{
	struct pipe_end p = {0};

	(void)state;
	pipe_new(&p);
	loop_io_events(p.src, 0);
	assert_int_equal(write(p.fd[1], "x", 1), 1);
	loop_once(loop, 0);
	assert_int_equal(p.calls, 0);
	loop_io_events(p.src, EPOLLIN);
	loop_once(loop, -1);
	assert_int_equal(p.len, 1);
	pipe_done(&p);
}

static void test_end_of_the_peer_is_told(void **state)
{
	struct pipe_end p = {0};

	(void)state;
	pipe_new(&p);
	close(p.fd[1]);
	loop_once(loop, -1);
	assert_true(p.events & EPOLLHUP);
	p.fd[1] = -1;
	pipe_done(&p);
}

/* Both are ready in one round; the first called removes and closes the other. */
static void test_source_removed_by_another_of_the_same_round(void **state)
{
	struct pipe_end a = {0}, b = {0};

	(void)state;
	pipe_new(&a);
	pipe_new(&b);
	a.other = &b;
	b.other = &a;
	assert_int_equal(write(a.fd[1], "x", 1), 1);
	assert_int_equal(write(b.fd[1], "x", 1), 1);
	loop_once(loop, -1);
	assert_int_equal(a.calls + b.calls, 1);
	loop_once(loop, 0);
	assert_int_equal(a.calls + b.calls, 1);
	pipe_done(a.calls ? &a : &b);
}

struct reuse {
	struct pipe_end *victim, *fresh;
	int calls;
};

static void on_reuse(void *arg, int fd, uint32_t events)
{
	struct reuse *r = arg;
	char c;

	(void)events;
	assert_int_equal(read(fd, &c, 1), 1);
	r->calls++;
	if (r->victim) {
		pipe_done(r->victim);
		pipe_new(r->fresh);
	}
	r->victim = NULL;
}

/* The number of a closed descriptor is given out again: the old one's event is not the new one's.
 */
static void test_event_of_a_removed_source_does_not_reach_its_successor(void **state)
{
	struct pipe_end victim = {0}, fresh = {0};
	struct reuse r = {&victim, &fresh, 0};
	struct loop_source *src;
	int fd[2];

	(void)state;
	assert_int_equal(pipe2(fd, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(write(fd[1], "x", 1), 1);
	src = loop_io(loop, fd[0], EPOLLIN, on_reuse, &r); /* ready first */
	pipe_new(&victim);
	assert_int_equal(write(victim.fd[1], "x", 1), 1);
	loop_once(loop, -1);
	assert_int_equal(r.calls, 1);
	assert_int_equal(victim.calls, 0);
	assert_int_equal(fresh.fd[0], victim.fd[0]);
	assert_int_equal(fresh.calls, 0);
	loop_remove(src);
	pipe_done(&fresh);
	close(fd[0]);
	close(fd[1]);
}

/* More than the loop asks epoll for at a time. */
static void test_many_ready_descriptors_are_all_called(void **state)
{
	struct pipe_end p[100] = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
		pipe_new(&p[i]);
		assert_int_equal(write(p[i].fd[1], "x", 1), 1);
	}
	for (int i = 0; i < 10; i++)
		loop_once(loop, 0);
	for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
		assert_int_equal(p[i].len, 1);
		pipe_done(&p[i]);
	}
}

/* ---- signals */

struct heard {
	int signo, calls;
	pid_t sender;
	struct loop_source *src; /* removed in the callback */
};

static void on_signal(void *arg, int signo, pid_t sender)
{
	struct heard *h = arg;

	h->signo = signo;
	h->sender = sender;
	h->calls++;
	loop_remove(h->src);
	h->src = NULL;
}

static void test_signals_are_delivered_with_their_sender(void **state)
{
	struct heard usr1 = {0}, usr2 = {0};
	pid_t pid;

	(void)state;
	loop_signal(loop, SIGUSR1, on_signal, &usr1);
	loop_signal(loop, SIGUSR2, on_signal, &usr2);
	pid = fork();
	if (pid == 0)
		_exit(kill(getppid(), SIGUSR1) < 0);
	assert_int_equal(unit_wait(pid), 0);
	kill(getpid(), SIGUSR2);
	loop_once(loop, -1);
	assert_int_equal(usr1.calls, 1);
	assert_int_equal(usr1.signo, SIGUSR1);
	assert_int_equal(usr1.sender, pid);
	assert_int_equal(usr2.calls, 1);
	assert_int_equal(usr2.sender, getpid());
}

/* Two listeners of one signal; after one is gone the other still hears, and nobody dies of it. */
static void test_signal_listener_removed_in_its_callback(void **state)
{
	struct heard once = {0}, always = {0};

	(void)state;
	loop_signal(loop, SIGUSR1, on_signal, &always);
	once.src = loop_signal(loop, SIGUSR1, on_signal, &once);
	for (int i = 0; i < 3; i++) {
		kill(getpid(), SIGUSR1);
		loop_once(loop, -1);
	}
	assert_int_equal(once.calls, 1);
	assert_int_equal(always.calls, 3);
}

static void test_time_stands_still_while_the_process_is_stopped(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		int64_t since = loop_now_ns();

		loop_stop_process();
		_exit(loop_now_ns() - since < NSEC_PER_SEC ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	usleep(1500000);
	kill(pid, SIGCONT);
	assert_int_equal(unit_wait(pid), 0);
}

/* ---- children */

struct ended {
	pid_t pid;
	int status, calls;
};

static void on_child(void *arg, pid_t pid, int status)
{
	struct ended *e = arg;

	e->pid = pid;
	e->status = status;
	e->calls++;
}

static pid_t child(int status)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (status < 0)
			pause();
		_exit(status);
	}
	return pid;
}

static void test_children_are_reaped_with_their_status(void **state)
{
	struct ended a = {0}, b = {0};
	pid_t pa = child(7), pb = child(-1);

	(void)state;
	loop_child(loop, pa, on_child, &a);
	loop_child(loop, pb, on_child, &b);
	while (!a.calls)
		loop_once(loop, 5000);
	assert_int_equal(a.pid, pa);
	assert_int_equal(WEXITSTATUS(a.status), 7);
	assert_int_equal(b.calls, 0);
	kill(pb, SIGKILL);
	while (!b.calls)
		loop_once(loop, 5000);
	assert_true(WIFSIGNALED(b.status) && WTERMSIG(b.status) == SIGKILL);
	loop_once(loop, 0);
	assert_int_equal(a.calls + b.calls, 2);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void test_child_that_ended_before_it_is_watched(void **state)
{
	struct ended e = {0};
	pid_t pid = child(3);
	siginfo_t si;

	(void)state;
	assert_int_equal(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT), 0);
	loop_child(loop, pid, on_child, &e);
	loop_once(loop, 5000);
	assert_int_equal(WEXITSTATUS(e.status), 3);
}

/*
 * A process that is being forked holds a copy of the child's descriptor for a moment, and epoll
 * goes by the open file: the end of the child must reach nobody.
 */
static void test_removed_child_is_silent_even_when_its_descriptor_was_inherited(void **state)
{
	struct ended e = {0};
	struct loop_source *src;
	pid_t pid = child(-1), holder;

	(void)state;
	src = loop_child(loop, pid, on_child, &e);
	holder = child(-1);
	loop_remove(src);
	loop_once(loop, 0); /* its memory is free now */
	kill(pid, SIGKILL);
	assert_int_equal(unit_wait(pid), 1000 + SIGKILL);
	loop_once(loop, 20);
	assert_int_equal(e.calls, 0);
	kill(holder, SIGKILL);
	unit_wait(holder);
}

static void test_free_takes_every_source_with_it(void **state)
{
	struct loop *l = NULL;
	struct timer t = {0};
	struct pipe_end p = {0};
	pid_t pid = child(-1);
	int fds = 0;

	(void)state;
	for (int fd = 0; fd < 64; fd++)
		fds += fcntl(fd, F_GETFD) >= 0;
	assert_int_equal(loop_new(&l, NULL), 0);
	assert_int_equal(pipe(p.fd), 0);
	loop_timer(l, 1, on_timer, &t);
	loop_io(l, p.fd[0], EPOLLIN, on_io, &p);
	loop_child(l, pid, on_child, NULL);
	loop_signal(l, SIGUSR1, on_signal, NULL);
	loop_remove(NULL);
	loop_free(l);
	loop_free(NULL);
	close(p.fd[0]);
	close(p.fd[1]);
	for (int fd = 0; fd < 64; fd++)
		fds -= fcntl(fd, F_GETFD) >= 0;
	assert_int_equal(fds, 0);
	kill(pid, SIGKILL);
	unit_wait(pid);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_timer_fires_once_when_its_time_has_come),
		TEST(test_timer_rearmed_in_its_own_callback),
		TEST(test_timer_removed_by_another_of_the_same_round),
		TEST(test_timer_removes_itself),
		TEST(test_timer_made_in_a_callback_waits_for_its_round),
		TEST(test_no_timer_is_early_and_the_loop_does_not_spin),
		TEST(test_timeout_of_a_round_ends_before_a_later_timer),
		TEST(test_descriptor_is_called_while_it_is_ready),
		TEST(test_paused_descriptor_keeps_what_it_has),
		TEST(test_end_of_the_peer_is_told),
		TEST(test_source_removed_by_another_of_the_same_round),
		TEST(test_event_of_a_removed_source_does_not_reach_its_successor),
		TEST(test_many_ready_descriptors_are_all_called),
		TEST(test_signals_are_delivered_with_their_sender),
		TEST(test_time_stands_still_while_the_process_is_stopped),
		TEST(test_signal_listener_removed_in_its_callback),
		TEST(test_children_are_reaped_with_their_status),
		TEST(test_child_that_ended_before_it_is_watched),
		TEST(test_removed_child_is_silent_even_when_its_descriptor_was_inherited),
		TEST(test_free_takes_every_source_with_it),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
