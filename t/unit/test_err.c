// SPDX-License-Identifier: GPL-2.0-only
/* An error is one line that grows context from the inside out, and a negative errno. */
#include "t/unit/unit.h"

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"

/* As a function that reports and returns in one statement. */
static int open_config(struct err *err)
{
	errno = EACCES;
	return err_errno(err, "%s", "/etc/x.conf");
}

static void test_context_is_put_in_front(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(open_config(&err), -EACCES);
	assert_int_equal(err_wrap(&err, "guest %d", 3), -EACCES);
	assert_int_equal(err_wrap(&err, "run"), -EACCES);
	assert_string_equal(err.msg, "run: guest 3: /etc/x.conf: Permission denied");
	assert_int_equal(err.code, -EACCES);
	assert_false(err.usage);
}

static void test_code_is_negative_whichever_sign_is_given(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(err_set(&err, ENOENT, "a"), -ENOENT);
	assert_int_equal(err_set(&err, -ENOENT, "a"), -ENOENT);
	assert_int_equal(err.code, -ENOENT);
}

static void test_errno_of_nothing_is_still_an_error(void **state)
{
	struct err err = {0};

	(void)state;
	errno = 0;
	assert_true(err_errno(&err, "x") < 0);
	assert_true(err.code < 0);
}

static void test_usage_mark(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(err_usage(&err, "no option '%s'", "-q"), -EINVAL);
	assert_true(err.usage);
	/* Context keeps it: the command line is still what is at fault ... */
	err_wrap(&err, "ktest run");
	assert_true(err.usage);
	assert_string_equal(err.msg, "ktest run: no option '-q'");
	/* ... and another error in the same place is not one of usage. */
	err_set(&err, EIO, "disk");
	assert_false(err.usage);
}

static void test_without_a_place_for_the_message(void **state)
{
	(void)state;
	assert_int_equal(open_config(NULL), -EACCES);
	assert_int_equal(err_set(NULL, EBUSY, "x"), -EBUSY);
	assert_int_equal(err_usage(NULL, "x"), -EINVAL);
	assert_true(err_wrap(NULL, "x") < 0);
}

/* Names come from the outside and can be long: what is cut off is the end. */
static void test_long_messages_are_cut_not_overrun(void **state)
{
	struct {
		struct err err;
		char guard[8];
	} e = {.guard = "guarded"};
	_cleanup_free_ char *name = xcalloc(1, 4001);

	(void)state;
	memset(name, 'n', 4000);
	errno = ENAMETOOLONG;
	assert_int_equal(err_errno(&e.err, "%s", name), -ENAMETOOLONG);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(err_wrap(&e.err, "%s", name), -ENAMETOOLONG);
		assert_int_equal(err_wrap(&e.err, "step %d", i), -ENAMETOOLONG);
	}
	assert_memory_equal(e.err.msg, "step 19: nnn", 12);
	assert_true(strnlen(e.err.msg, sizeof(e.err.msg)) < sizeof(e.err.msg));
	assert_string_equal(e.guard, "guarded");
}

struct heard {
	enum log_level level;
	char line[64];
	int lines;
};

static void hear(void *arg, enum log_level level, const char *line)
{
	struct heard *h = arg;

	h->level = level;
	snprintf(h->line, sizeof(h->line), "%s", line);
	h->lines++;
}

static void test_notes_go_to_the_sink_alone(void **state)
{
	struct heard h = {0};

	(void)state;
	log_warn("nobody listens: %d", 1);
	log_set_sink(hear, &h);
	log_warn("no KVM: %s", "ENODEV");
	assert_int_equal(h.level, LOG_WARN);
	assert_string_equal(h.line, "no KVM: ENODEV");
	log_debug("%s", "");
	assert_int_equal(h.level, LOG_DEBUG);
	assert_string_equal(h.line, "");
	log_set_sink(NULL, NULL);
	log_note("nobody listens");
	assert_int_equal(h.lines, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_context_is_put_in_front),
		cmocka_unit_test(test_code_is_negative_whichever_sign_is_given),
		cmocka_unit_test(test_errno_of_nothing_is_still_an_error),
		cmocka_unit_test(test_usage_mark),
		cmocka_unit_test(test_without_a_place_for_the_message),
		cmocka_unit_test(test_long_messages_are_cut_not_overrun),
		cmocka_unit_test(test_notes_go_to_the_sink_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
