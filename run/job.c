// SPDX-License-Identifier: GPL-2.0-only
#include "run/job.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "run/clone.h"
#include "run/dump.h"
#include "run/gather.h"
#include "run/jobs.h"
#include "run/stall.h"

/* Before the speed factor; the first is for a kernel with everything in it on a busy host. */
#define BOOT_NS	   (60 * NSEC_PER_SEC)
#define RESTORE_NS (5 * NSEC_PER_SEC)
#define HANG_NS	   (30 * NSEC_PER_SEC)
#define BYE_NS	   (2 * NSEC_PER_SEC) /* from the restart that a test asked for; not scaled */
#define TICK_NS	   (NSEC_PER_SEC / 2)

static void start_guest(struct job *job);

void job_kill_guest(struct job *job)
{
	job_set_phase(job, JOB_STOP);
	job->stopping = false;
	job_deadline(job, INT64_MAX);
	vm_end(job->vm, true);
}

static void on_console(void *arg, const char *data, size_t len)
{
	struct job *job = arg;

	job->last_sign_ns = job->console_ns = loop_now_ns();
	if (ownverdict_feed(job, data, len, &job->run->err) < 0 && job->phase != JOB_STOP)
		trouble(job, VERDICT_MISS, "disk", job->run->err.msg, false);
	if (job->phase == JOB_TROUBLE)
		trouble_console(job);
	if (job->control)
		control_console(job->control, data, len);
}

/* ---- what happens to the guest */

static void boot_again(struct job *job)
{
	if (job->control)
		control_ready(job->control, false, NULL);
	job_set_phase(job, JOB_BOOT);
	job_deadline(job, job_scale(job, BOOT_NS));
	jobkmsg_begin(job, 0);
	vm_reset(job->vm);
}

/* The guest was told to switch off, and its kernel failed in that. */
static void stop_failed(struct job *job, const char *reason, const char *title)
{
	if (job->stopping)
		outside_failed(&job->trial, VERDICT_FAIL, reason, title);
	job->stopping = false;
}

static void got_reset(struct job *job)
{
	/* With a slow reader BYE comes behind QEMU's word of the reset. */
	if (job->phase == JOB_REBOOT && !job->bye && !job->bye_late) {
		job->awaits_bye = true;
		job_deadline(job, BYE_NS);
		return;
	}
	jobkmsg_dead(job);
	if (job->phase == JOB_STOP) {
		stop_failed(job, job->trial.panicked ? "panic" : "reboot",
			    "the guest restarted instead of switching off");
		vm_end(job->vm, false);
		return;
	}
	if (job->trial.panicked) {
		trouble(job, VERDICT_FAIL, "panic", NULL, false);
		return;
	}
	if (job->phase == JOB_STAY && !job->dead) {
		boot_again(job);
		return;
	}
	/* Without BYE the kernel may have said what nobody read. */
	if (job->phase != JOB_REBOOT || !job->bye) {
		trouble(job, VERDICT_FAIL, "reboot", "the guest restarted unasked", false);
		return;
	}
	kernlog_reboot(job->trial.kernlog);
	job->trial.cur.nr_reboots++;
	job->trial.cur.reboot_asked = false;
	gather_ended(job);
	job_guest_event(job, "reboot", NULL);
	trial_event(&job->trial, "reboot",
		    json_pack("{s:s, s:i, s:s, s:i}", "subtest", job->trial.cur.subtest->name,
			      "attempt", job->trial.cur.subtest->attempt, "guest", job->guest.name,
			      "count", job->trial.cur.nr_reboots));
	boot_again(job);
}

void job_said_bye(struct job *job)
{
	job->bye = true;
	if (job->awaits_bye)
		got_reset(job);
}

static void bye_is_late(struct job *job)
{
	if (!job->awaits_bye)
		return;
	job->bye_late = true;
	got_reset(job);
}

static void got_poweroff(struct job *job)
{
	jobkmsg_dead(job);
	if (job->phase == JOB_STAY && !job->dead) {
		job->dead = true;
		reach_end(job);
	} else if (job->phase == JOB_STOP) {
		vm_end(job->vm, false);
	} else {
		trouble(job, VERDICT_FAIL, "lost", "the guest switched itself off", false);
	}
}

/* Whatever phase it was in, the current subtest has its verdict by now, or never will have one. */
static void guest_ended(struct job *job, const char *how)
{
	bool unexpected = job->phase != JOB_STOP && job->phase != JOB_STAY;
	_cleanup_free_ char *why = xstrdup(how);

	job->run->ended |= job->phase == JOB_STAY;

	ownverdict_end(job);
	if (unexpected && !job->run->interrupted) {
		jobkmsg_dead(job);
		/* trouble() finds it dead and comes straight back with the verdict given. */
		trouble(job, VERDICT_MISS, "lost", how, false);
	}
	conlog_flush(job->trial.log, &job->run->err);
	gather_ended(job);
	job_guest_event(job, "end", unexpected ? how : NULL);
	vm_free(job->vm);
	job->vm = NULL;
	reach_close(job);
	if (job->phase == JOB_STAY)
		log_warn("the guest has ended: %s", why);
	trial_close_logs(&job->trial);
	subtest_take_files(&job->trial);
	job->trial.guest = job->trial.vm_dir = NULL;
	job->trial.tree = NULL;
	jobs_link(job->run);
	save_ended(job);
	guest_done(&job->guest);
	start_guest(job);
}

static void on_event(void *arg, enum vm_event event, const char *detail)
{
	struct job *job = arg;

	switch (event) {
	case VM_PANICKED:
		jobkmsg_panicked(job);
		break;
	case VM_RESET:
		got_reset(job);
		break;
	case VM_POWEROFF:
		got_poweroff(job);
		break;
	case VM_RESTORED:
		clone_restored(job);
		break;
	case VM_BROKEN:
		trouble(job, VERDICT_FAIL, "lost", detail, false);
		break;
	case VM_ENDED:
		guest_ended(job, detail);
		break;
	}
}

/* ---- time */

static void on_deadline(void *arg)
{
	struct job *job = arg;

	switch (job->phase) {
	case JOB_BOOT:
		trouble(job, VERDICT_MISS, "boot", "the guest did not come up in time", true);
		break;
	case JOB_SETUP:
		trouble(job, VERDICT_MISS, "boot", "the guest could not be set up in time", true);
		break;
	case JOB_INIT:
		trouble(job, VERDICT_ERROR, "timeout", "the init hooks did not end in time", true);
		break;
	case JOB_RESTORE:
		clone_failed(job, false, "it does not answer in time");
		break;
	case JOB_SAVE:
		save_give_up(job, "it cannot be saved in time");
		break;
	case JOB_TROUBLE:
		trouble_deadline(job);
		break;
	case JOB_GATHER:
		gather_late(job);
		break;
	case JOB_STOP:
		jobkmsg_dead(job);
		/* Not every kernel can switch the machine off. */
		if (!job->bye)
			stop_failed(job, job->trial.panicked ? "panic" : "hang",
				    "the guest did not switch off in time");
		vm_end(job->vm, true);
		break;
	case JOB_REBOOT:
		bye_is_late(job);
		break;
	case JOB_RUN:
	case JOB_STAY:
	case JOB_DONE:
		break;
	}
}

/* The subtest's own time, that of the boots which it asked for included. */
static void on_limit(void *arg)
{
	struct job *job = arg;
	char title[100];

	trial_late(&job->trial, title, sizeof(title));
	trouble(job, VERDICT_FAIL, "timeout",
		job->trial.cur.subtest ? title : "the file did not end in time", true);
}

static bool is_silent(const struct job *job)
{
	return loop_now_ns() - job->last_sign_ns > job_scale(job, HANG_NS);
}

static void on_tick(void *arg)
{
	struct job *job = arg;
	bool watched = job->phase == JOB_SETUP || job->phase == JOB_INIT || job->phase == JOB_RUN;

	loop_timer_set(job->tick, loop_now_ns() + TICK_NS);
	trial_progress(&job->trial);
	block_sync(job->trial.block, &job->run->err);
	job_weigh(job);
	stall_tick(job);
	if (job->phase == JOB_STAY && job->dead)
		return;
	jobkmsg_tick(job);
	ownverdict_tick(job);
	if (job->phase == JOB_GATHER && is_silent(job))
		gather_late(job);
	if (!watched || job->phase == JOB_STOP || !reach_timed(job))
		return;
	if (trial_space_low(&job->trial))
		trouble(job, VERDICT_MISS, "disk",
			"less than 5 % of the host's disk space is left; the guest was stopped",
			false);
	else if (is_silent(job))
		trouble(job, VERDICT_FAIL, "hang",
			"no sign of life from the guest's agent nor on the console", true);
}

/* ---- guests, one after the other */

static int try_guest(struct job *job, struct err *err)
{
	const struct vm_handler handler = {on_console, steps_frame, on_event, job};
	const struct kernlog_handler kernel = jobkmsg_handler(job);
	struct template *t = clone_template(job);
	int r = 0;

	if (t && t->there && !job->trial.unit->saves && !clone_fits(job))
		t = NULL;
	/* It was to have one, which is none any more. */
	if (!t && job->trial.unit->isolation == ISOLATION_CLONE)
		job->trial.unit->isolation = ISOLATION_BOOT;
	if (job->trial.unit->saves)
		r = template_begin(job->run->settings->cache, t, err);
	if (r == 0)
		r = guest_make(&job->run->base, job->plan, ++job->run->next_guest, t, &job->guest,
			       err);
	if (r < 0)
		return r;
	r = vm_start(job->run->loop, &job->guest.config, job->run->settings->keeper, &handler,
		     &job->vm, err);
	if (r < 0)
		return r;
	job->trial.guest = job->guest.name;
	job->trial.vm_dir = job->guest.dir;
	job->trial.tree = &job->guest.tree;
	trial_open_logs(&job->trial, &kernel, calls_line);
	if (!job->trial.unit->saves)
		reach_open(job);
	jobs_link(job->run);
	job_guest_event(job, "start", NULL);
	return 0;
}

static void finish(struct job *job)
{
	loop_timer_set(job->tick, INT64_MAX);
	job_deadline(job, INT64_MAX);
	trial_limit(&job->trial, INT64_MAX);
	job_set_phase(job, JOB_DONE);
	job->trial.done(job->trial.done_arg);
}

static bool wants_guest(const struct job *job)
{
	const struct run *run = job->run;

	if (job->trial.cancelled || !run_goes_on(run))
		return false;
	if (job->trial.unit->saves)
		return !job->tried;
	/* With nothing to run it boots for its user. */
	if (reach_is_users(job) && !run->next_guest)
		return true;
	return trial_pending(&job->trial);
}

/* Whether another is to be tried. */
static bool no_guest(struct job *job, const char *why)
{
	struct unit *unit = job->trial.unit;

	guest_done(&job->guest);
	if (unit->saves) {
		save_impossible(job, why);
	} else if (unit->isolation == ISOLATION_CLONE) {
		clone_impossible(job, false, why);
		return true;
	} else {
		subtest_miss_all(&job->trial, VERDICT_MISS, "boot", why);
	}
	return false;
}

/* All that is said of a guest, before there is one. */
static void begin_guest(struct job *job)
{
	job->trial.spoiled = job->trial.unsound = job->trial.progressed = false;
	job->trial.panicked = job->trial.given_up = false;
	str_set(&job->trial.last_dir, NULL);
	job->trial.when = PHASE_BOOT;
	if (!job->trial.cur.subtest)
		current_done(&job->trial.cur);
	job->trial.explained = 0;
	json_decref(job->trial.told);
	job->trial.told = NULL;
	job->weighed_ns = job->trial.peak_mib = 0;
	job->panic_ns = 0;
	job->panic_sure = false;
	job->wait_id = 0;
	job->dead = job->shown = job->stopping = false;
	job->trial.untimed = reach_is_users(job);
	job->last_sign_ns = job->console_ns = loop_now_ns();
	jobkmsg_begin(job, 0);
	stall_begin(job);
	job->evidence_step = 0;
	job->tried = true;
}

static void await_guest(struct job *job)
{
	if (job->guest.config.state) {
		job->trial.given_up = true; /* until it goes on */
		job_set_phase(job, JOB_RESTORE);
		job_deadline(job, job_scale(job, RESTORE_NS));
	} else {
		job_set_phase(job, JOB_BOOT);
		job_deadline(job, job_scale(job, BOOT_NS));
	}
	trial_limit(&job->trial, INT64_MAX);
}

static void start_guest(struct job *job)
{
	while (wants_guest(job)) {
		struct err err = {0};

		begin_guest(job);
		if (try_guest(job, &err) == 0) {
			await_guest(job);
			return;
		}
		if (err.code == -ESTALE) {
			job->run->err = err;
			guest_done(&job->guest);
			break;
		}
		if (!no_guest(job, err.msg))
			break;
	}
	finish(job);
}

/* Where the init hooks have failed, they would again; where the guest that all were to go on as did
 * not come up, none would. */
static bool without_guest(struct job *job)
{
	const struct template *t = job->plan->template;
	const struct test_file *f = job->file;

	if (f->broken)
		subtest_miss_all(&job->trial, VERDICT_MISS, f->broken, f->broken_title);
	else if (t && t->reason && f->isolation == ISOLATION_CLONE)
		subtest_miss_all(&job->trial, VERDICT_MISS, t->reason, t->title);
	else
		return false;
	return true;
}

void job_start(struct job *job)
{
	struct run *run = job->trial.run;

	job->run = run;
	job->file = job->trial.file;
	job->plan = job->trial.unit->plan;
	job->trial.cur.log_fd = -1;
	job_set_phase(job, JOB_BOOT);
	job->deadline = loop_timer(run->loop, INT64_MAX, on_deadline, job);
	job->trial.limit = loop_timer(run->loop, INT64_MAX, on_limit, job);
	job->tick = loop_timer(run->loop, loop_now_ns() + TICK_NS, on_tick, job);
	if (without_guest(job))
		finish(job);
	else
		start_guest(job);
}

void job_cancel(struct job *job)
{
	if (job->phase == JOB_DONE)
		return;
	job->trial.cancelled = true;
	if (job->vm)
		job_kill_guest(job);
	else
		finish(job);
}

void job_done(struct job *job)
{
	loop_remove(job->deadline);
	loop_remove(job->tick);
	vm_free(job->vm);
	reach_close(job);
	dump_drop(job);
	trial_done(&job->trial);
	guest_done(&job->guest);
	guest_names_done(&job->names);
	strbuf_done(&job->verdict.rest);
	free(job->trouble_title);
}
