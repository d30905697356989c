// SPDX-License-Identifier: GPL-2.0-only
/* What a self-test and its guest say to each other. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "run/selftest_data.h"
#include "run/selftest_parts.h"

/* ---- frames to the guest */

/* One is built at a time, and sent before the next. */
static void begin(struct frame_writer *w, uint16_t type, int64_t id)
{
	static char buf[FRAME_HEADER_SIZE + FRAME_PAYLOAD_MAX];

	frame_begin(w, buf, sizeof(buf), type);
	frame_add_int(w, "id", id);
}

static void send_frame(struct selftest *t, struct frame_writer *w)
{
	struct err err = {0};

	if (vm_send(t->vm, w, &err) < 0)
		selftest_broken(t, err.msg);
}

static void send_setup(struct selftest *t)
{
	struct frame_writer w;

	selftest_step(t, STEP_SETUP);
	t->set_ns = realtime_ns();
	begin(&w, FRAME_SETUP, STEP_SETUP);
	selftest_setup(&t->machine, t->set_ns, &w);
	send_frame(t, &w);
}

static void send_ping(struct selftest *t)
{
	struct frame_writer w;

	selftest_step(t, STEP_PING);
	begin(&w, FRAME_PING, STEP_PING);
	frame_add_int(&w, "nonce", t->start_ns);
	send_frame(t, &w);
}

static void send_start(struct selftest *t)
{
	struct frame_writer w;

	selftest_step(t, STEP_START);
	begin(&w, FRAME_START, STEP_START);
	selftest_start(&t->machine, t->set_ns, t->disk, &w);
	send_frame(t, &w);
}

static void send_stop(struct selftest *t)
{
	struct frame_writer w;

	selftest_report(t, "heartbeat", true, "the agent tells that it lives");
	selftest_step(t, STEP_STOP);
	begin(&w, FRAME_STOP, STEP_STOP);
	frame_add(&w, "how", "poweroff");
	send_frame(t, &w);
}

/* ---- frames from the guest */

static const char *get(const struct frame *f, const char *key)
{
	const char *value = frame_get(f, key);

	return value ? value : "";
}

static void got_hello(struct selftest *t, const struct frame *f)
{
	const struct kernel *k = &t->machine.kernel;
	int64_t ms = (loop_now_ns() - t->start_ns) / NSEC_PER_MSEC;
	const char *release = get(f, "release"), *machine = get(f, "arch");

	if (t->step != STEP_BOOT) {
		selftest_broken(t, "the agent started anew");
		return;
	}
	vm_booted(t->vm);
	selftest_report(t, "boot", str_eq(release, k->release), "%s after %" PRId64 ".%01d s",
			release, ms / 1000, (int)(ms % 1000 / 100));
	selftest_report(t, "machine", arch_find(machine) == t->machine.arch, "%s", machine);
	send_setup(t);
}

/* "scratch0<TAB>vda": the guest's word, so only what a name can hold. */
static bool read_disk(struct selftest *t, const char *field)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	const char *name = strchr(field, '\t') ? strchr(field, '\t') + 1 : "";

	snprintf(t->disk, sizeof(t->disk), "%s", name);
	return *name && strlen(name) < sizeof(t->disk) && !name[strspn(name, allowed)];
}

static void got_done(struct selftest *t, const struct frame *f)
{
	if (frame_get_int(f, "id", -1) != (int64_t)t->step)
		return;
	if (frame_get_int(f, "error", EIO) != 0) {
		selftest_broken(t, get(f, "message"));
	} else if (t->step == STEP_SETUP) {
		selftest_report(t, "setup", read_disk(t, get(f, "disk")),
				"a root in memory, disk %s", t->disk);
		send_ping(t);
	} else if (t->step == STEP_PING) {
		selftest_report(t, "ping", frame_get_int(f, "message", -1) == t->start_ns,
				"what was sent came back");
		send_start(t);
	} else if (t->step == STEP_START) {
		selftest_step(t, STEP_CHECKS);
	}
}

static void reply(struct selftest *t, const struct frame *call, int error, const char *message)
{
	struct frame_writer w;

	begin(&w, FRAME_REPLY, frame_get_int(call, "id", 0));
	frame_add_int(&w, "error", error);
	frame_add(&w, "message", message);
	send_frame(t, &w);
}

/* The values of "arg" by number, "" for one that is not there. */
static const char *argument(const struct frame *f, int n)
{
	const char *value;
	size_t pos = 0;

	while ((value = frame_next_of(f, &pos, "arg")))
		if (n-- == 0)
			return value;
	return "";
}

static void got_call(struct selftest *t, const struct frame *f)
{
	const char *verb = get(f, "verb");

	if (str_eq(verb, "echo")) {
		reply(t, f, 0, argument(f, 0));
	} else if (str_eq(verb, "check")) {
		selftest_report(t, argument(f, 0), str_eq(argument(f, 1), "ok"), "%s",
				argument(f, 2));
		reply(t, f, 0, "");
	} else {
		reply(t, f, ENOSYS, "no such verb");
	}
}

static void got_exit(struct selftest *t, const struct frame *f)
{
	int line;

	if (t->step != STEP_CHECKS)
		return;
	vm_drain(t->vm);
	if (selftest_console_whole(&t->console, &line))
		selftest_report(t, "console", true, "every line of them came");
	else
		selftest_report(t, "console", false, "line %d of them did not come", line);
	if (frame_get_int(f, "status", -1) != 0 && !t->failed)
		selftest_report(t, "session", false, "status %s, signal %s", get(f, "status"),
				get(f, "signal"));
	selftest_step(t, STEP_BEAT);
	if (t->beaten)
		send_stop(t);
}

static void got_beat(struct selftest *t)
{
	t->beaten = true;
	if (t->step == STEP_BEAT)
		send_stop(t);
}

void selftest_frame(void *arg, const struct frame *f)
{
	struct selftest *t = arg;

	/* This one may come behind QEMU's word that the power is off. */
	if (f->type == FRAME_BYE)
		t->bye = true;
	if (t->step == STEP_OVER)
		return;
	if (f->type == FRAME_HELLO)
		got_hello(t, f);
	else if (f->type == FRAME_DONE)
		got_done(t, f);
	else if (f->type == FRAME_CALL)
		got_call(t, f);
	else if (f->type == FRAME_EXIT)
		got_exit(t, f);
	else if (f->type == FRAME_BEAT)
		got_beat(t);
	else if (f->type == FRAME_LOG)
		selftest_report(t, "agent", false, "%s", get(f, "text"));
}
