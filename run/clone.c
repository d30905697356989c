// SPDX-License-Identifier: GPL-2.0-only
#include "run/clone.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/json.h"
#include "base/log.h"
#include "run/clones.h"

/* Before the speed factor. */
#define SAVE_NS (30 * NSEC_PER_SEC)

struct template *clone_template(struct job *job)
{
	struct template *t = job->plan->template;

	if (job->trial.unit->saves)
		return t;
	return t && t->there && job->trial.unit->isolation == ISOLATION_CLONE ? t : NULL;
}

/* ---- saving */

static void template_event(struct job *job, const char *state, const char *reason)
{
	const struct template *t = job->plan->template;
	json_t *f = json_pack("{s:s, s:s, s:s}", "template", t->key, "point",
			      t->point == TEMPLATE_READY ? "ready" : "booted", "state", state);

	if (job->guest.name)
		json_object_set_new(f, "guest", json_string(job->guest.name));
	if (reason)
		json_object_set_new(f, "reason", json_string_lossy(reason));
	trial_event(&job->trial, "template", f);
}

bool save_due(const struct job *job, enum template_point point)
{
	return job->trial.unit->saves && job->plan->template->point == point;
}

void save_impossible(struct job *job, const char *why)
{
	log_note("%s: no saved guest: %s; each subtest has its guest booted", job->file->needs.path,
		 why);
	template_event(job, "given up", why);
	template_discard(job->plan->template, why);
	job->trial.unit->amiss = true;
}

void save_give_up(struct job *job, const char *why)
{
	save_impossible(job, why);
	job_kill_guest(job);
}

/* What QEMU or the agent said to it, they would say again. */
static void save_refused(struct job *job, const char *why)
{
	template_refuse(job->run->settings->cache, job->plan->template->key, why);
	save_give_up(job, why);
}

void save_failed(struct job *job, const char *reason, const char *title)
{
	struct template *t = job->plan->template;

	/* Of QEMU or this host, which may have room for a guest that is not saved. */
	if (!strcmp(reason, "lost") || !strcmp(reason, "disk")) {
		save_impossible(job, title ? title : reason);
		return;
	}
	template_event(job, "failed", title ? title : reason);
	template_discard(t, reason);
	t->reason = reason;
	str_set(&t->title, title);
	job->trial.unit->amiss = true;
}

static bool is_sound(struct job *job)
{
	vm_drain(job->vm);
	trial_flush(&job->trial);
	return !job->trial.spoiled && !job->trial.unsound &&
	       json_array_size(job->trial.told) <= FINDINGS_TOLD_MAX;
}

static void fall_quiet(struct job *job)
{
	struct frame_writer w;

	job->wait_id = ++job->next_id;
	job_begin_frame(job, &w, FRAME_QUIET, job->wait_id);
	job_send(job, &w);
}

/* What starts the subtests does in advance what it does for each. */
static void hold_shell(struct job *job)
{
	static const struct strv none;
	struct frame_writer w;

	job->holding = true;
	job->wait_id = ++job->next_id;
	job_begin_frame(job, &w, FRAME_HOLD, job->wait_id);
	guest_start(&job->run->base, job->plan, &job->names, "wait", &none, 0, &w);
	job_send(job, &w);
}

/* QEMU can go on only with the devices that it was saved with. */
static const struct disk *unplugged_disk(const struct disks *disks)
{
	for (size_t i = 0; i < disks->n; i++)
		if (!disks->v[i].plugged)
			return &disks->v[i];
	return NULL;
}

void save_begin(struct job *job)
{
	const struct disk *disk = unplugged_disk(&job->guest.config.disks);
	char why[100];

	job_set_phase(job, JOB_SAVE);
	job_deadline(job, job_scale(job, SAVE_NS));
	if (disk) {
		snprintf(why, sizeof(why), "an init hook has unplugged %.50s", disk->id);
		save_refused(job, why);
	} else if (job->plan->template->point == TEMPLATE_READY && job->file->needs.own_library) {
		hold_shell(job);
	} else {
		fall_quiet(job);
	}
}

static void on_saved(void *arg, const char *error)
{
	struct job *job = arg;
	struct template *t = job->plan->template;

	if (job->phase != JOB_SAVE)
		return;
	if (error) {
		(vm_runs(job->vm) ? save_refused : save_give_up)(job, error);
		return;
	}
	t->host = job->guest.config.host;
	t->qemu_version = vm_qemu_version(job->vm);
	t->streams = job->streams;
	t->has_kmsg = job->has_kmsg;
	t->kmsg = kernlog_position(job->trial.kernlog);
	t->uptime_us = jobkmsg_uptime_us(job);
	guest_names_copy(&job->names, &t->names);
	json_decref(t->bugs);
	t->bugs = json_incref(job->trial.told);
	job->saved = true;
	job_set_phase(job, JOB_STOP);
	job_deadline(job, INT64_MAX);
	vm_end(job->vm, false);
}

void save_answered(struct job *job, const struct frame *f)
{
	const char *message = frame_get(f, "message");

	if (job->holding) {
		job->holding = false;
		if (frame_get_int(f, "error", EIO))
			log_debug("no shell waits in the saved guest: %s", message ? message : "");
		fall_quiet(job);
		return;
	}
	if (frame_get_int(f, "error", EIO))
		save_refused(job, message ? message : "its agent cannot fall quiet");
	else if (!is_sound(job))
		save_give_up(job, "its log shows a bug of the kernel");
	else
		vm_save(job->vm, job->plan->template->state, on_saved, job);
}

void save_ended(struct job *job)
{
	struct template *t = job->plan->template;
	struct err err = {0};
	int r;

	if (!job->trial.unit->saves)
		return;
	if (!job->saved) {
		template_unfinished(t);
		return;
	}
	job->saved = false;
	r = guest_disks_layers(&job->guest, &err);
	if (r == 0)
		r = clones_unchanged(job->run, job->plan, &err);
	if (r == 0)
		r = template_publish(job->run->settings->cache, t, &err);
	if (r == 0)
		template_event(job, "made", NULL);
	else
		save_impossible(job, err.msg);
}

/* ---- going on */

void clone_impossible(struct job *job, bool host, const char *why)
{
	log_note("%s: a saved guest does not go on: %s; booting one", job->file->needs.path, why);
	template_event(job, "not restored", why);
	clones_failed(job->run, job->plan->template, host, why);
	job->trial.unit->isolation = ISOLATION_BOOT;
}

bool clone_fits(struct job *job)
{
	struct template *t = job->plan->template;
	struct err err = {0};

	if (clones_unchanged(job->run, job->plan, &err) == 0)
		return true;
	log_note("%s: the saved guest is not of this: %s; each subtest has its guest booted",
		 job->file->needs.path, err.msg);
	template_event(job, "given up", err.msg);
	template_discard(t, err.msg);
	return false;
}

void clone_failed(struct job *job, bool host, const char *why)
{
	clone_impossible(job, host, why);
	job_kill_guest(job);
}

/*
 * It gets its own name, address, time and random numbers, and whatever else it was not given before
 * it was saved. The nonce tells that it is this guest which answers, and now.
 */
void clone_restored(struct job *job)
{
	const struct template *t = job->plan->template;
	struct guest_fresh fresh;
	struct frame_writer w;
	uint64_t random = 0;

	if (job->phase != JOB_RESTORE)
		return;
	job->streams = t->streams;
	jobkmsg_begin(job, t->uptime_us);
	kernlog_resume(job->trial.kernlog, &t->kmsg);
	jobkmsg_agent(job, t->has_kmsg);
	if (getrandom(&random, sizeof(random), 0) < 0)
		random = (uint64_t)loop_now_ns();
	snprintf(job->nonce, sizeof(job->nonce), "%016" PRIx64, random);
	guest_refresh(&fresh);
	job->wait_id = ++job->next_id;
	job_begin_frame(job, &w, FRAME_SETUP, job->wait_id);
	frame_add(&w, "nonce", job->nonce);
	if (t->point == TEMPLATE_BOOTED)
		guest_setup(&job->run->base, job->plan, &job->guest, vm_binds(job->vm), &fresh, &w);
	else
		guest_renew(&job->guest, &fresh, &w);
	job_send(job, &w);
}

void clone_answered(struct job *job, const struct frame *f)
{
	const char *message = frame_get(f, "message");
	struct template *t = job->plan->template;
	char why[300];

	if (frame_get_int(f, "error", EIO)) {
		snprintf(why, sizeof(why), "%.250s", message ? message : "no reason given");
		clone_failed(job, false, why);
		return;
	}
	if (!str_eq(message, job->nonce)) {
		clone_failed(job, false, "it does not answer what it is asked");
		return;
	}
	t->worked = true;
	job->trial.given_up = false;
	findings_tell_again(&job->trial, t->bugs);
	if (t->point == TEMPLATE_BOOTED) {
		steps_set_up(job, f);
	} else {
		jobkmsg_init_begins(job);
		guest_names_copy(&t->names, &job->names);
		steps_ready(job);
		steps_next(job);
	}
}
