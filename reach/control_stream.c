// SPDX-License-Identifier: GPL-2.0-only
/* Streams between the clients of a control socket and the guest's agent. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "proto/bytes.h"
#include "reach/control_parts.h"

#define STREAMS_MAX	  16
/* The agent's window is smaller; it is the guest that says so. */
#define GUEST_WINDOW_MAX  (64 << 10)
#define CLIENT_WINDOW_MAX (1 << 20)

static char frame_buf[FRAME_HEADER_SIZE + FRAME_PAYLOAD_MAX];

static void stream_free(struct control *c, struct stream *s)
{
	struct stream **p = &c->streams;

	while (*p != s)
		p = &(*p)->next;
	*p = s->next;
	loop_remove(s->patience);
	free(s->open);
	free(s);
}

static struct stream *by_client(const struct client *c, const char *id)
{
	for (struct stream *s = c->control->streams; s && id; s = s->next)
		if (s->client == c && !strcmp(s->id, id))
			return s;
	return NULL;
}

static struct stream *by_guest(const struct control *c, const struct frame *f)
{
	int64_t id = frame_get_int(f, "id", 0);

	for (struct stream *s = c->streams; s; s = s->next)
		if (s->guest_id && s->guest_id == id)
			return s;
	return NULL;
}

/* A frame again, but for its id. */
static void copy_fields(struct frame_writer *w, const struct frame *f)
{
	const char *key, *value;
	size_t pos = 0, len;
	char name[32];

	while (frame_next(f, &pos, &key, &len, &value)) {
		if (len >= sizeof(name) || (len == 2 && !memcmp(key, "id", 2)))
			continue;
		memcpy(name, key, len);
		name[len] = '\0';
		frame_add(w, name, value);
	}
}

static int to_guest(struct stream *s, const struct frame *f)
{
	const struct control_guest *g = &s->client->control->guest;
	struct frame_writer w;

	frame_begin(&w, frame_buf, sizeof(frame_buf), f->type);
	frame_add_int(&w, "id", s->guest_id);
	copy_fields(&w, f);
	return g->send(g->arg, &w, NULL);
}

static void to_client(struct stream *s, const struct frame *f)
{
	struct frame_writer w;

	client_begin(&w, f->type, s->id);
	copy_fields(&w, f);
	client_send(s->client, &w);
}

/* The agent need not bother with it any more. */
static void hang_up(struct control *c, const struct stream *s)
{
	struct frame_writer w;

	if (!s->guest_id || !c->ready)
		return;
	frame_begin(&w, frame_buf, sizeof(frame_buf), FRAME_CLOSE);
	frame_add_int(&w, "id", s->guest_id);
	frame_add(&w, "what", "all");
	c->guest.send(c->guest.arg, &w, NULL);
}

/* Over before or while it ran, and not because its program ended. */
static void fail(struct control *c, struct stream *s, int error, const char *why)
{
	struct client *client = s->client;
	struct frame_writer w;

	if (s->running) {
		client_end(client, s->id, why);
	} else {
		client_begin(&w, FRAME_DONE, s->id);
		frame_add_int(&w, "error", error);
		frame_add(&w, "message", why);
		client_send(client, &w);
	}
	/* Gone by now with its client, if that could not be told. */
	if (!client->dead)
		stream_free(c, s);
}

static void out_of_patience(void *arg)
{
	struct stream *s = arg;
	struct control *c = s->client->control;

	hang_up(c, s);
	fail(c, s, ETIMEDOUT, "the guest does not answer");
}

/* ---- from the client */

static void pass_open(struct control *c, struct stream *s)
{
	const struct frame f = {FRAME_OPEN, 0, s->open, s->open_len};

	if (c->guest.stopped(c->guest.arg) && !c->why) {
		fail(c, s, EIO, CONTROL_STOPPED);
		return;
	}
	if (!c->ready) {
		if (c->why)
			fail(c, s, EIO, c->why);
		return;
	}
	s->guest_id = c->guest.new_id(c->guest.arg);
	s->patience = loop_timer(c->loop, loop_now_ns() + c->guest.patience_ns, out_of_patience, s);
	if (to_guest(s, &f) < 0)
		fail(c, s, EIO, "the guest's agent does not take what it is sent");
}

static size_t count_streams(const struct control *c)
{
	size_t n = 0;

	for (const struct stream *s = c->streams; s; s = s->next)
		n++;
	return n;
}

static void refuse(struct client *c, const char *id, const char *why)
{
	struct frame_writer w;

	client_begin(&w, FRAME_DONE, id);
	frame_add_int(&w, "error", EBUSY);
	frame_add(&w, "message", why);
	client_send(c, &w);
}

static void got_open(struct client *c, const struct frame *f)
{
	const char *id = frame_get(f, "id");
	int64_t window = frame_get_int(f, "window", 0);
	struct stream *s;

	if (!id || strlen(id) >= CONTROL_ID_MAX || by_client(c, id) || window < 0 ||
	    window > CLIENT_WINDOW_MAX) {
		client_drop(c);
		return;
	}
	if (count_streams(c->control) >= STREAMS_MAX) {
		refuse(c, id, "the guest has as many sessions as it can have; end one");
		return;
	}
	s = xcalloc(1, sizeof(*s));
	s->client = c;
	strcpy(s->id, id);
	s->open = xmalloc(f->len + 1);
	memcpy(s->open, f->payload, f->len);
	s->open_len = f->len;
	s->to_client = window;
	s->next = c->control->streams;
	c->control->streams = s;
	pass_open(c->control, s);
}

static bool count_input(struct stream *s, const struct frame *f)
{
	const char *data = frame_get(f, "data");
	long n = data ? bytes_unescape(data, NULL) : -1;

	if (n < 0 || n > s->to_guest)
		return false;
	s->to_guest -= n;
	return true;
}

static bool count_more(struct stream *s, const struct frame *f)
{
	int64_t n = frame_get_int(f, "bytes", -1);

	if (n < 0 || n > CLIENT_WINDOW_MAX - s->to_client)
		return false;
	s->to_client += n;
	return true;
}

void streams_frame(struct client *c, const struct frame *f)
{
	struct stream *s = by_client(c, frame_get(f, "id"));
	bool all = f->type == FRAME_CLOSE && str_eq(frame_get(f, "what"), "all");

	if (f->type == FRAME_OPEN) {
		got_open(c, f);
		return;
	}
	/* Its words may cross with the end of the stream. */
	if (!s || (!s->guest_id && !all))
		return;
	if ((f->type == FRAME_INPUT && !count_input(s, f)) ||
	    (f->type == FRAME_MORE && !count_more(s, f))) {
		client_drop(c);
		return;
	}
	if (s->guest_id && f->type > FRAME_OPEN && f->type <= FRAME_CLOSE && to_guest(s, f) < 0)
		fail(c->control, s, EIO, "the guest's agent does not take what it is sent");
	else if (all)
		stream_free(c->control, s);
}

/* ---- from the guest, which is not trusted */

static void got_done(struct control *c, struct stream *s, const struct frame *f)
{
	int64_t window = frame_get_int(f, "window", 0);

	if (s->running)
		return;
	loop_remove(s->patience);
	s->patience = NULL;
	s->running = true;
	s->to_guest = window < 0 ? 0 : window > GUEST_WINDOW_MAX ? GUEST_WINDOW_MAX : window;
	to_client(s, f);
	if (frame_get_int(f, "error", EIO) && by_guest(c, f))
		stream_free(c, s);
}

static void got_data(struct control *c, struct stream *s, const struct frame *f)
{
	const char *data = frame_get(f, "data");
	long n = data ? bytes_unescape(data, NULL) : -1;

	if (!s->running)
		return;
	if (n < 0 || n > s->to_client) {
		hang_up(c, s);
		fail(c, s, EIO, "the guest's agent sent more than was asked for");
		return;
	}
	s->to_client -= n;
	to_client(s, f);
}

static void got_window(struct stream *s, const struct frame *f)
{
	int64_t n = frame_get_int(f, "bytes", 0);

	if (!s->running || n <= 0 || n > GUEST_WINDOW_MAX - s->to_guest)
		return;
	s->to_guest += n;
	to_client(s, f);
}

bool control_frame(struct control *c, const struct frame *f)
{
	struct stream *s = by_guest(c, f);

	if (f->type == FRAME_DONE && s)
		got_done(c, s, f);
	else if (f->type == FRAME_DATA && s)
		got_data(c, s, f);
	else if (f->type == FRAME_WINDOW && s)
		got_window(s, f);
	else if (f->type == FRAME_END && s && s->running) {
		to_client(s, f);
		if (by_guest(c, f))
			stream_free(c, s);
	}
	return s || f->type == FRAME_DATA || f->type == FRAME_WINDOW || f->type == FRAME_END;
}

/* ---- their ends */

void streams_drop(struct client *c)
{
	struct stream *s, *next;

	for (s = c->control->streams; s; s = next) {
		next = s->next;
		if (s->client != c)
			continue;
		hang_up(c->control, s);
		stream_free(c->control, s);
	}
}

static struct stream *first_waiting(const struct control *c)
{
	for (struct stream *s = c->streams; s; s = s->next)
		if (!s->guest_id)
			return s;
	return NULL;
}

/* From the start each time: one that fails can take its client with it, and that its streams. */
void streams_open_all(struct control *c)
{
	struct stream *s;

	while (c->ready && (s = first_waiting(c)))
		pass_open(c, s);
}

static struct stream *first_to_end(const struct control *c, bool waiting_too)
{
	for (struct stream *s = c->streams; s; s = s->next)
		if (s->guest_id || waiting_too)
			return s;
	return NULL;
}

/* Those that wait may do so on when there is no reason why not. */
void streams_end_all(struct control *c, const char *why)
{
	struct stream *s;

	c->ready = false;
	while ((s = first_to_end(c, why != NULL)))
		fail(c, s, EIO, why ? why : "the guest restarts");
}
