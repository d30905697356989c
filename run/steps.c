// SPDX-License-Identifier: GPL-2.0-only
/* A guest from HELLO to its last subtest, as its agent tells it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "run/clone.h"
#include "run/gather.h"
#include "run/job.h"

/* Before the speed factor. */
#define SETUP_NS (30 * NSEC_PER_SEC)
#define INIT_NS	 (300 * NSEC_PER_SEC)
#define STOP_NS	 (20 * NSEC_PER_SEC)

/* ---- the way up: boot, setup, init */

static void got_hello(struct job *job, const struct frame *f)
{
	const char *version = frame_get(f, "version");

	if (job->phase != JOB_BOOT) {
		trouble(job, VERDICT_FAIL, "lost", "the guest's agent started anew", false);
		return;
	}
	if (!str_eq(version, "1")) {
		trouble(job, VERDICT_MISS, "lost", "the guest's agent speaks another version",
			false);
		return;
	}
	vm_booted(job->vm);
	jobkmsg_clock(job, frame_get_int(f, "uptime_ns", 0) / 1000);
	jobkmsg_agent(job, str_word(frame_get(f, "caps"), "kmsg"));
	job->streams = str_word(frame_get(f, "caps"), "streams");
	if (save_due(job, TEMPLATE_BOOTED))
		save_begin(job);
	else
		steps_setup(job);
}

void steps_setup(struct job *job)
{
	struct guest_fresh fresh;
	struct frame_writer w;

	guest_refresh(&fresh);
	job->wait_id = ++job->next_id;
	job_set_phase(job, JOB_SETUP);
	job_deadline(job, job_scale(job, SETUP_NS));
	job_begin_frame(job, &w, FRAME_SETUP, job->wait_id);
	guest_setup(&job->run->base, job->plan, &job->guest, vm_binds(job->vm), &fresh, &w);
	job_send(job, &w);
}

/* A subtest that got hold of the agent's port is not to guess what the next one's EXIT will say. */
static uint32_t random_step(void)
{
	uint32_t step = 0;

	if (getrandom(&step, sizeof(step), GRND_NONBLOCK) < 0)
		step = 0;
	return 1 + (step & 0xffffff);
}

static void start_session(struct job *job, const char *phase, const struct strv *subtests)
{
	struct frame_writer w;

	job->next_id += random_step();
	job->wait_id = job->session_id = job->next_id;
	job_begin_frame(job, &w, FRAME_START, job->session_id);
	guest_start(&job->run->base, job->plan, &job->names, phase, subtests,
		    job->trial.cur.nr_reboots, &w);
	if (job->trial.cur.subtest) {
		_cleanup_free_ char *cores = xasprintf("/host%s/out/%s", job->run->out.path,
						       job->trial.cur.subtest->dir);
		_cleanup_free_ char *env = xasprintf("ktest_subtest_dir=%s", cores);

		frame_add(&w, "cores", cores);
		frame_add(&w, "env", env);
		frame_add(&w, "held", "1"); /* in a clone one may wait */
	}
	job_send(job, &w);
}

void steps_ready(struct job *job)
{
	job_guest_event(job, "ready", NULL);
	if (job->control)
		control_ready(job->control, job->streams,
			      job->streams ? NULL : "the guest's agent knows no streams");
}

void steps_set_up(struct job *job, const struct frame *done)
{
	static const struct strv none;

	guest_names_read(&job->guest.config.disks, done, &job->names);
	steps_ready(job);
	job_set_phase(job, JOB_INIT);
	if (!job->trial.progressed)
		jobkmsg_init_begins(job);
	job_deadline(job, job_scale(job, INIT_NS));
	start_session(job, "init", &none);
}

/* What an image holds beyond its head is seen when it is mounted, on the agent's /lower. */
static void setup_failed(struct job *job, const char *message)
{
	const char *image = job->run->base.root_image;
	char title[600];

	if (image && message && strstr(message, " on /lower"))
		snprintf(title, sizeof(title),
			 "the root image is damaged: %.200s; `e2fsck -fn %.300s` tells more",
			 message, image);
	else
		snprintf(title, sizeof(title), "the guest could not be set up: %.200s",
			 message ? message : "no reason given");
	trouble(job, VERDICT_MISS, "boot", title, false);
}

static void got_setup_done(struct job *job, const struct frame *f)
{
	if (frame_get_int(f, "error", EIO))
		setup_failed(job, frame_get(f, "message"));
	else
		steps_set_up(job, f);
}

static unsigned long new_taints(const struct frame *f)
{
	const char *mask = frame_get(f, "tainted");
	unsigned long before, after;

	if (!mask || sscanf(mask, "%lu,%lu", &before, &after) != 2)
		return 0;
	return after & ~before & TAINT_BUGS;
}

/* Only a file with our library tells when it begins. */
static struct ending read_ending(const struct frame *f)
{
	return (struct ending){
		.status = (int)frame_get_int(f, "status", -1),
		.signal = (int)frame_get_int(f, "signal", 0),
		.tainted = new_taints(f),
		.begun = frame_get_int(f, "begun", 1) != 0,
	};
}

static void got_init_exit(struct job *job, const struct frame *f)
{
	struct ending e = read_ending(f);
	const char *reason;
	char title[120];

	/* Its bugs are none of the first subtest's. */
	trial_flush(&job->trial);
	if (!job->trial.cur.subtest)
		taint_outside(&job->trial, e.tainted);
	if (e.status == 0 && save_due(job, TEMPLATE_READY)) {
		save_begin(job);
	} else if (e.status == 0) {
		steps_next(job);
	} else {
		reason = init_judge(&e, title, sizeof(title));
		trouble(job, VERDICT_ERROR, reason, title, false);
	}
}

/* ---- the subtests */

static void run_one(struct job *job, struct subtest *s)
{
	_cleanup_strv_ struct strv name = {0};

	strv_add(&name, s->name);
	job->trial.progressed = true;
	/* Entered again after a reboot: the same attempt goes on. */
	if (job->trial.cur.subtest != s && !subtest_begin(&job->trial, s)) {
		steps_next(job);
		return;
	}
	job_set_phase(job, JOB_RUN);
	job_deadline(job, INT64_MAX);
	/* A restart gives it no time: it could go on for ever. */
	if (!job->trial.cur.nr_reboots)
		trial_limit(&job->trial, job->file->timeout_ns);
	start_session(job, "run-tests", &name);
}

/* The directories of all subtests that are to be run in one go. */
static void add_directories(struct job *job)
{
	const struct unit *u = job->trial.unit;
	struct err err = {0};

	for (size_t i = 0; i < unit_count(u) && !err.code; i++)
		if (!unit_subtest(u, i)->done)
			guestdir_add_subtest(&job->guest.tree, unit_subtest(u, i)->dir, &err);
	if (err.code)
		log_warn("%s", err.msg);
}

/* A file with a library or run_tests of its own runs what is left in one go; the console tells of
 * it. */
static void run_rest(struct job *job)
{
	_cleanup_strv_ struct strv names = {0};

	trial_pending_names(&job->trial, &names);
	add_directories(job);
	ownverdict_begin(job);
	job_set_phase(job, JOB_RUN);
	job_deadline(job, INT64_MAX);
	trial_limit(&job->trial, job->file->timeout_ns);
	start_session(job, "run-tests", &names);
}

void steps_stop(struct job *job)
{
	struct frame_writer w;

	job_set_phase(job, JOB_STOP);
	job->stopping = true;
	job_deadline(job, job_scale(job, STOP_NS));
	job_begin_frame(job, &w, FRAME_STOP, ++job->next_id);
	frame_add(&w, "how", "poweroff");
	/* A channel that is broken by now is a guest that ends without ceremony. */
	if (vm_send(job->vm, &w, NULL) < 0)
		vm_end(job->vm, true);
}

void steps_next(struct job *job)
{
	struct subtest *s =
		job->trial.cur.subtest ? job->trial.cur.subtest : trial_first_pending(&job->trial);

	/* What follows the last one is none of its time. */
	if (!job->trial.cur.subtest)
		trial_limit(&job->trial, INT64_MAX);
	if (job->run->err.code || job->run->interrupted) {
		gather_then(job, GATHER_KILL);
		return;
	}
	if (job->run->failed_fast && reach_stays(job))
		reach_stay(job, false);
	else if (job->run->failed_fast)
		gather_then(job, GATHER_KILL);
	else if (job->file->control && s && !job->trial.spoiled)
		run_one(job, s);
	else if (!job->file->control && !job->trial.progressed &&
		 (s || job->file->needs.tests_unknown))
		run_rest(job);
	else if (reach_stays(job))
		reach_stay(job, false);
	else
		gather_then(job, job->trial.spoiled ? GATHER_KILL : GATHER_STOP);
}

/* ---- what comes from the guest */

static void got_done(struct job *job, const struct frame *f)
{
	int64_t id = frame_get_int(f, "id", -1), error = frame_get_int(f, "error", EIO);
	char title[300];

	if (ownverdict_answered(job, f))
		return;
	/* Each is answered once, and none before it is asked. */
	if (gather_answered(job, f) || !job->wait_id || id != job->wait_id)
		return;
	job->wait_id = 0;
	if (job->phase == JOB_SETUP) {
		got_setup_done(job, f);
	} else if (job->phase == JOB_SAVE) {
		save_answered(job, f);
	} else if (job->phase == JOB_RESTORE) {
		clone_answered(job, f);
	} else if (error && (job->phase == JOB_RUN || job->phase == JOB_INIT)) {
		snprintf(title, sizeof(title), "the guest could not start it: %.200s",
			 frame_get(f, "message") ? frame_get(f, "message") : "no reason given");
		trouble(job, VERDICT_MISS, "boot", title, false);
	}
}

static void subtest_exited(struct job *job, const struct frame *f)
{
	struct ending e = read_ending(f);

	if (job->trial.cur.reboot_asked) {
		/* It was killed for the restart that it asked for. */
		job_set_phase(job, JOB_REBOOT);
		return;
	}
	job_weigh(job);
	subtest_judge(&job->trial, &e);
	steps_next(job);
}

static void file_exited(struct job *job, const struct frame *f)
{
	ownverdict_end(job);
	job_weigh(job);
	job->trial.when = PHASE_END;
	ownlib_exited(&job->trial, frame_get_int(f, "status", -1));
	trial_flush(&job->trial);
	taint_outside(&job->trial, new_taints(f));
	steps_next(job);
}

static void got_exit(struct job *job, const struct frame *f)
{
	/* An answer to nothing that runs is a lie or an echo of what was given up. */
	if (frame_get_int(f, "id", -1) != job->session_id)
		return;
	jobkmsg_caught_up(job);
	conlog_flush(job->trial.log, &job->run->err);
	if (job->phase == JOB_INIT)
		got_init_exit(job, f);
	else if (job->phase == JOB_RUN && job->file->control)
		subtest_exited(job, f);
	else if (job->phase == JOB_RUN)
		file_exited(job, f);
}

static void got_log(struct job *job, const struct frame *f)
{
	const char *text = frame_get(f, "text");

	if (text && job->trial.cur.log_frames++ < LOG_FRAMES_MAX)
		trial_note(&job->trial, "ktest: agent: %.500s", text);
}

void steps_frame(void *arg, const struct frame *f)
{
	struct job *job = arg;

	job->last_sign_ns = loop_now_ns();
	if (jobkmsg_frame(job, f))
		return;
	if (job->control && control_frame(job->control, f))
		return;
	if (job->phase == JOB_TROUBLE || job->phase == JOB_STOP)
		return;
	switch (f->type) {
	case FRAME_HELLO:
		got_hello(job, f);
		break;
	case FRAME_DONE:
		got_done(job, f);
		break;
	case FRAME_EXIT:
		got_exit(job, f);
		break;
	case FRAME_CALL:
		calls_frame(job, f);
		break;
	case FRAME_LOG:
		got_log(job, f);
		break;
	default:
		break;
	}
}
