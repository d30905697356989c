// SPDX-License-Identifier: GPL-2.0-only
#include "run/share.h"

void share_add(struct share *s, int64_t at_ns, int64_t ran_ns, int64_t waited_ns)
{
	size_t i = s->n++ % SHARE_PAST;

	s->past[i].at_ns = at_ns;
	s->past[i].ran_ns = ran_ns;
	s->past[i].waited_ns = waited_ns;
}

bool share_starved(const struct share *s, int64_t window_ns, int cpus, int *percent)
{
	size_t oldest = s->n > SHARE_PAST ? s->n - SHARE_PAST : 0, last, first;
	int64_t ran, waited, time;

	if (s->n < 2)
		return false;
	last = first = s->n - 1;
	while (first > oldest &&
	       s->past[last % SHARE_PAST].at_ns - s->past[first % SHARE_PAST].at_ns < window_ns)
		first--;
	time = s->past[last % SHARE_PAST].at_ns - s->past[first % SHARE_PAST].at_ns;
	ran = s->past[last % SHARE_PAST].ran_ns - s->past[first % SHARE_PAST].ran_ns;
	waited = s->past[last % SHARE_PAST].waited_ns - s->past[first % SHARE_PAST].waited_ns;
	/* A thread that has ended takes its time with it. */
	if (ran < 0 || waited <= ran || waited < time / 2 || ran >= time * cpus / 2)
		return false;
	*percent = (int)(100 * ran / (ran + waited));
	return true;
}
