// SPDX-License-Identifier: GPL-2.0-only
/* A file that is followed while it is written. */
#include "t/unit/unit.h"

#include <fcntl.h>

#include "base/str.h"
#include "vm/tail.h"

static struct loop *loop;
static struct tail *tail;
static struct strbuf got;
static int writer;
static int echoes; /* how many times more what is told is answered by as much again */

static void told(void *arg, const char *data, size_t len)
{
	(void)arg;
	strbuf_add(&got, data, len);
	if (echoes-- > 0)
		assert_int_equal(write(writer, data, len), len);
}

static int follow(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(loop_new(&loop, &err), 0);
	assert_int_equal(tail_open(loop, "console", told, NULL, &tail, &err), 0);
	writer = open("console", O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_true(writer >= 0);
	echoes = 0;
	return 0;
}

static int leave(void **state)
{
	(void)state;
	tail_free(tail);
	loop_free(loop);
	close(writer);
	unlink("console");
	strbuf_done(&got);
	return 0;
}

static void say(const char *text)
{
	assert_int_equal(write(writer, text, strlen(text)), strlen(text));
}

static void test_what_is_there_is_told_at_once_and_in_order(void **state)
{
	(void)state;
	say("one ");
	say("two ");
	tail_drain(tail);
	assert_string_equal(got.s, "one two ");
	tail_drain(tail);
	say("three");
	tail_drain(tail);
	assert_string_equal(got.s, "one two three");
}

/* A guest that writes faster than it is read does not hold who waits for what it has said by now.
 */
static void test_what_is_written_meanwhile_is_not_waited_for(void **state)
{
	(void)state;
	echoes = 1000000;
	say("word ");
	tail_drain(tail);
	assert_string_equal(got.s, "word ");
	tail_drain(tail);
	assert_string_equal(got.s, "word word ");
}

static void test_one_that_exists_is_not_followed(void **state)
{
	struct err err = {0};
	struct tail *other = NULL;

	(void)state;
	assert_true(tail_open(loop, "console", told, NULL, &other, &err) < 0);
	assert_non_null(strstr(err.msg, "console"));
	assert_null(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_is_there_is_told_at_once_and_in_order,
						follow, leave),
		cmocka_unit_test_setup_teardown(test_what_is_written_meanwhile_is_not_waited_for,
						follow, leave),
		cmocka_unit_test_setup_teardown(test_one_that_exists_is_not_followed, follow,
						leave),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
