// SPDX-License-Identifier: GPL-2.0-only
/* The client against a peer that the test plays: every command is answered exactly once. */
#include "t/unit/unit.h"

#include <sys/socket.h>

#include "base/str.h"
#include "vm/qmp.h"

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n"

static struct loop *loop;
static struct qmp *qmp;
static int peer;

/* What the client told us: events and the end, in order. */
static struct {
	struct strbuf events;
	char closed[128];
	int closes;
	bool call_at_end;
} told;

struct reply {
	int calls;
	char text[128];	  /* the result, or "error: ..." */
	const char *then; /* another command, sent from within the answer */
	struct reply *then_reply;
};

static void on_reply(void *arg, const json_t *result, const char *error)
{
	struct reply *r = arg;
	_cleanup_free_ char *text =
		result ? json_dumps(result, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	r->calls++;
	/* One of the two, always: callers print the error where there is no result. */
	assert_true(!result != !error);
	snprintf(r->text, sizeof(r->text), "%s%s", error ? "error: " : "", error ? error : text);
	if (r->then)
		qmp_call(qmp, r->then, NULL, on_reply, r->then_reply);
}

static struct reply at_end;

static void on_event(void *arg, const char *name, const json_t *data)
{
	(void)arg;
	strbuf_addf(&told.events, "%s%s;", name, data ? "+" : "");
}

static void on_closed(void *arg, const char *why)
{
	(void)arg;
	told.closes++;
	assert_non_null(why);
	snprintf(told.closed, sizeof(told.closed), "%s", why);
	if (told.call_at_end)
		qmp_call(qmp, "too-late", NULL, on_reply, &at_end);
}

static int begin(void **state)
{
	const struct qmp_handler handler = {on_event, on_closed, NULL};
	int fd[2];

	(void)state;
	memset(&told, 0, sizeof(told));
	at_end = (struct reply){0};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd) < 0)
		return -1;
	peer = fd[1];
	loop_new(&loop, NULL);
	qmp = qmp_new(loop, fd[0], &handler);
	return 0;
}

static int end(void **state)
{
	(void)state;
	qmp_free(qmp);
	loop_free(loop);
	strbuf_done(&told.events);
	if (peer >= 0)
		close(peer);
	return 0;
}

static void say(const char *text)
{
	assert_int_equal(send(peer, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	for (int i = 0; i < 4; i++)
		loop_once(loop, 0);
}

/* What the client wrote since the last time. */
static const char *heard(void)
{
	static char buf[65536];
	ssize_t n = recv(peer, buf, sizeof(buf) - 1, MSG_DONTWAIT);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static void call(const char *command, struct reply *r)
{
	qmp_call(qmp, command, NULL, on_reply, r);
}

static void negotiate(void)
{
	say(GREETING);
	assert_string_equal(heard(), "{\"execute\":\"qmp_capabilities\",\"id\":1}\n");
	say("{\"return\": {}, \"id\": 1}\n");
}

/* ---- negotiation */

static void test_nothing_is_said_before_the_greeting(void **state)
{
	struct reply a = {0}, b = {0};

	(void)state;
	call("query-status", &a);
	call("stop", &b);
	assert_string_equal(heard(), "");
	say(GREETING);
	assert_string_equal(heard(), "{\"execute\":\"qmp_capabilities\",\"id\":3}\n");
	say("{\"return\": {}, \"id\": 3}\n");
	assert_string_equal(heard(), "{\"execute\":\"query-status\",\"id\":1}\n"
				     "{\"execute\":\"stop\",\"id\":2}\n");
	say("{\"return\": {\"a\": 1}, \"id\": 1}\n{\"return\": {}, \"id\": 2}\n");
	assert_string_equal(a.text, "{\"a\":1}");
	assert_string_equal(b.text, "{}");
	assert_int_equal(a.calls + b.calls, 2);
}

static void test_peer_that_does_not_greet(void **state)
{
	struct reply a = {0};

	(void)state;
	call("stop", &a);
	say("{\"event\": \"STOP\"}\n" GREETING);
	assert_int_equal(told.closes, 1);
	assert_string_equal(told.closed, "QEMU did not greet");
	assert_string_equal(a.text, "error: QEMU did not greet");
	assert_string_equal(heard(), "");
}

static void test_negotiation_that_is_refused(void **state)
{
	struct reply a = {0};

	(void)state;
	call("stop", &a);
	say(GREETING "{\"error\": {\"class\": \"X\", \"desc\": \"no such mode\"}, \"id\": 2}\n");
	assert_int_equal(told.closes, 1);
	assert_string_equal(told.closed, "no such mode");
	assert_string_equal(a.text, "error: no such mode");
	assert_int_equal(a.calls, 1);
}

/* ---- answers */

static void test_arguments_are_sent_and_taken_over(void **state)
{
	(void)state;
	negotiate();
	qmp_call(qmp, "device_del", json_pack("{s:s}", "id", "scratch\"1"), NULL, NULL);
	assert_string_equal(heard(), "{\"execute\":\"device_del\",\"id\":2,"
				     "\"arguments\":{\"id\":\"scratch\\\"1\"}}\n");
	say("{\"return\": {}, \"id\": 2}\n");
	assert_int_equal(told.closes, 0);
}

static void test_answers_find_their_command_in_any_order(void **state)
{
	struct reply a = {0}, b = {0}, c = {0};

	(void)state;
	negotiate();
	call("a", &a);
	call("b", &b);
	call("c", &c);
	say("{\"return\": \"third\", \"id\": 4}\n"
	    "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no b\"}, \"id\": 3}\n"
	    "{\"return\": \"first\", \"id\": 2}\n");
	assert_string_equal(a.text, "\"first\"");
	assert_string_equal(b.text, "error: no b");
	assert_string_equal(c.text, "\"third\"");
	/* Said twice, or of nobody: dropped. */
	say("{\"return\": 0, \"id\": 2}\n{\"return\": 0, \"id\": 99}\n{\"return\": 0, \"id\": "
	    "\"2\"}\n"
	    "{\"error\": {\"desc\": \"parse error\"}}\n{\"neither\": 1}\n");
	assert_int_equal(a.calls + b.calls + c.calls, 3);
	assert_int_equal(told.closes, 0);
}

static void test_lines_in_pieces_and_many_at_once(void **state)
{
	static const char all[] = "{\"event\": \"STOP\", \"data\": {\"x\": 1}}\r\n"
				  "\r\n"
				  "{\"return\": {}, \"id\": 2}\n"
				  "{\"event\": \"RESUME\"}\n";
	struct reply a = {0};

	(void)state;
	negotiate();
	call("a", &a);
	for (size_t i = 0; i < sizeof(all) - 1; i++)
		say((char[]){all[i], '\0'});
	assert_string_equal(told.events.s, "STOP+;RESUME;");
	assert_int_equal(a.calls, 1);
	call("a", &a);
	say("{\"return\": {}, \"id\": 3}\n{\"event\": \"SHUTDOWN\"}\n{\"event\": \"RES");
	say("ET\"}\n");
	assert_string_equal(told.events.s, "STOP+;RESUME;SHUTDOWN;RESET;");
	assert_int_equal(a.calls, 2);
}

static void test_command_sent_from_an_answer(void **state)
{
	struct reply second = {0}, first = {.then = "second", .then_reply = &second};

	(void)state;
	negotiate();
	call("first", &first);
	say("{\"return\": {}, \"id\": 2}\n");
	assert_non_null(strstr(heard(), "\"second\""));
	say("{\"return\": 7, \"id\": 3}\n");
	assert_string_equal(second.text, "7");
	assert_int_equal(first.calls, 1);
}

/* QEMU says an error's words where its schema wants them; what else it sends is an error too. */
static void test_answer_without_result_or_words_is_an_error(void **state)
{
	struct reply a = {0}, b = {0}, c = {0};

	(void)state;
	negotiate();
	call("a", &a);
	call("b", &b);
	call("c", &c);
	say("{\"id\": 2}\n{\"error\": \"x\", \"id\": 3}\n{\"error\": {\"desc\": 5}, \"id\": 4}\n");
	assert_int_equal(a.calls, 1);
	assert_memory_equal(a.text, "error: ", 7);
	assert_string_equal(b.text, "error: unknown error");
	assert_string_equal(c.text, "error: unknown error");
	assert_int_equal(told.closes, 0);
}

/* ---- the end */

static void test_end_of_the_peer_fails_what_is_pending(void **state)
{
	struct reply r[5] = {0}, late = {0};

	(void)state;
	negotiate();
	for (size_t i = 0; i < ARRAY_SIZE(r); i++)
		call("x", &r[i]);
	say("{\"return\": {}, \"id\": 4}\n");
	told.call_at_end = true;
	close(peer);
	peer = -1;
	for (int i = 0; i < 4; i++)
		loop_once(loop, 0);
	for (size_t i = 0; i < ARRAY_SIZE(r); i++) {
		assert_int_equal(r[i].calls, 1);
		assert_string_equal(r[i].text, i == 2 ? "{}" : "error: QEMU has ended");
	}
	assert_int_equal(told.closes, 1);
	/* Afterwards, and from within closed(): at once, without an answer ever. */
	assert_int_equal(at_end.calls, 1);
	call("late", &late);
	assert_int_equal(late.calls, 1);
	assert_memory_equal(late.text, "error: ", 7);
	qmp_call(qmp, "late", json_pack("{s:i}", "a", 1), NULL, NULL);
	assert_int_equal(told.closes, 1);
}

/* What was said before the end is heard. */
static void test_last_words_are_delivered(void **state)
{
	struct reply a = {0};

	(void)state;
	negotiate();
	call("quit", &a);
	assert_int_equal(
		send(peer, "{\"return\": {}, \"id\": 2}\n{\"event\": \"SHUTDOWN\"}\n", 47, 0), 47);
	close(peer);
	peer = -1;
	for (int i = 0; i < 4; i++)
		loop_once(loop, 0);
	assert_string_equal(a.text, "{}");
	assert_string_equal(told.events.s, "SHUTDOWN;");
	assert_int_equal(told.closes, 1);
}

/* A command to a QEMU that has gone must not cost the events that say why. */
static void test_last_words_survive_a_write_to_a_closed_peer(void **state)
{
	static const char words[] = "{\"event\": \"GUEST_PANICKED\"}\n";
	struct reply a = {0};

	(void)state;
	negotiate();
	assert_int_equal(send(peer, words, sizeof(words) - 1, 0), sizeof(words) - 1);
	close(peer);
	peer = -1;
	call("stop", &a);
	assert_int_equal(a.calls, 0);
	for (int i = 0; i < 4; i++)
		loop_once(loop, 0);
	assert_string_equal(told.events.s, "GUEST_PANICKED;");
	assert_string_equal(a.text, "error: QEMU has ended");
	assert_int_equal(a.calls, 1);
	assert_int_equal(told.closes, 1);
}

static void closed_by(const char *text)
{
	struct reply a = {0};

	begin(NULL);
	negotiate();
	call("a", &a);
	say(text);
	assert_int_equal(told.closes, 1);
	assert_string_equal(told.closed, "QEMU said what is no QMP");
	assert_string_equal(a.text, "error: QEMU said what is no QMP");
	say("{\"return\": {}, \"id\": 2}\n{\"event\": \"STOP\"}\n");
	assert_int_equal(a.calls, 1);
	assert_null(told.events.s);
	end(NULL);
}

static void test_what_is_no_qmp_ends_it_once(void **state)
{
	(void)state;
	closed_by("rubbish\n");
	closed_by("rubbish\nmore rubbish\n");
	closed_by("[1]\n");
	closed_by("{\"a\":1,\"a\":2}\n");
	closed_by("{\"a\":\"\xff\"}\n");
	closed_by("{\"return\": {}, \"id\": 2\n");
}

static void test_endless_line_ends_it(void **state)
{
	_cleanup_free_ char *line = xmalloc(300000);
	struct reply a = {0};
	int n;

	(void)state;
	negotiate();
	call("a", &a);
	memset(line, ' ', 300000);
	for (n = 0; n < 100 && !told.closes; n++)
		qmp_feed(qmp, line, 300000);
	assert_int_equal(told.closes, 1);
	assert_string_equal(told.closed, "QEMU sent an endless line");
	assert_int_equal(n, 4); /* 1 MiB */
	assert_int_equal(a.calls, 1);
}

static void test_free_is_silent(void **state)
{
	struct reply a = {0};

	(void)state;
	negotiate();
	call("a", &a);
	qmp_free(qmp);
	qmp = NULL;
	assert_int_equal(a.calls, 0);
	assert_int_equal(told.closes, 0);
	qmp_free(NULL);
}

/* A QEMU that reads nothing: everything is kept up to a bound, then refused, not dropped. */
static void test_peer_that_does_not_read(void **state)
{
	_cleanup_free_ char *big = xcalloc(1, 100001);
	struct reply r = {0};
	int sent = 0;

	(void)state;
	negotiate();
	memset(big, 'x', 100000);
	while (!r.calls && sent < 1000) {
		qmp_call(qmp, "x", json_pack("{s:s}", "a", big), on_reply, &r);
		sent++;
	}
	assert_true(sent > 40 && sent < 60);
	assert_string_equal(r.text, "error: QEMU does not answer");
	assert_int_equal(told.closes, 0);
	/* When it reads on, it gets whole lines. */
	for (int lines = 0, i = 0; lines < sent - 1; i++) {
		const char *text = heard();

		assert_true(i < 10000);
		loop_once(loop, 0);
		for (; *text; text++)
			lines += *text == '\n';
	}
	assert_int_equal(r.calls, 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_is_said_before_the_greeting),
		TEST(test_peer_that_does_not_greet),
		TEST(test_negotiation_that_is_refused),
		TEST(test_arguments_are_sent_and_taken_over),
		TEST(test_answers_find_their_command_in_any_order),
		TEST(test_lines_in_pieces_and_many_at_once),
		TEST(test_command_sent_from_an_answer),
		TEST(test_answer_without_result_or_words_is_an_error),
		TEST(test_end_of_the_peer_fails_what_is_pending),
		TEST(test_last_words_are_delivered),
		TEST(test_last_words_survive_a_write_to_a_closed_peer),
		cmocka_unit_test(test_what_is_no_qmp_ends_it_once),
		TEST(test_endless_line_ends_it),
		TEST(test_free_is_silent),
		TEST(test_peer_that_does_not_read),
	};

	alarm(60);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
