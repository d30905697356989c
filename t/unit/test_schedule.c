// SPDX-License-Identifier: GPL-2.0-only
/* Which units run when: order, room, dependence, ends of all kinds; with a host made up. */
#include "t/unit/unit.h"

#include "base/str.h"
#include "run/schedule.h"

#define MANY 8

static struct test_file file;
static struct loop *loop;
static struct schedule *s;
static struct schedule_limits limits;
static struct hostroom host;
static struct unit *units[MANY];
static struct strbuf story; /* what was asked of the starter: "+0" start, "!0" cancel, "-0" ended */
static bool again[MANY];    /* ended() says so, once */
static bool at_once[MANY];  /* it ends in start() itself */

static int number(const struct unit *u)
{
	return (int)u->first;
}

static void on_start(void *arg, struct unit *u)
{
	(void)arg;
	strbuf_addf(&story, "+%d", number(u));
	if (at_once[number(u)])
		schedule_ended(s, u);
}

static void on_cancel(void *arg, struct unit *u)
{
	(void)arg;
	strbuf_addf(&story, "!%d", number(u));
}

static bool on_ended(void *arg, struct unit *u)
{
	bool yes = again[number(u)] || u->leaving;

	(void)arg;
	strbuf_addf(&story, "-%d", number(u));
	again[number(u)] = false;
	return yes;
}

static void on_look(void *arg, struct hostroom *room)
{
	(void)arg;
	*room = host;
}

static int setup(void **state)
{
	(void)state;
	loop_fake_clock(1000 * NSEC_PER_SEC);
	host = (struct hostroom){.total_mib = 20000, .available_mib = 20000};
	limits = (struct schedule_limits){.jobs = 2};
	memset(again, 0, sizeof(again));
	memset(at_once, 0, sizeof(at_once));
	memset(units, 0, sizeof(units));
	story = (struct strbuf){0};
	return loop_new(&loop, NULL);
}

static int teardown(void **state)
{
	(void)state;
	schedule_free(s);
	s = NULL;
	loop_free(loop);
	strbuf_done(&story);
	loop_fake_clock(-1);
	return 0;
}

static void make(void)
{
	const struct schedule_ops ops = {on_start, on_cancel, on_ended, on_look, NULL};

	s = schedule_new(loop, &ops, &limits);
}

static struct unit *add(int64_t mem_mib, int64_t expected_ms)
{
	size_t n;
	struct unit u = {.file = &file, .mem_mib = mem_mib, .expected_ms = expected_ms};

	schedule_units(s, &n);
	u.first = n;
	return units[n] = schedule_add(s, &u);
}

static void round_is(const char *want)
{
	loop_once(loop, 0);
	assert_string_equal(story.s ? story.s : "", want);
	strbuf_done(&story);
	story = (struct strbuf){0};
}

static void ends(int i)
{
	schedule_ended(s, units[i]);
}

static void seconds(int n)
{
	loop_fake_clock(loop_now_ns() + n * NSEC_PER_SEC);
}

/* ---- order */

static void test_one_at_a_time(void **state)
{
	(void)state;
	limits.jobs = 1;
	make();
	add(100, 1);
	add(100, 9);
	round_is("+0");
	round_is("");
	ends(0);
	round_is("-0+1");
	ends(1);
	round_is("-1");
}

static void test_longest_first(void **state)
{
	(void)state;
	make();
	add(100, 1);
	add(100, 0);
	add(100, 9);
	add(100, 5);
	add(100, 5);
	round_is("+2+3");
	ends(3);
	round_is("-3+4");
	ends(2);
	ends(4);
	round_is("-2-4+0+1");
}

static void test_rounds(void **state)
{
	(void)state;
	make();
	add(100, 9)->round = 1;
	add(100, 1);
	add(100, 1)->round = 2;
	round_is("+1+0");
}

static void test_more_while_it_runs(void **state)
{
	(void)state;
	make();
	add(100, 1);
	round_is("+0");
	add(100, 1);
	round_is("+1");
}

/* A start may fail in itself: the others have their turn. */
static void test_ends_at_once(void **state)
{
	(void)state;
	limits.jobs = 1;
	make();
	at_once[0] = at_once[1] = true;
	add(1, 1);
	add(1, 1);
	assert_int_equal(schedule_run(s), 0);
	assert_string_equal(story.s, "+0-0+1-1");
}

static void test_nothing_to_do(void **state)
{
	(void)state;
	make();
	assert_int_equal(schedule_run(s), 0);
}

/* ---- room */

static void test_memory(void **state)
{
	(void)state;
	limits.jobs = 4;
	host.available_mib = 5000; /* 1000 of it are the reserve */
	make();
	add(3000, 3);
	add(2000, 2);
	add(1000, 1);
	/* The first has taken nothing yet: its share is spoken for. */
	round_is("+0+2");
	seconds(1);
	/* What it has taken by now is not free any more, and not reserved. */
	units[0]->own_mib = 3000;
	units[2]->own_mib = 500;
	host.available_mib = 3600;
	seconds(1);
	round_is("+1");
}

static void test_alone_whatever_it_needs(void **state)
{
	(void)state;
	host.available_mib = 10;
	make();
	add(30000, 1);
	add(1, 1);
	round_is("+0");
	seconds(2);
	round_is("");
	ends(0);
	round_is("-0+1");
}

static void test_processors(void **state)
{
	(void)state;
	limits = (struct schedule_limits){.jobs = 4, .cpus = 4};
	host.load = 6;
	make();
	add(1, 1);
	add(1, 1);
	add(1, 1);
	round_is("+0");
	host.load = 4; /* one is ours */
	seconds(2);
	round_is("");
	/* And now the next one is as well, though the load does not tell yet. */
	host.load = 3;
	seconds(2);
	round_is("+1+2");
}

static void test_the_youngest_makes_room(void **state)
{
	(void)state;
	limits.jobs = 3;
	make();
	add(100, 3);
	add(100, 2);
	add(100, 1);
	round_is("+0+1+2");
	host.available_mib = 999;
	seconds(2);
	round_is("!2");
	/* Not another one before that has gone. */
	seconds(2);
	round_is("");
	ends(2);
	round_is("-2");
	seconds(2);
	round_is("!1");
	ends(1);
	round_is("-1");
	/* The last one stays. */
	seconds(2);
	round_is("");
	host.available_mib = 20000;
	seconds(2);
	round_is("+1+2");
}

static void test_reserve(void **state)
{
	(void)state;
	assert_int_equal(schedule_reserve_mib(1000), 128);
	assert_int_equal(schedule_reserve_mib(8000), 400);
	assert_int_equal(schedule_reserve_mib(1 << 20), 2048);
}

/* ---- dependence */

static void do_without(struct unit *u)
{
	u->isolation = ISOLATION_BOOT;
	strbuf_addf(&story, "?%d", number(u));
}

static void test_waits(void **state)
{
	(void)state;
	limits.jobs = 4;
	make();
	add(1, 1);
	add(1, 9)->after = units[0];
	add(1, 9)->after = units[1];
	add(1, 1);
	units[1]->without = units[2]->without = do_without;
	round_is("+0+3");
	ends(0);
	round_is("-0+1");
	units[1]->amiss = true;
	ends(1);
	round_is("-1?2+2");
	assert_int_equal(units[2]->isolation, ISOLATION_BOOT);
}

/* One that is queued again has not ended. */
static void test_waits_for_the_last_time(void **state)
{
	(void)state;
	limits.jobs = 4;
	make();
	add(1, 1);
	add(1, 1)->after = units[0];
	again[0] = true;
	round_is("+0");
	ends(0);
	round_is("-0+0");
	ends(0);
	round_is("-0+1");
}

/* ---- early ends */

static void test_stop(void **state)
{
	(void)state;
	make();
	add(1, 1);
	add(1, 1);
	add(1, 1);
	round_is("+0+1");
	schedule_stop(s, units[1]);
	round_is("!0");
	ends(0);
	ends(1);
	assert_int_equal(schedule_run(s), 0);
	assert_string_equal(story.s, "-0-1");
}

static void test_stopped_before(void **state)
{
	(void)state;
	make();
	add(1, 1);
	schedule_stop(s, NULL);
	assert_int_equal(schedule_run(s), 0);
	assert_null(story.s);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_one_at_a_time),
		TEST(test_longest_first),
		TEST(test_rounds),
		TEST(test_more_while_it_runs),
		TEST(test_ends_at_once),
		TEST(test_nothing_to_do),
		TEST(test_memory),
		TEST(test_alone_whatever_it_needs),
		TEST(test_processors),
		TEST(test_the_youngest_makes_room),
		TEST(test_reserve),
		TEST(test_waits),
		TEST(test_waits_for_the_last_time),
		TEST(test_stop),
		TEST(test_stopped_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
