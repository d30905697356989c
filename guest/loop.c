// SPDX-License-Identifier: GPL-2.0-only
#include "guest/loop.h"

#include <errno.h>
#include <stddef.h>

#include "guest/util.h"

static int epoll_fd = -1;
static struct timer *timers;

int loop_init(void)
{
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return epoll_fd < 0 ? -errno : 0;
}

int loop_add(struct watch *w, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = w};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, w->fd, &ev) ? -errno : 0;
}

void loop_change(struct watch *w, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = w};

	epoll_ctl(epoll_fd, EPOLL_CTL_MOD, w->fd, &ev);
}

void loop_remove(struct watch *w)
{
	epoll_ctl(epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
}

void timer_arm(struct timer *t, int64_t at_ns)
{
	t->at = at_ns;
	if (t->armed)
		return;
	t->armed = 1;
	t->next = timers;
	timers = t;
}

void timer_disarm(struct timer *t)
{
	struct timer **p = &timers;

	if (!t->armed)
		return;
	while (*p != t)
		p = &(*p)->next;
	*p = t->next;
	t->armed = 0;
}

static struct timer *next_timer(void)
{
	struct timer *first = timers;

	for (struct timer *t = timers; t; t = t->next) {
		if (t->at < first->at)
			first = t;
	}
	return first;
}

static int wait_ms(const struct timer *t)
{
	int64_t left;

	if (!t)
		return -1;
	left = t->at - now_ns();
	if (left <= 0)
		return 0;
	return left > 3600 * NS_PER_S ? 3600000 : (int)((left + NS_PER_MS - 1) / NS_PER_MS);
}

void loop_run(void)
{
	for (;;) {
		struct timer *t = next_timer();
		struct epoll_event ev;

		/* One event a turn: a callback may free what another event of a batch points to. */
		if (epoll_wait(epoll_fd, &ev, 1, wait_ms(t)) == 1) {
			struct watch *w = ev.data.ptr;

			w->ready(w, ev.events);
		}
		t = next_timer();
		if (t && t->at <= now_ns()) {
			timer_disarm(t);
			t->fire(t);
		}
	}
}
