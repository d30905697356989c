// SPDX-License-Identifier: GPL-2.0-only
/* The control socket between a client and a guest that are both ours: who is told what, and what
 * neither may do to the other. */
#include "t/unit/unit.h"

#include <sys/socket.h>

#include "base/str.h"
#include "proto/bytes.h"
#include "reach/control.h"
#include "vm/agent.h"

static struct loop *loop;
static struct control *control;
static struct agent *client;
static char frame_buf[FRAME_HEADER_SIZE + FRAME_PAYLOAD_MAX];

static struct {
	struct strbuf to_guest;	 /* "TYPE id;" of what the agent was sent */
	struct strbuf to_client; /* "TYPE id fields;" */
	uint32_t last_id;
	int send_result;
	int kills, debugs;
	bool stopped;
	struct strbuf typed;
	char qmp[200];
	qmp_reply_fn *reply;
	void *reply_arg;
	int closed;
} told;

static void note(struct strbuf *b, const struct frame *f)
{
	const char *id = frame_get(f, "id"), *message = frame_get(f, "message"),
		   *data = frame_get(f, "data");

	strbuf_addf(b, "%d:%s", f->type, id ? id : "-");
	if (f->type == FRAME_END || f->type == FRAME_DONE)
		strbuf_addf(b, ":%s%s", frame_get(f, f->type == FRAME_END ? "status" : "error"),
			    message && *message ? ":" : "");
	if (message)
		strbuf_puts(b, message);
	if (data)
		strbuf_addf(b, ":%s", data);
	strbuf_putc(b, ';');
}

static int send_frame(void *arg, struct frame_writer *w, struct err *err)
{
	struct frame f;

	(void)arg;
	assert_int_equal(frame_finish(w, 0), 0);
	assert_true(frame_parse(w->buf, w->len, &f) > 0);
	note(&told.to_guest, &f);
	return told.send_result ? err_set(err, told.send_result, "full") : 0;
}

static uint32_t new_id(void *arg)
{
	(void)arg;
	return ++told.last_id;
}

static void qmp(void *arg, const char *command, json_t *arguments, qmp_reply_fn *fn, void *fn_arg)
{
	const char *line = json_string_value(json_object_get(arguments, "command-line"));

	(void)arg;
	snprintf(told.qmp, sizeof(told.qmp), "%s %s", command, line ? line : "");
	told.reply = fn;
	told.reply_arg = fn_arg;
	json_decref(arguments);
}

static void type(void *arg, const char *data, size_t len)
{
	(void)arg;
	strbuf_add(&told.typed, data, len);
}

static bool is_stopped(void *arg)
{
	(void)arg;
	return told.stopped;
}

static void debugged(void *arg)
{
	(void)arg;
	told.debugs++;
}

static void describe(void *arg, struct frame_writer *w)
{
	(void)arg;
	frame_add(w, "message", "it is me");
}

static void kill_it(void *arg)
{
	(void)arg;
	told.kills++;
}

static void on_frame(void *arg, const struct frame *f)
{
	(void)arg;
	note(&told.to_client, f);
}

static void on_closed(void *arg, const char *why)
{
	(void)arg;
	(void)why;
	told.closed++;
}

static struct agent *join(void)
{
	const struct agent_handler handler = {on_frame, on_closed, NULL};
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd), 0);
	control_join(control, fd[0]);
	return agent_new(loop, fd[1], &handler);
}

static int begin(void **state)
{
	const struct control_guest guest = {.dir = unit_dir,
					    .patience_ns = 5 * NSEC_PER_SEC,
					    .send = send_frame,
					    .new_id = new_id,
					    .qmp = qmp,
					    .type = type,
					    .stopped = is_stopped,
					    .debugged = debugged,
					    .describe = describe,
					    .kill = kill_it};

	(void)state;
	memset(&told, 0, sizeof(told));
	loop_fake_clock(NSEC_PER_SEC);
	if (loop_new(&loop, NULL) < 0 || (mkdir("host", 0700) < 0 && errno != EEXIST))
		return 1;
	unlink("host/control");
	if (control_open(loop, &guest, &control, NULL) < 0)
		return 1;
	client = join();
	return 0;
}

static int end(void **state)
{
	(void)state;
	control_free(control);
	agent_free(client);
	loop_free(loop);
	loop_fake_clock(-1);
	strbuf_done(&told.to_guest);
	strbuf_done(&told.to_client);
	strbuf_done(&told.typed);
	return 0;
}

static void settle(void)
{
	for (int i = 0; i < 20; i++)
		loop_once(loop, 0);
}

/* TYPE and fields key, value, ..., NULL */
static void say(struct agent *to, unsigned int frame_type, ...)
{
	struct frame_writer w;
	const char *key;
	va_list ap;

	frame_begin(&w, frame_buf, sizeof(frame_buf), (uint16_t)frame_type);
	va_start(ap, frame_type);
	while ((key = va_arg(ap, const char *)))
		frame_add(&w, key, va_arg(ap, const char *));
	va_end(ap);
	assert_int_equal(agent_send(to, &w, NULL), 0);
	settle();
}

static void guest_says(unsigned int frame_type, ...)
{
	struct frame_writer w;
	const char *key;
	struct frame f;
	va_list ap;

	frame_begin(&w, frame_buf, sizeof(frame_buf), (uint16_t)frame_type);
	va_start(ap, frame_type);
	while ((key = va_arg(ap, const char *)))
		frame_add(&w, key, va_arg(ap, const char *));
	va_end(ap);
	assert_int_equal(frame_finish(&w, 0), 0);
	/* A copy: the buffer is used again meanwhile. */
	{
		_cleanup_free_ char *copy = xmalloc(w.len);

		memcpy(copy, w.buf, w.len);
		assert_true(frame_parse(copy, w.len, &f) > 0);
		control_frame(control, &f);
	}
	settle();
}

static void expect(struct strbuf *b, const char *text)
{
	assert_string_equal(b->len ? b->s : "", text);
	strbuf_reset(b);
}

static void open_one(const char *id)
{
	char guest_id[16];

	say(client, FRAME_OPEN, "id", id, "arg", "cat", "window", "10", NULL);
	snprintf(guest_id, sizeof(guest_id), "%u", told.last_id);
	guest_says(FRAME_DONE, "id", guest_id, "error", "0", "message", "", "window", "20", NULL);
	strbuf_reset(&told.to_guest);
	strbuf_reset(&told.to_client);
}

/* ---- streams */

static void ids_are_rewritten_both_ways(void **state)
{
	(void)state;
	told.last_id = 6;
	control_ready(control, true, NULL);
	say(client, FRAME_OPEN, "id", "mine", "arg", "cat", "window", "100", NULL);
	expect(&told.to_guest, "70:7;");
	guest_says(FRAME_DONE, "id", "7", "error", "0", "message", "", "window", "50", NULL);
	say(client, FRAME_INPUT, "id", "mine", "data", "hello", NULL);
	expect(&told.to_guest, "71:7:hello;");
	guest_says(FRAME_DATA, "id", "7", "fd", "1", "data", "HELLO", NULL);
	guest_says(FRAME_WINDOW, "id", "7", "bytes", "5", NULL);
	say(client, FRAME_MORE, "id", "mine", "bytes", "5", NULL);
	say(client, FRAME_SIZE, "id", "mine", "rows", "5", "cols", "6", NULL);
	say(client, FRAME_CLOSE, "id", "mine", "what", "in", NULL);
	expect(&told.to_guest, "72:7;73:7;74:7;");
	guest_says(FRAME_END, "id", "7", "status", "3", "signal", "0", NULL);
	expect(&told.to_client, "3:mine:0;8:mine:HELLO;9:mine;10:mine:3;");
	/* It is over: neither side reaches the other by it. */
	guest_says(FRAME_DATA, "id", "7", "fd", "1", "data", "late", NULL);
	say(client, FRAME_INPUT, "id", "mine", "data", "late", NULL);
	expect(&told.to_client, "");
	expect(&told.to_guest, "");
}

static void it_waits_until_the_guest_is_ready(void **state)
{
	(void)state;
	say(client, FRAME_OPEN, "id", "a", "arg", "cat", "window", "9", NULL);
	say(client, FRAME_OPEN, "id", "b", "arg", "cat", "window", "9", NULL);
	expect(&told.to_guest, "");
	control_ready(control, true, NULL);
	assert_int_equal(told.last_id, 2);
	strbuf_reset(&told.to_guest);
	/* A restart ends those that are open, and the next one waits again. */
	guest_says(FRAME_DONE, "id", "1", "error", "0", "message", "", "window", "20", NULL);
	strbuf_reset(&told.to_client);
	control_ready(control, false, NULL);
	say(client, FRAME_OPEN, "id", "c", "arg", "cat", "window", "9", NULL);
	assert_non_null(strstr(told.to_client.s, ":1:the guest restarts;"));
	control_ready(control, false, "it is dead");
	settle();
	assert_non_null(strstr(told.to_client.s, "3:c:5:it is dead;"));
	say(client, FRAME_OPEN, "id", "d", "arg", "cat", "window", "9", NULL);
	assert_non_null(strstr(told.to_client.s, "3:d:5:it is dead;"));
}

static void a_guest_that_does_not_answer_is_told_of(void **state)
{
	(void)state;
	control_ready(control, true, NULL);
	say(client, FRAME_OPEN, "id", "a", "arg", "cat", "window", "9", NULL);
	loop_fake_clock(7 * NSEC_PER_SEC);
	settle();
	expect(&told.to_client, "3:a:110:the guest does not answer;");
	expect(&told.to_guest, "70:1;74:1;");
	guest_says(FRAME_DONE, "id", "1", "error", "0", "message", "", "window", "20", NULL);
	expect(&told.to_client, "");
}

static void a_guest_that_sends_too_much_is_cut_off(void **state)
{
	(void)state;
	control_ready(control, true, NULL);
	open_one("a");
	guest_says(FRAME_DATA, "id", "1", "fd", "1", "data", "0123456789", NULL);
	expect(&told.to_client, "8:a:0123456789;");
	guest_says(FRAME_DATA, "id", "1", "fd", "1", "data", "x", NULL);
	expect(&told.to_client, "10:a:1:the guest's agent sent more than was asked for;");
	expect(&told.to_guest, "74:1;");
}

static void bytes_that_are_no_data_end_it(void **state)
{
	(void)state;
	control_ready(control, true, NULL);
	open_one("a");
	guest_says(FRAME_DATA, "id", "1", "fd", "1", "data", "\1\7", NULL);
	assert_non_null(strstr(told.to_client.s, "10:a:1:"));
}

static void a_guest_cannot_raise_its_window_for_ever(void **state)
{
	char big[60001], bytes[60001 * 2];

	(void)state;
	control_ready(control, true, NULL);
	open_one("a");
	guest_says(FRAME_WINDOW, "id", "1", "bytes", "9223372036854775807", NULL);
	guest_says(FRAME_WINDOW, "id", "1", "bytes", "-5", NULL);
	expect(&told.to_client, "");
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	snprintf(bytes, sizeof(bytes), "%s", big);
	/* The window is still the 20 of DONE: a client that goes beyond is dropped. */
	say(client, FRAME_INPUT, "id", "a", "data", bytes, NULL);
	assert_int_equal(told.closed, 1);
}

static void what_the_guest_makes_up_concerns_nobody(void **state)
{
	(void)state;
	control_ready(control, true, NULL);
	guest_says(FRAME_DATA, "id", "99", "fd", "1", "data", "x", NULL);
	guest_says(FRAME_END, "id", "0", "status", "0", NULL);
	guest_says(FRAME_WINDOW, "a", "b", NULL);
	guest_says(FRAME_DONE, "id", "-1", "error", "0", NULL);
	open_one("a");
	guest_says(FRAME_DONE, "id", "1", "error", "5", "message", "again", NULL);
	expect(&told.to_client, "");
}

static void a_client_that_goes_hangs_up(void **state)
{
	(void)state;
	control_ready(control, true, NULL);
	open_one("a");
	open_one("b");
	agent_free(client);
	settle();
	assert_non_null(strstr(told.to_guest.s, "74:1;"));
	assert_non_null(strstr(told.to_guest.s, "74:2;"));
	guest_says(FRAME_DATA, "id", "1", "fd", "1", "data", "x", NULL);
	client = join();
}

static void one_id_is_one_stream(void **state)
{
	(void)state;
	control_ready(control, true, NULL);
	open_one("a");
	say(client, FRAME_OPEN, "id", "a", "arg", "cat", "window", "9", NULL);
	assert_int_equal(told.closed, 1);
}

static void two_clients_do_not_meet(void **state)
{
	struct agent *other = join();

	(void)state;
	control_ready(control, true, NULL);
	open_one("a");
	say(other, FRAME_INPUT, "id", "a", "data", "x", NULL);
	say(other, FRAME_CLOSE, "id", "a", "what", "all", NULL);
	expect(&told.to_guest, "");
	say(other, FRAME_OPEN, "id", "a", "arg", "cat", "window", "9", NULL);
	expect(&told.to_guest, "70:2;");
	agent_free(other);
	settle();
	expect(&told.to_guest, "74:2;");
}

static void there_are_not_more_than_the_agent_has(void **state)
{
	char id[16];

	(void)state;
	control_ready(control, true, NULL);
	for (int i = 0; i < 17; i++) {
		snprintf(id, sizeof(id), "s%d", i);
		say(client, FRAME_OPEN, "id", id, "arg", "cat", "window", "9", NULL);
	}
	assert_int_equal(told.last_id, 16);
	expect(&told.to_client, "3:s16:16:the guest has as many sessions as it can have; end one;");
}

/* ---- questions */

static void questions_are_answered(void **state)
{
	(void)state;
	say(client, FRAME_ASK, "id", "q", "do", "info", NULL);
	say(client, FRAME_ASK, "id", "q", "do", "sysrq", "arg", "t", NULL);
	say(client, FRAME_ASK, "id", "q", "do", "sysrq", "arg", "tt", NULL);
	say(client, FRAME_ASK, "id", "q", "do", "debug", NULL);
	say(client, FRAME_ASK, "id", "q", "do", "kill", NULL);
	expect(&told.to_client, "10:q:0:it is me;10:q:0;10:q:1:sysrq takes one key;10:q:0;10:q:0;");
	assert_string_equal(told.typed.s, "\x0ft");
	assert_int_equal(told.debugs, 1);
	assert_int_equal(told.kills, 1);
	say(client, FRAME_ASK, "id", "q", "do", "dance", NULL);
	assert_non_null(strstr(told.to_client.s, "knows no such request"));
}

static void the_monitor_is_passed_through(void **state)
{
	json_t *text = json_string("VM status: running\r\n");

	(void)state;
	say(client, FRAME_ASK, "id", "m", "do", "mon", "arg", "info status", NULL);
	assert_string_equal(told.qmp, "human-monitor-command info status");
	say(client, FRAME_ASK, "id", "n", "do", "mon", "arg", "info status", NULL);
	expect(&told.to_client, "10:n:1:one question at a time;");
	told.reply(told.reply_arg, text, NULL);
	json_decref(text);
	settle();
	expect(&told.to_client, "8:m:VM status: running\r\n;10:m:0;");
	say(client, FRAME_ASK, "id", "m", "do", "mon", "arg", " {\"execute\": \"quit\"}", NULL);
	assert_string_equal(told.qmp, "quit ");
	told.reply(told.reply_arg, NULL, "no");
	settle();
	expect(&told.to_client, "10:m:1:no;");
	say(client, FRAME_ASK, "id", "m", "do", "mon", "arg", "{\"execute\": 5}", NULL);
	assert_non_null(strstr(told.to_client.s, "no QMP command"));
}

static void an_answer_may_come_when_nobody_waits(void **state)
{
	json_t *text = json_string("late");

	(void)state;
	say(client, FRAME_ASK, "id", "m", "do", "mon", "arg", "info status", NULL);
	agent_free(client);
	settle();
	told.reply(told.reply_arg, text, NULL);
	json_decref(text);
	settle();
	client = join();
	say(client, FRAME_ASK, "id", "m", "do", "gdb", "arg", "on", NULL);
	assert_true(str_starts(told.qmp, "human-monitor-command gdbserver unix:"));
	assert_int_equal(told.debugs, 1);
	/* And none comes for this one. */
}

/* It could do nothing of it, so that who asks would wait in vain. */
static void a_stopped_guest_is_said_to_be_one(void **state)
{
	static const char why[] =
		"the guest is stopped: 'ktest mon cont', or the debugger at it, lets it go on";
	_cleanup_free_ char *no_stream = xasprintf("3:s:5:%s;", why),
			    *no_key = xasprintf("10:q:1:%s;", why);

	(void)state;
	told.stopped = true;
	say(client, FRAME_OPEN, "id", "s", "arg", "cat", "window", "9", NULL);
	expect(&told.to_client, no_stream);
	control_ready(control, true, NULL);
	say(client, FRAME_OPEN, "id", "s", "arg", "cat", "window", "9", NULL);
	expect(&told.to_client, no_stream);
	say(client, FRAME_ASK, "id", "q", "do", "sysrq", "arg", "t", NULL);
	expect(&told.to_client, no_key);
	assert_int_equal(told.typed.len, 0);
	/* One that is dead, too, has no shell for another reason. */
	control_ready(control, false, "it is dead");
	say(client, FRAME_OPEN, "id", "s", "arg", "cat", "window", "9", NULL);
	expect(&told.to_client, "3:s:5:it is dead;");
	expect(&told.to_guest, "");
}

static void there_is_one_debugger(void **state)
{
	struct agent *other = join();

	(void)state;
	say(client, FRAME_ASK, "id", "q", "do", "debug", NULL);
	expect(&told.to_client, "10:q:0;");
	say(other, FRAME_ASK, "id", "q", "do", "gdb", "arg", "on", NULL);
	expect(&told.to_client, "10:q:1:a debugger is at it already; end that one first;");
	assert_string_equal(told.qmp, "");
	/* The same may ask for more; when it has gone, another may come. */
	say(client, FRAME_ASK, "id", "q", "do", "debug", NULL);
	expect(&told.to_client, "10:q:0;");
	agent_free(client);
	settle();
	client = other;
	say(client, FRAME_ASK, "id", "q", "do", "debug", NULL);
	expect(&told.to_client, "10:q:0;");
}

static void the_console_is_shown_to_who_watches(void **state)
{
	(void)state;
	control_console(control, "before", 6);
	say(client, FRAME_ASK, "id", "w", "do", "watch", NULL);
	control_console(control, "a\0b", 3);
	say(client, FRAME_ASK, "id", "q", "do", "debug", NULL);
	expect(&told.to_client, "8:w:a\1\1b;10:q:0;");
}

static void garbage_is_the_end_of_a_client(void **state)
{
	_cleanup_close_ int fd = -1;
	int pair[2];
	char c;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	fd = pair[1];
	control_join(control, pair[0]);
	assert_int_equal(write(fd, "GET / HTTP/1.0\r\n\r\n", 18), 18);
	settle();
	assert_int_equal(read(fd, &c, 1), 0);
	say(client, FRAME_ASK, "id", "q", "do", "debug", NULL);
	expect(&told.to_client, "10:q:0;");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ids_are_rewritten_both_ways),
		TEST(it_waits_until_the_guest_is_ready),
		TEST(a_guest_that_does_not_answer_is_told_of),
		TEST(a_guest_that_sends_too_much_is_cut_off),
		TEST(bytes_that_are_no_data_end_it),
		TEST(a_guest_cannot_raise_its_window_for_ever),
		TEST(what_the_guest_makes_up_concerns_nobody),
		TEST(a_client_that_goes_hangs_up),
		TEST(one_id_is_one_stream),
		TEST(two_clients_do_not_meet),
		TEST(there_are_not_more_than_the_agent_has),
		TEST(questions_are_answered),
		TEST(the_monitor_is_passed_through),
		TEST(an_answer_may_come_when_nobody_waits),
		TEST(a_stopped_guest_is_said_to_be_one),
		TEST(there_is_one_debugger),
		TEST(the_console_is_shown_to_who_watches),
		TEST(garbage_is_the_end_of_a_client),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
