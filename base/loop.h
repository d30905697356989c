/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The event loop: descriptors by epoll, signals by one signalfd, children by pidfd,
 * deadlines by the loop itself. A callback is short and never blocks. Sources may be
 * removed in any callback, their own included.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/types.h>

#include "base/err.h"

struct loop;
struct loop_source;

/* events: EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR as epoll_wait gave them. */
typedef void loop_io_fn(void *arg, int fd, uint32_t events);
typedef void loop_timer_fn(void *arg);
typedef void loop_signal_fn(void *arg, int signo, pid_t sender);
/* status as waitpid(2) gives it; the child is reaped and the source removed when this is called. */
typedef void loop_child_fn(void *arg, pid_t pid, int status);

int loop_new(struct loop **out, struct err *err);
void loop_free(struct loop *loop); /* frees every source left */

/* The descriptor stays the caller's; remove the source before closing it. */
struct loop_source *loop_io(struct loop *loop, int fd, uint32_t events, loop_io_fn *fn, void *arg);
void loop_io_events(struct loop_source *src, uint32_t events); /* 0: paused */

/* Fires once at deadline_ns (of loop_now_ns) and stays, disarmed, until removed. */
struct loop_source *loop_timer(struct loop *loop, int64_t deadline_ns, loop_timer_fn *fn,
			       void *arg);
void loop_timer_set(struct loop_source *src, int64_t deadline_ns); /* INT64_MAX: disarmed */

/* Blocks signo in this process and delivers it here. */
struct loop_source *loop_signal(struct loop *loop, int signo, loop_signal_fn *fn, void *arg);

struct loop_source *loop_child(struct loop *loop, pid_t pid, loop_child_fn *fn, void *arg);

/* NULL is allowed. The source is dead at once, its memory freed when no callback can be running. */
void loop_remove(struct loop_source *src);

/* Run until loop_quit; 0, or a negative errno when epoll itself fails. */
int loop_run(struct loop *loop);
/* One round: wait at most timeout_ms (-1: for ever), dispatch what is ready. */
int loop_once(struct loop *loop, int timeout_ms);
void loop_quit(struct loop *loop);

/* Stop this process (SIGSTOP) until somebody lets it go on; loop_now_ns() stands still meanwhile.
 */
void loop_stop_process(void);

/* CLOCK_MONOTONIC less what loop_stop_process() took, or the fake clock of a test. */
int64_t loop_now_ns(void);
int64_t realtime_ns(void); /* CLOCK_REALTIME */

/* Tests: time stands at now_ns until moved; a loop with a fake clock never waits for timers. -1:
 * the real clock. */
void loop_fake_clock(int64_t now_ns);

#define NSEC_PER_SEC  1000000000LL
#define NSEC_PER_MSEC 1000000LL

#endif
