// SPDX-License-Identifier: GPL-2.0-only
/* The host's end of the frames: whole frames in, whole frames out, and an end that is told once. */
#include "t/unit/unit.h"

#include <sys/socket.h>

#include "base/str.h"
#include "vm/agent.h"

static struct loop *loop;
static struct agent *agent;
static int peer;

static struct {
	struct strbuf frames; /* "TYPE:id=...;" */
	int closes;
	char why[128];
	int reset_at; /* agent_reset() in the handler of this frame, from 1 */
	int answer;   /* answer each frame */
	int n;
} told;

static void send_ping(const char *nonce, int expect)
{
	char buf[FRAME_HEADER_SIZE + 65536];
	struct frame_writer w;

	frame_begin(&w, buf, sizeof(buf), FRAME_PING);
	frame_add(&w, "nonce", nonce);
	assert_int_equal(agent_send(agent, &w, NULL), expect);
}

static void on_frame(void *arg, const struct frame *f)
{
	const char *id = frame_get(f, "id");

	(void)arg;
	if (++told.n == told.reset_at)
		agent_reset(agent);
	if (told.answer)
		send_ping(id, 0);
	/* What the frame points to is there until the handler returns. */
	strbuf_addf(&told.frames, "%d:%s;", f->type, id ? id : "-");
}

static void on_closed(void *arg, const char *why)
{
	(void)arg;
	told.closes++;
	snprintf(told.why, sizeof(told.why), "%s", why);
}

static int begin(void **state)
{
	const struct agent_handler handler = {on_frame, on_closed, NULL};
	int fd[2];

	(void)state;
	memset(&told, 0, sizeof(told));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd) < 0)
		return -1;
	peer = fd[1];
	loop_new(&loop, NULL);
	agent = agent_new(loop, fd[0], &handler);
	return 0;
}

static int end(void **state)
{
	(void)state;
	agent_free(agent);
	loop_free(loop);
	strbuf_done(&told.frames);
	if (peer >= 0)
		close(peer);
	return 0;
}

/* A DONE frame with this id at the end of b. */
static void done_frame(struct strbuf *b, const char *id)
{
	char buf[256];
	struct frame_writer w;

	frame_begin(&w, buf, sizeof(buf), FRAME_DONE);
	frame_add(&w, "id", id);
	frame_add(&w, "error", "0");
	assert_int_equal(frame_finish(&w, 0), 0);
	strbuf_add(b, w.buf, w.len);
}

static void rounds(int n)
{
	while (n--)
		loop_once(loop, 0);
}

static void say(const void *data, size_t len)
{
	assert_int_equal(send(peer, data, len, MSG_NOSIGNAL), len);
	rounds(3);
}

static void test_frames_in_pieces_and_several_at_once(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	(void)state;
	done_frame(&b, "1");
	done_frame(&b, "2");
	for (size_t i = 0; i < b.len; i++)
		say(b.s + i, 1);
	assert_string_equal(told.frames.s, "3:1;3:2;");
	done_frame(&b, "3");
	say(b.s, b.len - 5);
	assert_string_equal(told.frames.s, "3:1;3:2;3:1;3:2;");
	say(b.s + b.len - 5, 5);
	assert_string_equal(told.frames.s, "3:1;3:2;3:1;3:2;3:3;");
	assert_int_equal(told.closes, 0);
}

/* Nothing behind the damage is believed. */
static void test_garbage_closes_it_once(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	(void)state;
	done_frame(&b, "1");
	strbuf_puts(&b, "this is no frame");
	done_frame(&b, "2");
	say(b.s, b.len);
	assert_string_equal(told.frames.s, "3:1;");
	assert_int_equal(told.closes, 1);
	assert_string_equal(told.why, "the guest's agent sent what is no frame");
	say(b.s, b.len);
	agent_drain(agent);
	agent_feed(agent, b.s, b.len);
	assert_string_equal(told.frames.s, "3:1;");
	assert_int_equal(told.closes, 1);
	send_ping("x", -EPIPE);
}

/* A header alone can ask for no more than the largest frame. */
static void test_frame_that_claims_too_much_closes_it(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	(void)state;
	done_frame(&b, "1");
	b.s[14] = 1; /* length + 65536 */
	b.s[12] = 1;
	say(b.s, FRAME_HEADER_SIZE);
	assert_int_equal(told.closes, 1);
	assert_null(told.frames.s);
}

static void test_end_of_the_peer_is_told_after_its_last_frame(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	(void)state;
	done_frame(&b, "1");
	done_frame(&b, "2");
	assert_int_equal(send(peer, b.s, b.len - 1, 0), b.len - 1);
	close(peer);
	peer = -1;
	rounds(3);
	assert_string_equal(told.frames.s, "3:1;");
	assert_int_equal(told.closes, 1);
	assert_string_equal(told.why, "the channel to the guest's agent was closed");
	send_ping("x", -EPIPE);
	assert_int_equal(told.closes, 1);
}

/* A message to a peer that has gone must not cost what it said before. */
static void test_last_frames_survive_a_write_to_a_closed_peer(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	(void)state;
	done_frame(&b, "exit");
	assert_int_equal(send(peer, b.s, b.len, 0), b.len);
	close(peer);
	peer = -1;
	send_ping("are you there", 0);
	assert_int_equal(told.closes, 0);
	rounds(3);
	assert_string_equal(told.frames.s, "3:exit;");
	assert_int_equal(told.closes, 1);
}

/* Without the loop: the peer is ending, and what it left is wanted now. */
static void test_drain_takes_what_is_there(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	size_t n = 0;

	(void)state;
	while (b.len < 100000)
		done_frame(&b, "1"), n++;
	assert_int_equal(send(peer, b.s, b.len, MSG_DONTWAIT), b.len);
	agent_drain(agent);
	assert_int_equal(told.n, n);
	assert_int_equal(told.closes, 0);
	agent_drain(agent);
	assert_int_equal(told.closes, 0);
	close(peer);
	peer = -1;
	agent_drain(agent);
	agent_drain(agent);
	assert_int_equal(told.closes, 1);
}

/* The guest restarted: what follows in the same read belongs to the one before. */
static void test_reset_in_a_handler_drops_what_follows(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0}, next = {0};

	(void)state;
	done_frame(&b, "1");
	done_frame(&b, "2");
	done_frame(&b, "3");
	told.reset_at = 2;
	say(b.s, b.len - 3);
	assert_string_equal(told.frames.s, "3:1;3:2;");
	done_frame(&next, "a");
	say(next.s, next.len);
	assert_string_equal(told.frames.s, "3:1;3:2;3:a;");
	assert_int_equal(told.closes, 0);
}

static void test_reset_in_the_handler_of_the_last_frame(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	(void)state;
	done_frame(&b, "1");
	told.reset_at = 1;
	say(b.s, b.len);
	say(b.s, b.len);
	assert_string_equal(told.frames.s, "3:1;3:1;");
	assert_int_equal(told.closes, 0);
}

/* Numbered from 0 in each guest: it counts what it gets. */
static void test_frames_are_numbered_per_guest(void **state)
{
	char buf[1024];
	struct frame f;
	long n, at = 0;
	ssize_t len;

	(void)state;
	send_ping("a", 0);
	send_ping("b", 0);
	agent_reset(agent);
	send_ping("c", 0);
	len = recv(peer, buf, sizeof(buf), 0);
	for (uint32_t i = 0; i < 3; i++) {
		n = frame_parse(buf + at, (size_t)(len - at), &f);
		assert_true(n > 0);
		assert_int_equal(f.type, FRAME_PING);
		assert_int_equal(f.seq, i % 2);
		at += n;
	}
	assert_int_equal(at, len);
}

static void test_answer_from_the_handler(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	char buf[256];
	struct frame f;
	ssize_t len;

	(void)state;
	told.answer = 1;
	done_frame(&b, "hello");
	say(b.s, b.len);
	len = recv(peer, buf, sizeof(buf), 0);
	assert_int_equal(frame_parse(buf, (size_t)len, &f), len);
	assert_string_equal(frame_get(&f, "nonce"), "hello");
}

static void test_frame_that_overflowed_is_not_sent(void **state)
{
	char buf[32], byte;
	struct frame_writer w;
	struct err err = {0};

	(void)state;
	frame_begin(&w, buf, sizeof(buf), FRAME_PING);
	frame_add(&w, "nonce", "longer than these 32 bytes");
	assert_int_equal(agent_send(agent, &w, &err), -EMSGSIZE);
	assert_string_equal(err.msg, "a message to the guest is over 65536 bytes");
	assert_true(recv(peer, &byte, 1, MSG_DONTWAIT) < 0);
	send_ping("next", 0);
}

/* A guest that reads nothing is given 4 MiB; when it reads on, it finds whole frames in order. */
static void test_guest_that_does_not_read(void **state)
{
	_cleanup_free_ char *big = xcalloc(1, 60001);
	_cleanup_strbuf_ struct strbuf got = {0};
	char buf[FRAME_HEADER_SIZE + 65536];
	struct frame_writer w;
	struct frame f;
	int sent = 0, r, idle = 0;
	long n, at = 0;

	(void)state;
	memset(big, 'x', 60000);
	do {
		frame_begin(&w, buf, sizeof(buf), FRAME_PING);
		frame_add(&w, "nonce", big);
		r = agent_send(agent, &w, NULL);
		sent += r == 0;
	} while (r == 0 && sent < 1000);
	assert_int_equal(r, -ENOBUFS);
	assert_true(sent * 60000 > (4 << 20) - 60100 && sent * 60000 < 6 << 20);
	assert_int_equal(told.closes, 0);
	while (idle < 3) {
		ssize_t len = recv(peer, buf, sizeof(buf), MSG_DONTWAIT);

		idle = len > 0 ? 0 : idle + 1;
		strbuf_add(&got, buf, len > 0 ? (size_t)len : 0);
		loop_once(loop, 0);
	}
	for (int i = 0; i < sent; i++) {
		n = frame_parse(got.s + at, got.len - (size_t)at, &f);
		assert_true(n > 0);
		assert_int_equal(f.seq, i);
		at += n;
	}
	assert_int_equal(at, got.len);
	send_ping("again", 0);
}

/* A restarted guest must not find half a frame of what was meant for the one before. */
static void test_reset_drops_what_is_not_sent(void **state)
{
	_cleanup_free_ char *big = xcalloc(1, 60001);
	char buf[FRAME_HEADER_SIZE + 65536];
	struct frame_writer w;

	(void)state;
	memset(big, 'x', 60000);
	for (int i = 0; i < 40; i++) {
		frame_begin(&w, buf, sizeof(buf), FRAME_PING);
		frame_add(&w, "nonce", big);
		assert_int_equal(agent_send(agent, &w, NULL), 0);
	}
	agent_reset(agent);
	while (recv(peer, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		rounds(1);
	rounds(2);
	assert_true(recv(peer, buf, sizeof(buf), MSG_DONTWAIT) < 0);
	assert_int_equal(told.closes, 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_frames_in_pieces_and_several_at_once),
		TEST(test_garbage_closes_it_once),
		TEST(test_frame_that_claims_too_much_closes_it),
		TEST(test_end_of_the_peer_is_told_after_its_last_frame),
		TEST(test_last_frames_survive_a_write_to_a_closed_peer),
		TEST(test_drain_takes_what_is_there),
		TEST(test_reset_in_a_handler_drops_what_follows),
		TEST(test_reset_in_the_handler_of_the_last_frame),
		TEST(test_frames_are_numbered_per_guest),
		TEST(test_answer_from_the_handler),
		TEST(test_frame_that_overflowed_is_not_sent),
		TEST(test_guest_that_does_not_read),
		TEST(test_reset_drops_what_is_not_sent),
	};

	alarm(60);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
