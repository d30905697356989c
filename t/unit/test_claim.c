// SPDX-License-Identifier: GPL-2.0-only
/* Directories in reach of guests: only what was made here is trusted. */
#include "t/unit/unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "kbuild/claim.h"

struct places {
	char *base, *dir, *cache, *file;
	struct err err;
};

static int setup(void **state)
{
	struct places *p = xcalloc(1, sizeof(*p));

	p->base = xstrdup("/tmp/ktest-unit.XXXXXX");
	assert_int_equal(dir_make_temp(p->base, NULL), 0);
	p->dir = xasprintf("%s/out/kernel_build.x86_64", p->base);
	p->cache = xasprintf("%s/cache", p->base);
	p->file = xasprintf("%s/Makefile", p->dir);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct places *p = *state;

	rm_rf(p->base, NULL);
	free(p->base);
	free(p->dir);
	free(p->cache);
	free(p->file);
	free(p);
	return 0;
}

static int claim(struct places *p)
{
	return claim_dir(p->dir, p->cache, &p->err);
}

static void put_file(const struct places *p)
{
	assert_int_equal(file_write(p->file, "x", 1, 0644, NULL), 0);
}

static void test_made_and_known_again(void **state)
{
	struct places *p = *state;

	assert_int_equal(claim(p), 0);
	assert_true(path_is_dir(p->dir));
	put_file(p);
	assert_int_equal(claim(p), 0);
	assert_true(path_exists(p->file));
}

static void test_what_was_put_there_is_refused(void **state)
{
	struct places *p = *state;

	assert_int_equal(mkdir_p(p->dir, 0755, NULL), 0);
	put_file(p);
	assert_int_equal(claim(p), -EEXIST);
	assert_non_null(strstr(p->err.msg, "remove it, or give another -o"));
	assert_true(path_exists(p->file));
}

/* Ours was moved away and another put in its place. */
static void test_exchanged(void **state)
{
	struct places *p = *state;
	_cleanup_free_ char *away = xasprintf("%s/away", p->base);

	assert_int_equal(claim(p), 0);
	assert_int_equal(rename(p->dir, away), 0);
	assert_int_equal(mkdir_p(p->dir, 0755, NULL), 0);
	put_file(p);
	assert_int_equal(claim(p), -EEXIST);
}

static void test_an_empty_one_is_as_good_as_none(void **state)
{
	struct places *p = *state;

	assert_int_equal(mkdir_p(p->dir, 0755, NULL), 0);
	assert_int_equal(claim(p), 0);
	put_file(p);
	assert_int_equal(claim(p), 0);
}

static void test_a_link_is_no_directory(void **state)
{
	struct places *p = *state;
	_cleanup_free_ char *away = xasprintf("%s/away", p->base);

	assert_int_equal(claim(p), 0);
	assert_int_equal(rename(p->dir, away), 0);
	assert_int_equal(symlink(away, p->dir), 0);
	assert_int_equal(claim(p), -EEXIST);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test_setup_teardown(test_made_and_known_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_was_put_there_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_exchanged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_empty_one_is_as_good_as_none, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_link_is_no_directory, setup, teardown),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
