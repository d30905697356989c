// SPDX-License-Identifier: GPL-2.0-only
#include "result/result_attempt.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

static int64_t event_time(const json_t *event)
{
	int64_t t_ns = json_get_int(event, "t_ns", 0);

	return t_ns > 0 ? t_ns : 0;
}

static struct result_attempt *attempt_add(struct result_test *t)
{
	struct result_attempt *a;

	t->attempts = xrealloc(t->attempts, (t->nattempts + 1) * sizeof(*a));
	a = &t->attempts[t->nattempts++];
	*a = (struct result_attempt){
		.n = t->attempt,
		.round = t->round,
		.retries = t->retries,
		.confirming = t->confirming,
	};
	return a;
}

void result_attempt_start(struct result_test *t, const json_t *event)
{
	struct result_attempt *a = attempt_add(t);

	a->start_ns = event_time(event);
	str_set(&a->guest, json_get_str(event, "guest"));
}

/* One that never started has an end all the same: no guest could be had. */
void result_attempt_end(struct result_test *t, const json_t *event)
{
	struct result_attempt *a = t->nattempts ? &t->attempts[t->nattempts - 1] : NULL;

	if (!a || a->verdict != VERDICT_NONE)
		a = attempt_add(t);

	a->verdict = t->verdict;
	a->duration_ms = t->duration_ms;
	a->end_ns = event_time(event);
	str_set(&a->reason, t->reason);
	str_set(&a->title, t->title);
	str_set(&a->guest, t->guest);
}

const struct result_attempt *result_attempt_told(const struct result_test *t)
{
	for (size_t i = t->nattempts; i-- > 0;)
		if (t->attempts[i].n == t->told)
			return &t->attempts[i];
	return NULL;
}

void result_attempts_done(struct result_test *t)
{
	for (size_t i = 0; i < t->nattempts; i++) {
		free(t->attempts[i].reason);
		free(t->attempts[i].title);
		free(t->attempts[i].guest);
	}
	free(t->attempts);
}

struct result_guest *result_guest_find(const struct result *r, const char *name)
{
	for (size_t i = r->nguests; name && i-- > 0;)
		if (!strcmp(r->guests[i].name, name))
			return &r->guests[i];
	return NULL;
}

static struct result_guest *guest_add(struct result *r, const char *name)
{
	struct result_guest *g;

	r->guests = xrealloc(r->guests, (r->nguests + 1) * sizeof(*g));
	g = &r->guests[r->nguests++];
	*g = (struct result_guest){.name = xstrdup(name)};
	return g;
}

static void guest_state(struct result_guest *g, const json_t *event)
{
	const char *state = json_get_str(event, "state");

	if (str_eq(state, "start"))
		g->start_ns = event_time(event);
	else if (str_eq(state, "ready") && !g->ready_ns)
		g->ready_ns = event_time(event);
	else if (str_eq(state, "end"))
		g->end_ns = event_time(event);
	if (str_eq(state, "end"))
		str_set(&g->reason, json_get_str(event, "reason"));
}

void result_guest_put(struct result *r, const json_t *event)
{
	const char *name = json_get_str(event, "guest");
	struct result_guest *g = result_guest_find(r, name);

	if (!name)
		return;
	if (!g)
		g = guest_add(r, name);
	if (json_get_str(event, "kernel"))
		str_set(&g->kernel, json_get_str(event, "kernel"));
	if (json_get_str(event, "file"))
		str_set(&g->file, json_get_str(event, "file"));
	guest_state(g, event);
}

void result_guests_done(struct result *r)
{
	for (size_t i = 0; i < r->nguests; i++) {
		free(r->guests[i].name);
		free(r->guests[i].kernel);
		free(r->guests[i].file);
		free(r->guests[i].reason);
	}
	free(r->guests);
}
