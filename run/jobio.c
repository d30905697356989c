// SPDX-License-Identifier: GPL-2.0-only
/* What all parts of a job use: its phase, its deadlines, its records, its words to the agent. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "run/hostroom.h"
#include "run/job.h"

/* Between two looks at a guest's memory, since such a look costs milliseconds. */
#define WEIGH_NS (4 * NSEC_PER_SEC)

const char *job_phase_name(enum job_phase phase)
{
	static const char *const names[] = {
		[JOB_BOOT] = "boot", [JOB_SETUP] = "boot",    [JOB_INIT] = "init",
		[JOB_RUN] = "run",   [JOB_REBOOT] = "reboot", [JOB_TROUBLE] = "evidence",
		[JOB_STOP] = "stop", [JOB_DONE] = "done",     [JOB_GATHER] = "coverage",
		[JOB_STAY] = "stay", [JOB_SAVE] = "save",     [JOB_RESTORE] = "restore",
	};

	return names[phase];
}

void job_set_phase(struct job *job, enum job_phase phase)
{
	job->phase = phase;
	trial_phase(&job->trial, job_phase_name(phase));
}

void job_deadline(struct job *job, int64_t ns)
{
	if (!reach_timed(job))
		ns = INT64_MAX;
	loop_timer_set(job->deadline, ns == INT64_MAX ? INT64_MAX : loop_now_ns() + ns);
}

void job_weigh(struct job *job)
{
	struct trial *t = &job->trial;

	if (!job->vm || loop_now_ns() - job->weighed_ns < WEIGH_NS)
		return;
	job->weighed_ns = loop_now_ns();
	t->unit->own_mib = hostroom_own_mib(vm_pid(job->vm));
	if (t->unit->own_mib > t->peak_mib)
		t->peak_mib = t->unit->own_mib;
}

int64_t job_scale(const struct job *job, int64_t ns)
{
	return (int64_t)((double)ns * job->file->speed_factor);
}

void job_guest_event(struct job *job, const char *state, const char *reason)
{
	json_t *f = json_pack("{s:s, s:s, s:s, s:s}", "guest", job->guest.name, "group",
			      job->guest.name, "kernel", job->file->kernel->id, "state", state);

	if (reason)
		json_object_set_new(f, "reason", json_string_lossy(reason));
	if (!strcmp(state, "start") && job->guest.config.state)
		json_object_set_new(f, "template", json_string(job->guest.saved->key));
	trial_event(&job->trial, "guest", f);
}

/* One frame is built at a time, and sent before the next is begun. */
void job_begin_frame(struct job *job, struct frame_writer *w, uint16_t type, uint32_t id)
{
	static char buf[FRAME_HEADER_SIZE + FRAME_PAYLOAD_MAX];

	(void)job;
	frame_begin(w, buf, sizeof(buf), type);
	frame_add_int(w, "id", id);
}

void job_send(struct job *job, struct frame_writer *w)
{
	struct err err = {0};

	if (vm_send(job->vm, w, &err) < 0)
		trouble(job, VERDICT_MISS, "lost", err.msg, false);
}
