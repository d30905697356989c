// SPDX-License-Identifier: GPL-2.0-only
/* What all parts of a job use: its phase, its deadlines, its records, its words to the agent. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "run/job.h"

const char *job_phase_name(enum job_phase phase)
{
	static const char *const names[] = {
		[JOB_BOOT] = "boot",	    [JOB_SETUP] = "boot",    [JOB_INIT] = "init",
		[JOB_RUN] = "run",	    [JOB_REBOOT] = "reboot", [JOB_STAY] = "stay",
		[JOB_TROUBLE] = "evidence", [JOB_STOP] = "stop",     [JOB_DONE] = "done",
	};

	return names[phase];
}

void job_progress(struct job *job)
{
	const struct run_ui *ui = job->run->ui;
	struct run_progress p = {
		.file = job->file->base,
		.subtest = job->cur.subtest ? job->cur.subtest->name : NULL,
		.phase = job_phase_name(job->phase),
		.elapsed_ns = loop_now_ns() - job->run->start_ns,
	};

	if (!ui->progress)
		return;
	for (size_t i = 0; i < job->run->plan.n; i++) {
		const struct test_file *f = &job->run->plan.files[i];

		p.total += f->n;
		p.done += f->n - plan_pending(f);
		for (size_t k = 0; k < f->n; k++)
			p.failed += f->subtests[k].done && f->subtests[k].verdict != VERDICT_PASS &&
				    f->subtests[k].verdict != VERDICT_SKIP;
	}
	ui->progress(ui->arg, &p);
}

void job_set_phase(struct job *job, enum job_phase phase)
{
	job->phase = phase;
	job_progress(job);
}

void job_deadline(struct job *job, int64_t ns)
{
	if (!reach_timed(job))
		ns = INT64_MAX;
	loop_timer_set(job->deadline, ns == INT64_MAX ? INT64_MAX : loop_now_ns() + ns);
}

void job_limit(struct job *job, int64_t ns)
{
	if (!reach_timed(job))
		ns = INT64_MAX;
	loop_timer_set(job->limit, ns == INT64_MAX ? INT64_MAX : loop_now_ns() + ns);
}

int64_t job_scale(const struct job *job, int64_t ns)
{
	return (int64_t)((double)ns * job->run->base.accel.speed_factor);
}

void job_event(struct job *job, const char *ev, json_t *fields)
{
	struct run *run = job->run;

	json_object_set_new(fields, "file", json_string(job->file->base));
	if (run->err.code)
		json_decref(fields);
	else
		journal_event(run->journal, ev, fields, &run->err);
}

void job_guest_event(struct job *job, const char *state, const char *reason)
{
	json_t *f = json_pack("{s:s, s:s, s:s, s:s}", "guest", job->guest.name, "group",
			      job->guest.name, "kernel", job->file->kernel->id, "state", state);

	if (reason)
		json_object_set_new(f, "reason", json_string_lossy(reason));
	job_event(job, "guest", f);
}

/* A line of ours in the logs. */
void job_note(struct job *job, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&b, fmt, ap);
	va_end(ap);
	conlog_note(job->log, &job->run->err, "%s", b.s);
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
