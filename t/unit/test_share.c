// SPDX-License-Identifier: GPL-2.0-only
/* Whether QEMU was kept from its processors. */
#include "t/unit/unit.h"

#include "run/share.h"

#define S 1000000000LL

static struct share share;

static int setup(void **state)
{
	(void)state;
	share.n = 0;
	return 0;
}

/* A sample every two seconds, of which it ran and waited for so many tenths of a second. */
static void live(int samples, int ran, int waited)
{
	static int64_t at_ns, ran_ns, waited_ns;

	for (int i = 0; i < samples; i++) {
		at_ns += 2 * S;
		ran_ns += ran * S / 10;
		waited_ns += waited * S / 10;
		share_add(&share, at_ns, ran_ns, waited_ns);
	}
}

static bool starved(int64_t window_s)
{
	int percent = -1;
	bool is = share_starved(&share, window_s * S, 1, &percent);

	assert_int_equal(is, percent >= 0);
	return is;
}

static void test_nothing_known(void **state)
{
	(void)state;
	assert_false(starved(20));
	live(1, 0, 20);
	assert_false(starved(20));
}

static void test_runs(void **state)
{
	(void)state;
	live(30, 18, 2);
	assert_false(starved(20));
	live(30, 10, 9);
	assert_false(starved(20));
}

static void test_waits(void **state)
{
	int percent;

	(void)state;
	live(30, 5, 15);
	assert_true(share_starved(&share, 20 * S, 1, &percent));
	assert_int_equal(percent, 25);
}

/* The little that it wants it waits for: no processor stood still for that. */
static void test_idle(void **state)
{
	(void)state;
	live(30, 1, 3);
	assert_false(starved(20));
}

/* Of several processors one spins and waits, or all do. */
static void test_several(void **state)
{
	int percent;

	(void)state;
	live(30, 9, 60);
	assert_true(starved(20));
	/* Each waits for the others, who have the host for themselves. */
	live(30, 19, 60);
	assert_false(starved(20));
	assert_true(share_starved(&share, 20 * S, 2, &percent));
}

static void test_window(void **state)
{
	(void)state;
	live(60, 1, 19);
	live(20, 20, 0);
	assert_false(starved(20));
	assert_true(starved(100));
}

static void test_goes_round(void **state)
{
	(void)state;
	live(SHARE_PAST + 7, 20, 0);
	live(12, 1, 19);
	assert_true(starved(20));
	assert_false(starved(10000));
}

static void test_thread_ended(void **state)
{
	(void)state;
	live(30, 5, 15);
	share_add(&share, 1LL << 60, 0, 1LL << 60);
	assert_false(starved(20));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_known), TEST(test_runs),	   TEST(test_waits),
		TEST(test_idle),	  TEST(test_several),	   TEST(test_window),
		TEST(test_goes_round),	  TEST(test_thread_ended),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
