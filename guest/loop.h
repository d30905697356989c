/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent's one loop: descriptors through epoll, and timers. */
#ifndef GUEST_LOOP_H
#define GUEST_LOOP_H

#include <stdint.h>
#include <sys/epoll.h>

struct watch {
	int fd;
	void (*ready)(struct watch *w, uint32_t events);
};

struct timer {
	void (*fire)(struct timer *t);
	int64_t at; /* now_ns() at which it fires, once */
	int armed;
	struct timer *next;
};

/* 0 or -errno */
int loop_init(void);

/* The watch is the caller's and must stay where it is until it is removed. 0 or -errno. */
int loop_add(struct watch *w, uint32_t events);
void loop_change(struct watch *w, uint32_t events);
void loop_remove(struct watch *w);

/* (Re)arm; the timer is the caller's and must stay where it is while armed. */
void timer_arm(struct timer *t, int64_t at_ns);
void timer_disarm(struct timer *t);

void loop_run(void) __attribute__((noreturn));

#endif
