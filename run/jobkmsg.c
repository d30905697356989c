// SPDX-License-Identifier: GPL-2.0-only
/*
 * The messages of a job's kernel: the agent's records, the console where the agent cannot
 * speak, and the guest's clock that console text is held against.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "run/job.h"

/* Before the speed factor: an agent that has sent nothing for so long does not speak. It sends a
 * BEAT each second. */
#define SILENT_NS (5 * NSEC_PER_SEC)
/* Before the speed factor, from a panic's first line on the console, or pvpanic's word, to acting
 * on it where no restart follows, which panic=-1 asks for. */
#define PANIC_NS  (10 * NSEC_PER_SEC)
/* Before the speed factor, without a record: a report that is open has ended. */
#define IDLE_NS	  (2 * NSEC_PER_SEC)
/* Before the speed factor, from the last that a stuck subtest's guest told to its end. */
#define STUCK_NS  (20 * NSEC_PER_SEC)
/* A frame that comes so much later than such a line was not on its way by then. */
#define ON_WAY_NS (NSEC_PER_SEC / 2)

static void on_lost(void *arg, uint64_t n)
{
	struct trial *t = arg;

	t->lost += n;
}

static void on_drain(void *arg)
{
	struct job *job = job_of(arg);

	vm_drain(job->vm);
}

struct kernlog_handler jobkmsg_handler(struct job *job)
{
	return (struct kernlog_handler){finding_found, on_lost, on_drain, FRAME_LAST_WORD,
					&job->trial};
}

/* ---- the guest's clock */

void jobkmsg_begin(struct job *job, int64_t uptime_us)
{
	jobkmsg_clock(job, uptime_us);
	job->frame_ns = job->news_ns = loop_now_ns();
	job->bye = job->awaits_bye = job->bye_late = false;
}

void jobkmsg_clock(struct job *job, int64_t uptime_us)
{
	job->clock.guest_us = uptime_us;
	job->clock.host_ns = loop_now_ns();
}

int64_t jobkmsg_uptime_us(const struct job *job)
{
	return job->clock.guest_us + (loop_now_ns() - job->clock.host_ns) / 1000;
}

void jobkmsg_init_begins(struct job *job)
{
	job->trial.when = PHASE_INIT;
	job->trial.init_us = jobkmsg_uptime_us(job);
}

/* ---- frames */

static void got_records(struct job *job, const struct frame *f)
{
	const char *record;
	size_t pos = 0;

	/* Where the console tells which subtest runs, what stood there before the record comes
	 * first. */
	if (!job->file->control)
		vm_drain(job->vm);
	while ((record = frame_next_of(f, &pos, "record")))
		kernlog_record(job->trial.kernlog, record, strlen(record));
}

static void got_beat(struct job *job, const struct frame *f)
{
	int64_t uptime_ns = frame_get_int(f, "uptime_ns", 0);

	if (uptime_ns > 0)
		jobkmsg_clock(job, uptime_ns / 1000);
	if (frame_get_int(f, "kmsg", 0))
		kernlog_beat(job->trial.kernlog, 1 + vm_turn(job->vm));
}

void jobkmsg_caught_up(struct job *job)
{
	vm_drain(job->vm);
	if (job->has_kmsg)
		kernlog_caught_up(job->trial.kernlog);
}

bool jobkmsg_frame(struct job *job, const struct frame *f)
{
	job->frame_ns = loop_now_ns();
	if (f->type != FRAME_BEAT)
		job->news_ns = job->frame_ns;
	switch (f->type) {
	case FRAME_KMSG:
		got_records(job, f);
		return true;
	case FRAME_BEAT:
		got_beat(job, f);
		return true;
	case FRAME_BYE:
		vm_drain(job->vm);
		kernlog_bye(job->trial.kernlog);
		job_said_bye(job);
		return true;
	default:
		return false;
	}
}

void jobkmsg_agent(struct job *job, bool has_kmsg)
{
	job->has_kmsg = has_kmsg;
	if (!has_kmsg)
		kernlog_silent(job->trial.kernlog);
}

/* ---- the console */

void jobkmsg_line(struct job *job, const char *line, size_t len)
{
	struct trial *t = &job->trial;

	/* Without a time stamp no line counts, and most have none. */
	if (!memchr(line, '[', len))
		return;
	if (kernlog_line(t->kernlog, line, len, conlog_next_line(t->log), jobkmsg_uptime_us(job)) &&
	    !job->panic_ns)
		job->panic_ns = loop_now_ns();
}

void jobkmsg_dead(struct job *job)
{
	kernlog_silent(job->trial.kernlog);
	trial_flush(&job->trial);
}

void jobkmsg_panicked(struct job *job)
{
	job->trial.panicked = job->panic_sure = true;
	if (!job->panic_ns)
		job->panic_ns = loop_now_ns();
}

bool jobkmsg_agent_silent(const struct job *job)
{
	return loop_now_ns() - job->frame_ns > job_scale(job, SILENT_NS);
}

/* A subtest whose kernel locked up or lost its task is not waited for until its time is up. */
static void check_stuck(struct job *job, int64_t quiet_ns)
{
	const struct current *cur = &job->trial.cur;

	if (quiet_ns > job_scale(job, IDLE_NS))
		kernlog_idle(job->trial.kernlog);
	if (job->phase == JOB_RUN && cur->subtest && cur->stuck && reach_timed(job) &&
	    quiet_ns > job_scale(job, STUCK_NS))
		trouble(job, VERDICT_FAIL, cur->stuck, NULL, true);
}

void jobkmsg_tick(struct job *job)
{
	int64_t now = loop_now_ns();

	/* Somebody has stopped the guest: its silence says nothing. */
	if (vm_stopped(job->vm))
		job->frame_ns = job->news_ns = now;
	check_stuck(job, now - job->news_ns);
	if (jobkmsg_agent_silent(job))
		kernlog_silent(job->trial.kernlog);
	if (!job->panic_ns)
		return;
	if (!job->panic_sure && job->frame_ns > job->panic_ns + ON_WAY_NS) {
		job->panic_ns = 0; /* a test printed it */
	} else if (now - job->panic_ns > job_scale(job, PANIC_NS)) {
		jobkmsg_dead(job);
		trouble(job, VERDICT_FAIL, "panic", NULL, false);
	}
}
