// SPDX-License-Identifier: GPL-2.0-only
/* The guest's agent, its well-behaved half; the lies come from the script. */
#include "t/cli/fake.h"
#include "proto/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct out {
	char buf[FRAME_HEADER_SIZE + FRAME_PAYLOAD_MAX];
	struct frame_writer w;
};

static void out_begin(struct out *o, unsigned int type)
{
	frame_begin(&o->w, o->buf, sizeof(o->buf), (uint16_t)type);
}

static void out_send(struct out *o, struct fake *f)
{
	if (frame_finish(&o->w, f->seq) < 0)
		abort();
	f->seq++;
	memcpy(f->last_frame, o->buf, o->w.len);
	f->last_len = o->w.len;
	channel_send(&f->agent, o->buf, o->w.len);
}

/* "key=value key=value", with $ID replaced. */
static void add_fields(struct out *o, const struct fake *f, const char *fields)
{
	char *copy = strdup(fields), *save = NULL;

	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		char *value = strchr(w, '=');

		if (!value) {
			fprintf(stderr, "fake: a field without '=': %s\n", w);
			exit(2);
		}
		*value++ = '\0';
		frame_add(&o->w, w, !strcmp(value, "$ID") && f->id ? f->id : value);
	}
	free(copy);
}

void agent_hello(struct fake *f, const char *fields)
{
	struct out o;

	out_begin(&o, FRAME_HELLO);
	if (*fields) {
		add_fields(&o, f, fields);
	} else {
		frame_add_int(&o.w, "version", FRAME_VERSION);
		frame_add(&o.w, "caps", "streams");
		frame_add(&o.w, "release", "6.1.0-fake");
		frame_add(&o.w, "arch", "x86_64");
		frame_add(&o.w, "boot_id", "00000000-0000-4000-8000-000000000000");
		frame_add_int(&o.w, "uptime_ns", now_ms() * 1000000);
	}
	out_send(&o, f);
	f->said_hello = true;
	f->next_beat_ms = now_ms() + 1000;
}

void agent_beat(struct fake *f)
{
	struct out o;

	if (now_ms() < f->next_beat_ms)
		return;
	f->next_beat_ms = now_ms() + 1000;
	if (f->hung || f->stopped || !f->said_hello)
		return;
	out_begin(&o, FRAME_BEAT);
	frame_add_int(&o.w, "uptime_ns", now_ms() * 1000000);
	frame_add(&o.w, "load", "0.00");
	frame_add_int(&o.w, "mem_avail_kb", 100000);
	out_send(&o, f);
}

void agent_exit(struct fake *f, int status, int signo)
{
	struct out o;

	out_begin(&o, FRAME_EXIT);
	frame_add(&o.w, "id", f->id ? f->id : "none");
	frame_add_int(&o.w, "status", signo ? -1 : status);
	frame_add_int(&o.w, "signal", signo);
	frame_add_int(&o.w, "duration_ns", 1000000);
	frame_add(&o.w, "tainted", "0,0");
	frame_add_int(&o.w, "left", 0);
	out_send(&o, f);
	free(f->id);
	f->id = NULL;
}

void agent_bye(struct fake *f, const char *reason)
{
	struct out o;

	out_begin(&o, FRAME_BYE);
	frame_add(&o.w, "reason", reason);
	out_send(&o, f);
}

void agent_call(struct fake *f, const char *words)
{
	char *copy = strdup(words), *save = NULL, *w = strtok_r(copy, " ", &save);
	struct out o;

	out_begin(&o, FRAME_CALL);
	frame_add(&o.w, "id", f->id ? f->id : "none");
	frame_add(&o.w, "verb", w ? w : "");
	while ((w = strtok_r(NULL, " ", &save)))
		frame_add(&o.w, "arg", w);
	out_send(&o, f);
	free(copy);
}

void agent_log(struct fake *f, const char *text)
{
	struct out o;

	out_begin(&o, FRAME_LOG);
	frame_add(&o.w, "text", text);
	out_send(&o, f);
}

void agent_frame(struct fake *f, const char *spec)
{
	char *fields;
	unsigned long type = strtoul(spec, &fields, 10);
	struct out o;

	out_begin(&o, (unsigned int)type);
	add_fields(&o, f, fields);
	out_send(&o, f);
}

static void done(struct fake *f, const struct frame *to, const char *message)
{
	const char *id = frame_get(to, "id");
	struct out o;

	out_begin(&o, FRAME_DONE);
	if (id)
		frame_add(&o.w, "id", id);
	frame_add_int(&o.w, "error", 0);
	frame_add(&o.w, "message", message);
	out_send(&o, f);
}

/* The n-th value of "arg", from 0; NULL when there are fewer. */
static const char *nth_arg(const struct frame *fr, int n)
{
	const char *key, *value;
	size_t pos = 0, len;

	while (frame_next(fr, &pos, &key, &len, &value))
		if (len == 3 && !memcmp(key, "arg", 3) && n-- == 0)
			return value;
	return NULL;
}

/* The words are: bash, the runner, the test file, the phase, then subtests. */
static void start(struct fake *f, const struct frame *fr)
{
	const char *id = frame_get(fr, "id"), *phase = frame_get(fr, "name");
	const char *subtest = nth_arg(fr, 4);
	char section[512];

	if (subtest && script_setting(&f->script, "ignore", "start"))
		return;
	done(f, fr, "");
	free(f->id);
	f->id = strdup(id ? id : "");
	snprintf(section, sizeof(section), "subtest %s", subtest ? subtest : "*");
	if (phase && !strcmp(phase, "init"))
		guest_enter(f, "init");
	else
		guest_enter(f, script_find(&f->script, section) ? section : "subtest *");
}

static void reply(struct fake *f, const struct frame *fr)
{
	const char *message = frame_get(fr, "message");
	char line[1024];

	if (!f->in_call)
		return;
	snprintf(line, sizeof(line), "reply %d %s\r\n", (int)frame_get_int(fr, "error", -1),
		 message ? message : "");
	channel_send(&f->console, line, strlen(line));
	f->in_call = false;
}

static void stop(struct fake *f, const struct frame *fr)
{
	const char *how = frame_get(fr, "how");

	if (script_setting(&f->script, "ignore", "stop"))
		return;
	how = how ? how : "poweroff";
	agent_bye(f, how);
	f->hung = true;
	qmp_guest_shutdown(f, strcmp(how, "reboot") ? "guest-shutdown" : "guest-reset");
}

/* What there is lies beside the target, which is in the one directory that host and fake share. */
static void gather(struct fake *f, const struct frame *fr)
{
	const char *to = frame_get(fr, "to"), *id = frame_get(fr, "id");
	char command[4096];
	struct out o;

	if (script_setting(&f->script, "ignore", "gather") || !to || !id)
		return;
	to += strlen("/host");
	snprintf(command, sizeof(command), "/bin/cp -R '%s/../canned/.' '%s'", to, to);
	out_begin(&o, FRAME_DONE);
	frame_add(&o.w, "id", id);
	frame_add_int(&o.w, "error", system(command) ? 5 : 0);
	frame_add(&o.w, "message", "there is nothing to gather");
	frame_add_int(&o.w, "files", 1);
	out_send(&o, f);
}

/* ---- streams: what is sent comes back, and what goes wrong is a setting */

static void stream_done(struct fake *f, const struct frame *to, int error, const char *message)
{
	const char *id = frame_get(to, "id");
	struct out o;

	out_begin(&o, FRAME_DONE);
	frame_add(&o.w, "id", id ? id : "");
	frame_add_int(&o.w, "error", error);
	frame_add(&o.w, "message", message);
	frame_add_int(&o.w, "window", 32768);
	out_send(&o, f);
}

static void stream_data(struct fake *f, const struct frame *to, const char *value)
{
	const char *id = frame_get(to, "id");
	struct out o;

	out_begin(&o, FRAME_DATA);
	frame_add(&o.w, "id", id ? id : "");
	frame_add_int(&o.w, "fd", 1);
	frame_add(&o.w, "data", value);
	out_send(&o, f);
}

static void stream_end(struct fake *f, const struct frame *to, int status)
{
	const char *id = frame_get(to, "id");
	struct out o;

	out_begin(&o, FRAME_END);
	frame_add(&o.w, "id", id ? id : "");
	frame_add_int(&o.w, "status", status);
	frame_add_int(&o.w, "signal", 0);
	out_send(&o, f);
}

static void stream_window(struct fake *f, const struct frame *to, int64_t bytes)
{
	const char *id = frame_get(to, "id");
	struct out o;

	out_begin(&o, FRAME_WINDOW);
	frame_add(&o.w, "id", id ? id : "");
	frame_add_int(&o.w, "bytes", bytes);
	out_send(&o, f);
}

static void stream_flood(struct fake *f, const struct frame *fr)
{
	static char value[32768];

	memset(value, 'x', sizeof(value) - 1);
	for (int i = 0; i < 64; i++)
		stream_data(f, fr, value);
}

/* "exit N" as its last word ends it at once; else all is echoed until the input ends. */
static void stream_open(struct fake *f, const struct frame *fr)
{
	const char *word = nth_arg(fr, 2);

	if (script_setting(&f->script, "stream", "silent"))
		return;
	if (script_setting(&f->script, "stream", "refuse")) {
		stream_done(f, fr, 2, "open: no such program here");
		return;
	}
	stream_done(f, fr, 0, "");
	if (script_setting(&f->script, "stream", "flood"))
		stream_flood(f, fr);
	else if (script_setting(&f->script, "stream", "bad"))
		stream_data(f, fr, "\1\3");
	else if (script_setting(&f->script, "stream", "die"))
		exit(3);
	else if (word && !strncmp(word, "exit ", 5))
		stream_end(f, fr, atoi(word + 5));
}

static void stream_frame(struct fake *f, const struct frame *fr)
{
	const char *data = frame_get(fr, "data"), *what = frame_get(fr, "what");

	if (fr->type == FRAME_OPEN) {
		stream_open(f, fr);
	} else if (fr->type == FRAME_INPUT && data) {
		stream_data(f, fr, data);
		stream_window(f, fr, bytes_unescape(data, NULL));
	} else if (fr->type == FRAME_CLOSE && what && !strcmp(what, "in")) {
		stream_end(f, fr, 0);
	}
}

static void frame_dispatch(struct fake *f, const struct frame *fr)
{
	switch (fr->type) {
	case FRAME_OPEN:
	case FRAME_INPUT:
	case FRAME_MORE:
	case FRAME_CLOSE:
		stream_frame(f, fr);
		break;
	case FRAME_SETUP:
		if (!script_setting(&f->script, "ignore", "setup"))
			done(f, fr, "");
		break;
	case FRAME_PING:
		done(f, fr, frame_get(fr, "nonce") ? frame_get(fr, "nonce") : "");
		break;
	case FRAME_START:
		start(f, fr);
		break;
	case FRAME_SIGNAL:
		if (f->id && !script_setting(&f->script, "ignore", "signal")) {
			agent_exit(f, -1, (int)frame_get_int(fr, "signal", 15));
			guest_enter(f, "nothing");
		}
		break;
	case FRAME_REPLY:
		reply(f, fr);
		break;
	case FRAME_STOP:
		stop(f, fr);
		break;
	case FRAME_GATHER:
		gather(f, fr);
		break;
	}
}

/* The host is the one that is tested: what it sends must be right, or this is a failure to see. */
void agent_input(struct fake *f)
{
	struct channel *c = &f->agent;
	struct frame fr;
	long n;

	while (!f->hung && !f->stopped && (n = frame_parse(c->in, c->in_len, &fr)) != 0) {
		if (n < 0) {
			fprintf(stderr, "fake: the host sent what is no frame\n");
			exit(2);
		}
		frame_dispatch(f, &fr);
		c->in_len -= (size_t)n;
		memmove(c->in, c->in + n, c->in_len);
	}
}
