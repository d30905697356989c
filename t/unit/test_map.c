// SPDX-License-Identifier: GPL-2.0-only
/* The map from strings, and memory that goes together. */
#include "t/unit/unit.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/str.h"

static void test_empty(void **state)
{
	struct map m = {0};

	(void)state;
	assert_null(map_get(&m, "a"));
	map_done(&m, free);
	assert_int_equal(m.n, 0);
}

static void test_put(void **state)
{
	struct map m = {0};

	(void)state;
	assert_null(*map_put(&m, "a"));
	*map_put(&m, "a") = xstrdup("1");
	*map_putn(&m, "abc", 2) = xstrdup("2");
	assert_string_equal(map_get(&m, "a"), "1");
	assert_string_equal(map_get(&m, "ab"), "2");
	assert_string_equal(map_getn(&m, "abc", 2), "2");
	assert_null(map_get(&m, "abc"));
	assert_null(map_get(&m, ""));
	assert_int_equal(m.n, 2);
	map_done(&m, free);
}

/* Through several sizes; the order is that of coming. */
static void test_many(void **state)
{
	struct map m = {0};
	char key[16];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "key%d", i);
		*map_put(&m, key) = xstrdup(key + 3);
	}
	assert_int_equal(m.n, 5000);
	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "key%d", i);
		assert_string_equal(map_get(&m, key), key + 3);
		assert_string_equal(m.entries[i].key, key);
	}
	map_done(&m, free);
}

static void test_arena(void **state)
{
	struct arena a = {0};
	char *text = arena_strn(&a, "abcdef", 3);

	(void)state;
	for (size_t size = 1; size < 200000; size += size / 2 + 1) {
		char *p = arena_alloc(&a, size);

		assert_int_equal((uintptr_t)p % sizeof(void *), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
	}
	assert_string_equal(text, "abc");
	arena_done(&a);
	assert_null(a.chunks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_put),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
