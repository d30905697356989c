// SPDX-License-Identifier: GPL-2.0-only
/* The guest's agent, its well-behaved half; the lies come from the script. */
#include "t/cli/fake.h"
#include "proto/bytes.h"

#include <errno.h>
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
		frame_add(&o.w, "caps", "streams quiet kmsg");
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
	if (f->hung || f->stopped || !f->said_hello || f->quiet)
		return;
	out_begin(&o, FRAME_BEAT);
	frame_add_int(&o.w, "uptime_ns", now_ms() * 1000000);
	frame_add(&o.w, "load", "0.00");
	frame_add_int(&o.w, "mem_avail_kb", 100000);
	frame_add_int(&o.w, "kmsg", 1);
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

/* The stamp is one as printk has it: "[    5.000001] ". */
void agent_record(struct fake *f, const char *spec)
{
	unsigned int level, s = 0, us = 0;
	char record[4096], *text;
	struct out o;
	int used = 0;

	if (sscanf(spec, "%u [%u.%u]%n", &level, &s, &us, &used) != 3 || !used) {
		fprintf(stderr, "fake: not a record: %s\n", spec);
		exit(2);
	}
	used += spec[used] == ' ';
	text = strdup(spec + used);
	text[script_unescape(text)] = '\0';
	snprintf(record, sizeof(record), "%u,%llu,%llu,-;%s", level,
		 (unsigned long long)f->kmsg_seq++, s * 1000000ULL + us, text);
	free(text);
	out_begin(&o, FRAME_KMSG);
	frame_add(&o.w, "record", record);
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

static void answer(struct fake *f, const char *id, int error, const char *message)
{
	struct out o;

	out_begin(&o, FRAME_DONE);
	if (id)
		frame_add(&o.w, "id", id);
	frame_add_int(&o.w, "error", error);
	frame_add(&o.w, "message", message);
	out_send(&o, f);
}

static void done(struct fake *f, const struct frame *to, const char *message)
{
	answer(f, frame_get(to, "id"), 0, message);
}

/* The n-th value of "arg", from 0; NULL when there are fewer. */
static const char *nth_arg(const struct frame *fr, int n)
{
	const char *value;
	size_t pos = 0;

	while ((value = frame_next_of(fr, &pos, "arg")))
		if (n-- == 0)
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

/* The data lie in canned/ of the test's tree, beside the output directory. */
static void gather(struct fake *f, const struct frame *fr)
{
	const char *to = frame_get(fr, "to"), *id = frame_get(fr, "id");
	char command[4096];
	struct out o;

	if (script_setting(&f->script, "ignore", "gather") || !to || !id)
		return;
	snprintf(command, sizeof(command),
		 "/bin/cp -R '%s'\"$(dirname \"$(dirname '%s')\")\"/tree/canned/. '%s/%s'", f->view,
		 to, f->tree, strrchr(to, '/') + 1);
	out_begin(&o, FRAME_DONE);
	frame_add(&o.w, "id", id);
	frame_add_int(&o.w, "error", system(command) ? 5 : 0);
	frame_add(&o.w, "message", "there is nothing to gather");
	frame_add_int(&o.w, "files", 1);
	out_send(&o, f);
}

/* ---- streams: what is sent comes back, and what goes wrong is a setting */

/* Of INPUT before it has come back: so little that all of it fits into a frame, escaped. */
#define STREAM_WINDOW (16 << 10)

/* What a stream's client has room for, and what waits for that. */
static struct echo {
	struct echo *next;
	char *id;
	int64_t room, held_bytes;
	bool ending;			  /* when that is gone */
	char held[2 * STREAM_WINDOW + 1]; /* escaped */
} * echoes;

static struct echo *echo_of(const struct frame *fr)
{
	const char *id = frame_get(fr, "id");
	struct echo *e = echoes;

	while (e && id && strcmp(e->id, id) != 0)
		e = e->next;
	return id ? e : NULL;
}

static void stream_done(struct fake *f, const struct frame *to, int error, const char *message)
{
	const char *id = frame_get(to, "id");
	struct out o;

	out_begin(&o, FRAME_DONE);
	frame_add(&o.w, "id", id ? id : "");
	frame_add_int(&o.w, "error", error);
	frame_add(&o.w, "message", message);
	frame_add_int(&o.w, "window", STREAM_WINDOW);
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

static void echo_open(const struct frame *fr)
{
	struct echo *e = calloc(1, sizeof(*e));
	const char *id = frame_get(fr, "id");

	e->id = strdup(id ? id : "");
	e->room = frame_get_int(fr, "window", 0);
	e->next = echoes;
	echoes = e;
}

static void echo_send(struct fake *f, const struct frame *fr, struct echo *e)
{
	if (!e->held_bytes || e->held_bytes > e->room)
		return;
	stream_data(f, fr, e->held);
	stream_window(f, fr, e->held_bytes);
	e->room -= e->held_bytes;
	e->held_bytes = 0;
	e->held[0] = '\0';
	if (e->ending)
		stream_end(f, fr, 0);
}

static void echo_close(struct fake *f, const struct frame *fr)
{
	struct echo *e = echo_of(fr);

	if (e && e->held_bytes)
		e->ending = true;
	else
		stream_end(f, fr, 0);
}

/* Beyond its window the client sends nothing. */
static void echo_input(struct fake *f, const struct frame *fr, const char *data)
{
	struct echo *e = echo_of(fr);

	if (!e || strlen(e->held) + strlen(data) >= sizeof(e->held))
		return;
	strcat(e->held, data);
	e->held_bytes += bytes_unescape(data, NULL);
	echo_send(f, fr, e);
}

static void echo_more(struct fake *f, const struct frame *fr)
{
	struct echo *e = echo_of(fr);

	if (!e)
		return;
	e->room += frame_get_int(fr, "bytes", 0);
	echo_send(f, fr, e);
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
	echo_open(fr);
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
		echo_input(f, fr, data);
	} else if (fr->type == FRAME_MORE) {
		echo_more(f, fr);
	} else if (fr->type == FRAME_CLOSE && what && !strcmp(what, "in")) {
		echo_close(f, fr);
	}
}

/* ---- saved and restored */

/* It answers behind what the script has it say first. */
static void quiet(struct fake *f, const struct frame *fr)
{
	const char *id = frame_get(fr, "id");

	if (script_setting(&f->script, "ignore", "quiet"))
		return;
	free(f->id);
	f->id = strdup(id ? id : "");
	guest_enter(f, "quiet");
}

void agent_fall_quiet(struct fake *f)
{
	const char *busy = script_setting_get(&f->script, "busy");

	answer(f, f->id, busy ? EBUSY : 0, busy ? busy : "");
	free(f->id);
	f->id = NULL;
	f->quiet = true;
}

static void hold(struct fake *f, const struct frame *fr)
{
	const char *fails = script_setting_get(&f->script, "hold-fails");

	if (!script_setting(&f->script, "ignore", "hold"))
		answer(f, frame_get(fr, "id"), fails ? ECHILD : 0, fails ? fails : "");
}

static void ping(struct fake *f, const struct frame *fr)
{
	const char *id = frame_get(fr, "id");

	if (!script_setting(&f->script, "ignore", "ping")) {
		done(f, fr, frame_get(fr, "nonce") ? frame_get(fr, "nonce") : "");
		return;
	}
	free(f->ping);
	f->ping = strdup(id ? id : "");
}

bool agent_pong(struct fake *f)
{
	if (!f->ping)
		return false;
	answer(f, f->ping, 0, "");
	free(f->ping);
	f->ping = NULL;
	return true;
}

/* What was asked comes back, so that an echo of another time is told from an answer. */
static void setup(struct fake *f, const struct frame *fr)
{
	const char *nonce = frame_get(fr, "nonce"), *own = script_setting_get(&f->script, "nonce");
	const char *fails =
		script_setting_get(&f->script, f->restored ? "renew-fails" : "setup-fails");

	if (!script_setting(&f->script, "ignore", "setup"))
		answer(f, frame_get(fr, "id"), fails ? EINVAL : 0,
		       fails	      ? fails
		       : own && nonce ? own
		       : nonce	      ? nonce
				      : "");
}

static void frame_dispatch(struct fake *f, const struct frame *fr)
{
	f->quiet = false;
	switch (fr->type) {
	case FRAME_OPEN:
	case FRAME_INPUT:
	case FRAME_MORE:
	case FRAME_CLOSE:
		stream_frame(f, fr);
		break;
	case FRAME_SETUP:
		setup(f, fr);
		break;
	case FRAME_HOLD:
		hold(f, fr);
		break;
	case FRAME_QUIET:
		quiet(f, fr);
		break;
	case FRAME_PING:
		ping(f, fr);
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
