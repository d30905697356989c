// SPDX-License-Identifier: GPL-2.0-only
/* What guests call their disks, written down with a saved one and read again. */
#include "t/unit/unit.h"

#include "base/json.h"
#include "result/names.h"

static void fill(struct guest_names *names)
{
	strv_addv(&names->scratch, "/dev/vdb", "/dev/vdc", NULL);
	strv_addv(&names->slow, "/dev/sda", NULL);
	strv_addv(&names->image, "/dev/nvme0n1", NULL);
	strv_addv(&names->pmem, "/dev/pmem0", NULL);
}

static void assert_same(const struct strv *a, const struct strv *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++)
		assert_string_equal(a->v[i], b->v[i]);
}

static void assert_equal(const struct guest_names *a, const struct guest_names *b)
{
	assert_same(&a->scratch, &b->scratch);
	assert_same(&a->slow, &b->slow);
	assert_same(&a->image, &b->image);
	assert_same(&a->rw_image, &b->rw_image);
	assert_same(&a->pmem, &b->pmem);
}

static void test_what_is_written_is_read(void **state)
{
	struct guest_names names = {0}, read = {0};
	_cleanup_free_ char *text = NULL;
	_cleanup_json_ json_t *j = NULL, *again = NULL;

	(void)state;
	fill(&names);
	j = guest_names_json(&names);
	text = json_dumps(j, 0);
	again = json_loads(text, 0, NULL);
	assert_true(guest_names_parse(again, &read));
	assert_equal(&names, &read);
	guest_names_done(&names);
	guest_names_done(&read);
}

static void test_none_are_none(void **state)
{
	struct guest_names names = {0}, read = {0};
	_cleanup_json_ json_t *j = guest_names_json(&names);

	(void)state;
	assert_true(guest_names_parse(j, &read));
	assert_equal(&names, &read);
}

static void test_a_copy_replaces_what_was_there(void **state)
{
	struct guest_names from = {0}, to = {0};

	(void)state;
	fill(&from);
	strv_add(&to.rw_image, "/dev/vdz");
	strv_add(&to.scratch, "/dev/vdy");
	guest_names_copy(&from, &to);
	assert_equal(&from, &to);
	guest_names_done(&from);
	assert_string_equal(to.scratch.v[1], "/dev/vdc");
	guest_names_done(&to);
}

#define REST ", \"slow\": [], \"image\": [], \"rw_image\": [], \"pmem\": []}"

/* They end up in the words of a test's environment: nothing but a name of a device may. */
static void test_what_is_no_name_is_not_read(void **state)
{
	static const char *const hostile[] = {
		"null",
		"[]",
		"{}",
		"\"scratch\"",
		"{\"scratch\": []}",
		"{\"scratch\": {}" REST,
		"{\"scratch\": \"/dev/vdb\"" REST,
		"{\"scratch\": [3]" REST,
		"{\"scratch\": [null]" REST,
		"{\"scratch\": [\"vdb\"]" REST,
		"{\"scratch\": [\"\"]" REST,
		"{\"scratch\": [\"/dev/\"]" REST,
		"{\"scratch\": [\"/dev/vdb /dev/sda\"]" REST,
		"{\"scratch\": [\"/dev/../etc/passwd\"]" REST,
		"{\"scratch\": [\"/dev/vdb\\n\"]" REST,
		"{\"scratch\": [\"/etc/passwd\"]" REST,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		_cleanup_json_ json_t *j = json_loads(hostile[i], JSON_DECODE_ANY, NULL);
		struct guest_names names = {0};

		assert_non_null(j);
		if (guest_names_parse(j, &names))
			fail_msg("read: %s", hostile[i]);
		guest_names_done(&names);
	}
	assert_false(guest_names_parse(NULL, &(struct guest_names){0}));
}

/* A name that the guest would not give is "unknown", which is one. */
static void test_unknown_is_a_name(void **state)
{
	_cleanup_json_ json_t *j = json_loads("{\"scratch\": [\"/dev/unknown\"]" REST, 0, NULL);
	struct guest_names names = {0};

	(void)state;
	assert_true(guest_names_parse(j, &names));
	assert_string_equal(names.scratch.v[0], "/dev/unknown");
	guest_names_done(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written_is_read),
		cmocka_unit_test(test_none_are_none),
		cmocka_unit_test(test_a_copy_replaces_what_was_there),
		cmocka_unit_test(test_what_is_no_name_is_not_read),
		cmocka_unit_test(test_unknown_is_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
