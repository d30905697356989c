// SPDX-License-Identifier: GPL-2.0-only
#include "t/unit/kernel_fixture.h"

#include "base/loop.h"
#include "kbuild/expect.h"

static struct kbuild b;

static int set_up(void **state)
{
	int r = make_dir(state);

	b = (struct kbuild){.build_dir = in_dir("kernel_build.x86_64")};
	put_text("kernel_build.x86_64/.config", "# CONFIG_C is not set\nCONFIG_A=y\nCONFIG_B=m\n"
						"CONFIG_S=\"y\"\nCONFIG_D=y\nCONFIG_N=12\n");
	return r;
}

static struct sum config_of(const char *text)
{
	return sum_of(text, strlen(text));
}

static struct expect load(const char *config, bool from_scratch)
{
	struct expect e;

	expect_load(&b, config_of(config), from_scratch, &e);
	return e;
}

static void save(const char *config, bool from_scratch, size_t objects, int64_t seconds)
{
	const struct expect e = {.objects = objects, .duration_ns = seconds * NSEC_PER_SEC};

	expect_save(&b, config_of(config), from_scratch, &e);
}

static void the_first_time_it_is_an_estimate(void **state)
{
	struct expect e = load("a", true);

	(void)state;
	assert_true(e.is_guess);
	assert_int_equal(e.objects, 3 * 22 / 10); /* three options are on */
	assert_int_equal(e.duration_ns, 0);
	assert_int_equal(load("a", false).objects, 0);
}

static void then_it_is_what_it_was(void **state)
{
	(void)state;
	save("a", true, 1000, 60);
	save("a", false, 3, 5);
	save("b", true, 2000, 90);
	assert_int_equal(load("a", true).objects, 1000);
	assert_false(load("a", true).is_guess);
	assert_int_equal(load("a", false).objects, 3);
	assert_true(load("a", false).is_guess);
	assert_int_equal(load("b", true).duration_ns, 90 * NSEC_PER_SEC);
	/* One never seen is like the last one. */
	assert_int_equal(load("c", true).objects, 2000);
	assert_true(load("c", true).is_guess);
	assert_int_equal(load("c", false).objects, 0);
}

static void the_notes_are_bounded_and_may_be_damaged(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		_cleanup_free_ char *config = xasprintf("%d", i);

		save(config, true, 100 + (size_t)i, 1);
	}
	assert_int_equal(load("19", true).objects, 119);
	assert_int_equal(load("12", true).objects, 112);
	assert_true(load("11", true).is_guess);
	put_text("kernel_build.x86_64.builds.json", "[{\"config\": 3}, 7, {\"config\"");
	assert_true(load("19", true).is_guess);
	put_text("kernel_build.x86_64.builds.json", "[{\"config\": 3}, 7]");
	assert_int_equal(load("19", false).objects, 0);
	save("19", true, 5, 1);
	assert_int_equal(load("19", true).objects, 5);
}

static void the_time_left(void **state)
{
	const struct expect known = {.objects = 100, .duration_ns = 100}, none = {0};
	const struct expect guess = {.objects = 100, .is_guess = true};

	(void)state;
	assert_int_equal(expect_left(&none, 5, 10), -1);
	assert_int_equal(expect_left(&guess, 5, 10), -1);
	assert_int_equal(expect_left(&guess, 50, 70), 70);
	assert_int_equal(expect_left(&guess, 101, 10), -1);
	assert_int_equal(expect_left(&known, 0, 0), 100);
	assert_int_equal(expect_left(&known, 100, 100), 0);
	/* Twice as slow as the last time: half way that is known by half. */
	assert_int_equal(expect_left(&known, 50, 100), 75);
}

#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, set_up, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(the_first_time_it_is_an_estimate),
		IN_DIR(then_it_is_what_it_was),
		IN_DIR(the_notes_are_bounded_and_may_be_damaged),
		cmocka_unit_test(the_time_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
