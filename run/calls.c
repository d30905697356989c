// SPDX-License-Identifier: GPL-2.0-only
/*
 * What tests ask of the host: by ktest-ctl, and, where a library of its own is in use, by
 * lines on the console.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/gather.h"
#include "run/job.h"
#include "run/lines.h"

#define CALL_WORDS_MAX 8

struct call {
	uint32_t id;
	const char *words[CALL_WORDS_MAX]; /* the verb and its arguments */
	int n;
};

/* ---- answers */

static void reply(struct job *job, uint32_t id, const char *error, const char *message)
{
	struct frame_writer w;

	if (!job->vm || job->phase == JOB_STOP || job->phase == JOB_TROUBLE)
		return;
	job_begin_frame(job, &w, FRAME_REPLY, id);
	frame_add_int(&w, "error", error ? EIO : 0);
	frame_add(&w, "message", error ? error : message);
	job_send(job, &w);
}

/* ---- verbs */

static void call_skip(struct job *job, const struct call *c)
{
	str_set(&job->trial.cur.skip, c->n > 1 ? c->words[1] : "");
	reply(job, c->id, NULL, "");
}

/* NULL, or why not. */
static const char *set_watchdog(struct job *job, int64_t seconds)
{
	int64_t ns = trial_watchdog_ns(&job->trial, seconds);

	if (!ns)
		return "watchdog: not a number of seconds";
	if (job->phase == JOB_RUN || job->phase == JOB_GATHER || job->phase == JOB_REBOOT)
		trial_limit(&job->trial, ns);
	else if (job->phase == JOB_INIT)
		job_deadline(job, ns);
	else
		return "watchdog: nothing runs";
	return NULL;
}

static void call_watchdog(struct job *job, const struct call *c)
{
	int64_t seconds = 0;

	/* What is no number leaves the 0, which is refused. */
	if (c->n > 1)
		str_int(c->words[1], 1, INT32_MAX, &seconds);
	reply(job, c->id, set_watchdog(job, seconds), "");
}

static void call_reboot(struct job *job, const struct call *c)
{
	if (!job->trial.cur.subtest || !job->file->control) {
		reply(job, c->id, "do_reboot: only a subtest can restart the guest", NULL);
		return;
	}
	job->trial.cur.reboot_asked = true;
	job->gather.reboot_id = c->id;
	gather_then(job, GATHER_REBOOT);
}

void calls_reboot(struct job *job)
{
	job_set_phase(job, JOB_REBOOT);
	reply(job, job->gather.reboot_id, NULL, "");
}

static void call_note(struct job *job, const struct call *c)
{
	if (job->trial.cur.log_frames++ < LOG_FRAMES_MAX)
		trial_note(&job->trial, "ktest: note: %.500s", c->n > 1 ? c->words[1] : "");
	reply(job, c->id, NULL, "");
}

static void call_expect_bug(struct job *job, const struct call *c)
{
	reply(job, c->id,
	      job->file->control ? finding_expect(&job->trial, c->n > 1 ? c->words[1] : "")
				 : "expect-bug: this file runs its subtests itself",
	      "");
}

struct plug_call {
	struct job *job;
	uint32_t id;
	struct vm *vm; /* the guest that asked: another may run by the time of the answer */
};

static void plug_answered(void *arg, const char *error)
{
	struct plug_call p = *(struct plug_call *)arg;

	free(arg);
	if (p.job->vm == p.vm)
		reply(p.job, p.id, error, "");
}

/* vm is the guest that waits for an answer to id, NULL where none does. */
static void start_plug(struct job *job, uint32_t id, struct vm *vm, struct disk *disk, bool in)
{
	struct plug_call *p = xmalloc(sizeof(*p));

	*p = (struct plug_call){job, id, vm};
	if (in)
		vm_plug(job->vm, disk, plug_answered, p);
	else
		vm_unplug(job->vm, disk, plug_answered, p);
}

static struct disk *named_disk(struct job *job, const struct call *c, char *why, size_t size)
{
	static const struct {
		const char *name;
		enum disk_role role;
	} kinds[] = {{"scratch", DISK_SCRATCH}, {"slow", DISK_SLOW}, {"pmem", DISK_PMEM}};
	struct disk *disk = NULL;
	int64_t index;

	if (c->n != 3 || str_int(c->words[2], 0, 10000, &index) < 0) {
		snprintf(why, size, "usage: %s scratch|slow|pmem NUMBER", c->words[0]);
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, c->words[1]))
			disk = disks_find(&job->guest.config.disks, kinds[i].role, (int)index);
	if (!disk)
		snprintf(why, size, "there is no %.20s device %.20s", c->words[1], c->words[2]);
	else if (disk->role == DISK_PMEM)
		snprintf(why, size, "a pmem device cannot be unplugged while the guest runs");
	else if (!disk->bus->unplug)
		snprintf(why, size, "%s cannot unplug from outside; remove the disk through sysfs",
			 disk->bus->name);
	else
		return disk;
	return NULL;
}

static void plug(struct job *job, const struct call *c, bool in)
{
	char why[160];
	struct disk *disk = named_disk(job, c, why, sizeof(why));

	if (!disk || disk->plugged == in) {
		if (disk)
			snprintf(why, sizeof(why), "%s is %s already", disk->id,
				 in ? "plugged in" : "unplugged");
		reply(job, c->id, why, NULL);
		return;
	}
	start_plug(job, c->id, job->vm, disk, in);
}

static void call_plug(struct job *job, const struct call *c)
{
	plug(job, c, true);
}

static void call_unplug(struct job *job, const struct call *c)
{
	plug(job, c, false);
}

static const struct {
	const char *verb;
	void (*call)(struct job *job, const struct call *c);
} verbs[] = {
	{"skip", call_skip},
	{"watchdog", call_watchdog},
	{"reboot", call_reboot},
	{"note", call_note},
	{"plug", call_plug},
	{"unplug", call_unplug},
	{"expect-bug", call_expect_bug},
};

static bool key_is(const char *key, size_t len, const char *name)
{
	return len == strlen(name) && !memcmp(key, name, len);
}

void calls_frame(struct job *job, const struct frame *f)
{
	struct call c = {.id = (uint32_t)frame_get_int(f, "id", 0)};
	const char *key, *value;
	size_t pos = 0, len;

	while (frame_next(f, &pos, &key, &len, &value) && c.n < CALL_WORDS_MAX) {
		if (key_is(key, len, "verb")) {
			c.words[0] = value;
			c.n = c.n ? c.n : 1;
		} else if (key_is(key, len, "arg") && c.n) {
			c.words[c.n++] = value;
		}
	}
	for (size_t i = 0; c.n && i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].verb, c.words[0]) != 0)
			continue;
		verbs[i].call(job, &c);
		return;
	}
	reply(job, c.id, "ktest-ctl: no such verb", NULL);
}

/* ---- lines of a library of its own */

static void line_plug(struct job *job, const struct line_event *ev)
{
	struct disk *disk = disks_find(&job->guest.config.disks, DISK_SCRATCH, ev->index);
	bool in = ev->hotplug == HOTPLUG_PLUG;

	if (ev->hotplug == HOTPLUG_REFUSED || !disk || !disk->bus->unplug || disk->plugged == in) {
		trial_note(&job->trial, "ktest: refused: QEMU_MONITOR %s", ev->reason);
		return;
	}
	start_plug(job, 0, NULL, disk, in);
}

static enum conlog_action own_library_line(struct job *job, const char *line, size_t len)
{
	struct line_event ev;
	enum line_kind kind = line_parse(line, len, &ev);

	if (kind == LINE_WATCHDOG)
		set_watchdog(job, ownlib_watchdog_s(&job->trial, &ev));
	else if (kind == LINE_MONITOR)
		line_plug(job, &ev);
	else if (kind == LINE_REBOOT && job->trial.cur.subtest && !job->trial.cur.reason)
		str_set(&job->trial.cur.reason, "reboot");
	return ownverdict_line(job, kind, &ev);
}

enum conlog_action calls_line(void *arg, const char *line, size_t len)
{
	struct job *job = job_of(arg);

	jobkmsg_line(job, line, len);
	if (job->trial.cur.subtest)
		ktap_line(job->trial.ktap, line, len);
	if (job->phase != JOB_RUN || job->file->control)
		return CONLOG_KEEP;
	return own_library_line(job, line, len);
}
