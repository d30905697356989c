// SPDX-License-Identifier: GPL-2.0-only
/* A program of a test file on this machine: what it says, what it asks, how it and all of its ends.
 */
#include "t/unit/keeper.h"

#include "base/proc.h"
#include "base/str.h"
#include "run/hostproc.h"

struct seen {
	struct loop *loop;
	struct hostproc *proc;
	struct strbuf output, calls;
	const char *end_at; /* what it is ended for saying */
	int status;
};

static void on_output(void *arg, const char *data, size_t len)
{
	struct seen *s = arg;

	strbuf_add(&s->output, data, len);
	if (s->end_at && strstr(s->output.s, s->end_at))
		hostproc_end(s->proc);
}

static void on_call(void *arg, const char *verb, const char *word)
{
	struct seen *s = arg;

	strbuf_addf(&s->calls, "%zu:%s(%s) ", s->output.len, verb, word);
}

static void on_ended(void *arg, int status)
{
	struct seen *s = arg;

	s->status = status;
	loop_quit(s->loop);
}

static void start(struct seen *s, const char *script)
{
	const struct hostproc_handler handler = {on_output, on_call, on_ended, s};
	_cleanup_strv_ struct strv argv = {0}, env = {0};
	struct hostproc_spec spec = {unit_keeper(), &argv, &env, unit_dir, 0};
	struct err err = {0};

	strv_addv(&argv, "/bin/bash", "-c", script, NULL);
	strv_add(&env, "PATH=/usr/bin:/bin");
	strbuf_puts(&s->output, "");
	strbuf_puts(&s->calls, "");
	assert_int_equal(loop_new(&s->loop, NULL), 0);
	if (hostproc_start(s->loop, &spec, &handler, &s->proc, &err) < 0)
		fail_msg("%s", err.msg);
}

static void run(struct seen *s, const char *script)
{
	start(s, script);
	assert_int_equal(loop_run(s->loop), 0);
}

static void done(struct seen *s)
{
	hostproc_free(s->proc);
	loop_free(s->loop);
	strbuf_done(&s->output);
	strbuf_done(&s->calls);
}

static void test_output_in_order_on_a_raw_terminal(void **state)
{
	struct seen s = {0};

	(void)state;
	run(&s, "[[ -t 1 && -t 2 && ! -t 0 ]]; echo $?; echo err >&2; printf 'a\\nb'; pwd; exit 3");
	assert_int_equal(WEXITSTATUS(s.status), 3);
	assert_true(str_starts(s.output.s, "0\nerr\na\nb"));
	assert_true(strstr(s.output.s, unit_dir) != NULL);
	done(&s);
}

/* More than a terminal and a pipe hold. */
static void test_all_output_comes_before_the_end(void **state)
{
	struct seen s = {0};

	(void)state;
	run(&s, "head -c 300000 /dev/zero | tr '\\0' x; printf end");
	assert_int_equal(s.output.len, 300003);
	assert_string_equal(s.output.s + 300000, "end");
	done(&s);
}

static void test_calls_after_what_was_said_before(void **state)
{
	struct seen s = {0};

	(void)state;
	run(&s, "printf 12345; printf 'note\\ta b\\tc\\nskip\\nwatch' >&$ktest_control_fd;"
		"printf 'dog\\t7\\nlost' >&$ktest_control_fd");
	assert_string_equal(s.calls.s, "5:note(a b\tc) 5:skip() 5:watchdog(7) ");
	done(&s);
}

static void test_a_call_without_end_is_dropped(void **state)
{
	struct seen s = {0};

	(void)state;
	run(&s, "head -c 100000 /dev/zero | tr '\\0' x >&$ktest_control_fd;"
		"printf '\\nnote\\tx\\n' >&$ktest_control_fd");
	assert_true(str_ends(s.calls.s, ":note(x) "));
	assert_true(s.calls.len < 10000);
	done(&s);
}

static void test_signal_that_killed_it(void **state)
{
	struct seen s = {0};

	(void)state;
	run(&s, "kill -SEGV $$");
	assert_true(WIFSIGNALED(s.status));
	assert_int_equal(WTERMSIG(s.status), SIGSEGV);
	done(&s);
}

/* One that is deaf, one in a session of its own, a daemon; they hold the terminal open. */
#define LEAVES                                                   \
	"trap '' TERM HUP INT; sleep 300 & echo $! >pids;"       \
	"setsid sh -c 'echo $$ >>pids; exec sleep 300' &"        \
	"(setsid sh -c '(echo $$ >>pids; exec sleep 300) &' &);" \
	"while [ $(wc -l <pids) -lt 3 ]; do sleep 0.01; done; echo ready;"

static void all_gone(void)
{
	char *end;
	int n = 0;

	for (const char *p = unit_read("pids");; p = end, n++) {
		long pid = strtol(p, &end, 10);

		if (pid <= 0)
			break;
		assert_true(unit_gone((pid_t)pid));
	}
	assert_int_equal(n, 3);
}

static void test_its_end_is_that_of_what_it_left(void **state)
{
	struct seen s = {0};

	(void)state;
	run(&s, LEAVES "exit 7");
	assert_int_equal(WEXITSTATUS(s.status), 7);
	all_gone();
	done(&s);
}

static void test_ending_it(void **state)
{
	struct seen s = {.end_at = "ready"};

	(void)state;
	run(&s, LEAVES "sleep 300");
	all_gone();
	done(&s);
}

static void test_freeing_one_that_runs(void **state)
{
	struct seen s = {0};

	(void)state;
	start(&s, LEAVES "sleep 300");
	while (!strstr(s.output.s, "ready"))
		assert_int_equal(loop_once(s.loop, 10000), 0);
	done(&s);
	all_gone();
}

static void test_what_cannot_be_started(void **state)
{
	const struct hostproc_handler handler = {on_output, on_call, on_ended, NULL};
	_cleanup_strv_ struct strv argv = {0}, env = {0};
	struct hostproc_spec spec = {"/none/ktest", &argv, &env, unit_dir, 0};
	struct hostproc *p = NULL;
	struct loop *loop;
	struct err err = {0};

	(void)state;
	strv_add(&argv, "true");
	assert_int_equal(loop_new(&loop, NULL), 0);
	assert_true(hostproc_start(loop, &spec, &handler, &p, &err) < 0);
	assert_non_null(strstr(err.msg, "/none/ktest"));
	assert_null(p);
	loop_free(loop);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_in_order_on_a_raw_terminal),
		cmocka_unit_test(test_all_output_comes_before_the_end),
		cmocka_unit_test(test_calls_after_what_was_said_before),
		cmocka_unit_test(test_a_call_without_end_is_dropped),
		cmocka_unit_test(test_signal_that_killed_it),
		cmocka_unit_test(test_its_end_is_that_of_what_it_left),
		cmocka_unit_test(test_ending_it),
		cmocka_unit_test(test_freeing_one_that_runs),
		cmocka_unit_test(test_what_cannot_be_started),
	};

	unit_be_keeper(argc, argv);
	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
