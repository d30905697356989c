// SPDX-License-Identifier: GPL-2.0-only
#include "run/schedule.h"

#include <stdlib.h>

#include "base/str.h"

#define TICK_NS NSEC_PER_SEC

/* A twentieth of the memory, within bounds. */
#define RESERVE_PART 20
#define RESERVE_MIN  128
#define RESERVE_MAX  2048

struct schedule {
	struct loop *loop;
	struct schedule_ops ops;
	struct schedule_limits limits;
	struct unit **units; /* in the order they were added */
	size_t n;
	size_t running; /* UNIT_RUNNING or UNIT_ENDING */
	uint64_t starts;
	bool stopped;
	/* What has changed is looked at from the loop: a unit tells of its end from within. */
	struct loop_source *turn, *tick;
};

static void take_turn(void *arg);
static void on_tick(void *arg);

struct schedule *schedule_new(struct loop *loop, const struct schedule_ops *ops,
			      const struct schedule_limits *limits)
{
	struct schedule *s = xcalloc(1, sizeof(*s));

	s->loop = loop;
	s->ops = *ops;
	s->limits = *limits;
	if (!s->limits.jobs)
		s->limits.jobs = 1;
	s->turn = loop_timer(loop, INT64_MAX, take_turn, s);
	s->tick = loop_timer(loop, INT64_MAX, on_tick, s);
	return s;
}

void schedule_free(struct schedule *s)
{
	if (!s)
		return;
	loop_remove(s->turn);
	loop_remove(s->tick);
	for (size_t i = 0; i < s->n; i++)
		free(s->units[i]);
	free(s->units);
	free(s);
}

static void wake(struct schedule *s)
{
	loop_timer_set(s->turn, loop_now_ns());
}

struct unit *schedule_add(struct schedule *s, const struct unit *u)
{
	struct unit *copy = xmalloc(sizeof(*copy));

	*copy = *u;
	copy->state = UNIT_WAITING;
	s->units = xrealloc(s->units, (s->n + 1) * sizeof(struct unit *));
	s->units[s->n++] = copy;
	wake(s);
	return copy;
}

struct unit *const *schedule_units(const struct schedule *s, size_t *n)
{
	*n = s->n;
	return s->units;
}

/* ---- room */

int64_t schedule_reserve_mib(int64_t total_mib)
{
	int64_t part = total_mib / RESERVE_PART;

	return part < RESERVE_MIN ? RESERVE_MIN : part > RESERVE_MAX ? RESERVE_MAX : part;
}

/* What those that run have not taken yet of what they may need. */
static int64_t outstanding_mib(const struct schedule *s)
{
	int64_t sum = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct unit *u = s->units[i];

		if (u->state == UNIT_RUNNING && u->mem_mib > u->own_mib)
			sum += u->mem_mib - u->own_mib;
	}
	return sum;
}

/* The load lags behind: what those that run here may make of it is no other work. */
static bool has_processors(const struct schedule *s, const struct hostroom *room)
{
	double others = room->load - (double)s->running;

	return !s->limits.cpus || others < 1 ||
	       (double)s->running + others < (double)s->limits.cpus;
}

/* What may be given to another one; less than 0: there is to be none. */
static int64_t spare_mib(struct schedule *s)
{
	struct hostroom room;

	s->ops.look(s->ops.arg, &room);
	if (!has_processors(s, &room))
		return -1;
	return room.available_mib - outstanding_mib(s) - schedule_reserve_mib(room.total_mib);
}

/* ---- what is next */

static bool is_ready(const struct unit *u)
{
	return u->state == UNIT_WAITING && (!u->after || u->after->state == UNIT_ENDED);
}

/* Longest first: what takes long is not to be what everybody waits for in the end. */
static bool goes_before(const struct schedule *s, const struct unit *a, const struct unit *b)
{
	if (a->round != b->round)
		return a->round < b->round;
	return s->limits.jobs > 1 && a->expected_ms > b->expected_ms;
}

/* The first that wants no more memory than that. */
static struct unit *next_unit(const struct schedule *s, int64_t mib)
{
	struct unit *best = NULL;

	for (size_t i = 0; i < s->n; i++) {
		struct unit *u = s->units[i];

		if (is_ready(u) && u->mem_mib <= mib && (!best || goes_before(s, u, best)))
			best = u;
	}
	return best;
}

static struct unit *choose(struct schedule *s)
{
	struct unit *first;

	if (s->stopped || s->running >= s->limits.jobs)
		return NULL;
	first = next_unit(s, INT64_MAX);
	return first && s->running ? next_unit(s, spare_mib(s)) : first;
}

static void start(struct schedule *s, struct unit *u)
{
	u->state = UNIT_RUNNING;
	u->leaving = u->amiss = false;
	u->own_mib = 0;
	u->started = ++s->starts;
	s->running++;
	s->ops.start(s->ops.arg, u);
}

/* ---- what has ended */

/* Those that wait for it can go on, without it if need be. */
static void tell_waiting(struct schedule *s, const struct unit *u)
{
	for (size_t i = 0; u->amiss && i < s->n; i++)
		if (s->units[i]->after == u && s->units[i]->without)
			s->units[i]->without(s->units[i]);
}

static void collect(struct schedule *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct unit *u = s->units[i];

		if (u->state != UNIT_ENDING)
			continue;
		s->running--;
		u->state = s->ops.ended(s->ops.arg, u) ? UNIT_WAITING : UNIT_ENDED;
		if (u->state == UNIT_ENDED)
			tell_waiting(s, u);
	}
}

static void take_turn(void *arg)
{
	struct schedule *s = arg;
	struct unit *u;

	collect(s);
	while ((u = choose(s)))
		start(s, u);
	if (!s->running)
		loop_quit(s->loop);
	else if (s->limits.jobs > 1)
		loop_timer_set(s->tick, loop_now_ns() + TICK_NS);
}

void schedule_ended(struct schedule *s, struct unit *u)
{
	u->state = UNIT_ENDING;
	wake(s);
}

/* ---- what has to go */

/* The one started last; NULL: none can go, or one goes already. */
static struct unit *youngest(const struct schedule *s)
{
	struct unit *last = NULL;

	for (size_t i = 0; i < s->n; i++) {
		struct unit *u = s->units[i];

		if (u->state != UNIT_RUNNING && u->state != UNIT_ENDING)
			continue;
		if (u->leaving || u->state == UNIT_ENDING)
			return NULL;
		if (u->mem_mib && (!last || u->started > last->started))
			last = u;
	}
	return last;
}

static void make_room(struct schedule *s)
{
	struct unit *u = s->running > 1 ? youngest(s) : NULL;
	struct hostroom room;

	if (!u)
		return;
	s->ops.look(s->ops.arg, &room);
	if (room.available_mib >= schedule_reserve_mib(room.total_mib))
		return;
	u->leaving = true;
	s->ops.cancel(s->ops.arg, u);
}

static void on_tick(void *arg)
{
	struct schedule *s = arg;

	if (!s->stopped)
		make_room(s);
	take_turn(s);
}

void schedule_stop(struct schedule *s, const struct unit *spared)
{
	s->stopped = true;
	for (size_t i = 0; i < s->n; i++)
		if (s->units[i]->state == UNIT_RUNNING && s->units[i] != spared)
			s->ops.cancel(s->ops.arg, s->units[i]);
	wake(s);
}

int schedule_run(struct schedule *s)
{
	wake(s);
	return loop_run(s->loop);
}
