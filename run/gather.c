// SPDX-License-Identifier: GPL-2.0-only
#include "run/gather.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/log.h"

#define GATHER_NS (120 * NSEC_PER_SEC) /* before the speed factor */
#define DIRS_MAX  10000
#define SOURCE	  "/sys/kernel/debug/gcov"

/* A kernel without a config may have it: then a test that asks for coverage is believed. */
static bool wanted(const struct job *job)
{
	const struct kernel *k = &job->file->kernel->kernel;
	_cleanup_free_ char *has = k->config ? kernel_config_get(k, "GCOV_KERNEL") : NULL;

	return k->config ? str_eq(has, "y") : job->file->needs.gcov.n > 0;
}

/* gcov.N that is not there yet: it is kept free, and the guest has one of the same name. */
static int make_dir(struct job *job, struct err *err)
{
	struct gather *g = &job->gather;

	for (int n = 0; n < DIRS_MAX; n++) {
		snprintf(g->dir, sizeof(g->dir), "gcov.%d", n);
		if (mkdirat(job->run->out.dir_fd, g->dir, 0755) == 0)
			return guestdir_add(&job->guest.tree, g->dir, err);
		if (errno != EEXIST)
			break;
	}
	return err_errno(err, "%s/%s", job->run->out.path, g->dir);
}

static void go_on(struct job *job)
{
	job->gather.id = 0;
	switch (job->gather.next) {
	case GATHER_STOP:
		steps_stop(job);
		break;
	case GATHER_KILL:
		job_kill_guest(job);
		break;
	case GATHER_REBOOT:
		calls_reboot(job);
		break;
	}
}

static void failed(struct job *job, const char *why)
{
	trial_note(&job->trial, "ktest: the coverage of %s is lost: %.300s", job->guest.name, why);
	log_warn("the coverage of %s is lost: %s", job->guest.name, why);
	go_on(job);
}

static void ask(struct job *job)
{
	struct gather *g = &job->gather;
	_cleanup_free_ char *to = xasprintf("/host%s/%s", job->run->out.path, g->dir);
	struct frame_writer w;

	g->id = ++job->next_id;
	job_set_phase(job, JOB_GATHER);
	job_deadline(job, job_scale(job, GATHER_NS));
	job_begin_frame(job, &w, FRAME_GATHER, g->id);
	frame_add(&w, "from", SOURCE);
	frame_add(&w, "to", to);
	frame_add(&w, "suffix", ".gcda");
	job_send(job, &w);
}

void gather_then(struct job *job, enum gather_next next)
{
	struct err err = {0};

	job->gather.next = next;
	if (job->gather.taken || job->run->interrupted || job->run->err.code || !wanted(job)) {
		go_on(job);
		return;
	}
	job->gather.taken = true;
	if (make_dir(job, &err) < 0)
		failed(job, err.msg);
	else
		ask(job);
}

bool gather_answered(struct job *job, const struct frame *f)
{
	struct gather *g = &job->gather;
	int64_t files = frame_get_int(f, "files", 0), error = frame_get_int(f, "error", EIO);
	const char *message = frame_get(f, "message");
	struct err err = {0};

	if (job->phase != JOB_GATHER || !g->id || frame_get_int(f, "id", -1) != g->id)
		return false;
	trial_event(&job->trial, "coverage",
		    json_pack("{s:s, s:s, s:I}", "guest", job->guest.name, "dir", g->dir, "files",
			      (json_int_t)files));
	if (error)
		failed(job, message ? message : "no reason given");
	else if (guestdir_take(&job->guest.tree, g->dir, &err) < 0)
		failed(job, err.msg);
	else
		go_on(job);
	return true;
}

void gather_late(struct job *job)
{
	job->gather.next = GATHER_KILL;
	failed(job, "it was not copied in time");
}

void gather_ended(struct job *job)
{
	if (!job->gather.taken && wanted(job) && job->trial.progressed && !job->run->interrupted &&
	    !job->trial.cancelled)
		log_warn("the coverage of %s is lost: its kernel ended without notice",
			 job->guest.name);
	job->gather.taken = false;
}
