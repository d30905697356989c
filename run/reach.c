// SPDX-License-Identifier: GPL-2.0-only
/* A job's guest for other processes: its control socket, what is done by it, and the guest that
 * stays. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "reach/guests.h"
#include "run/gather.h"
#include "run/job.h"

/* For the agent's answer, before the speed factor. */
#define PATIENCE_NS (15 * NSEC_PER_SEC)

bool reach_timed(const struct job *job)
{
	/* Its end is ours to see to. */
	return !job->trial.untimed || job->phase == JOB_GATHER || job->phase == JOB_TROUBLE ||
	       job->phase == JOB_STOP;
}

/* ---- what the control socket needs */

static int send_frame(void *arg, struct frame_writer *w, struct err *err)
{
	struct job *job = arg;

	return vm_send(job->vm, w, err);
}

static uint32_t new_id(void *arg)
{
	struct job *job = arg;

	return ++job->next_id;
}

static void ask_qmp(void *arg, const char *command, json_t *arguments, qmp_reply_fn *fn,
		    void *fn_arg)
{
	struct job *job = arg;

	vm_qmp(job->vm, command, arguments, fn, fn_arg);
}

static void type(void *arg, const char *data, size_t len)
{
	struct job *job = arg;

	vm_type(job->vm, data, len);
}

static bool is_stopped(void *arg)
{
	struct job *job = arg;

	return job->vm && vm_stopped(job->vm);
}

static void debugged(void *arg)
{
	struct job *job = arg;

	job->trial.untimed = true;
	trial_limit(&job->trial, INT64_MAX);
	if (!reach_timed(job))
		job_deadline(job, INT64_MAX);
}

/* "" where there is one, or nothing says that there is none. */
static const char *why_no_kgdb(const struct job *job)
{
	_cleanup_free_ char *on =
		kernel_config_get(&job->file->kernel->kernel, "KGDB_SERIAL_CONSOLE");

	if (on && strcmp(on, "y") != 0)
		return "the kernel has no CONFIG_KGDB_SERIAL_CONSOLE";
	if (job->guest.config.kgdb)
		return "";
	return job->run->settings->interactive
		       ? "this architecture's machine has no second serial port"
		       : "the guest was not started by boot or run -I";
}

/* The directories with files of modules: the kernel's own, and those built for the test. */
static void describe_modules(const struct job *job, struct frame_writer *w)
{
	const struct kernel *k = &job->file->kernel->kernel;
	_cleanup_strv_ struct strv dirs = {0};
	_cleanup_free_ char *text = NULL;

	if (k->modules)
		strv_add(&dirs, k->modules);
	strv_cat(&dirs, &job->plan->extmods);
	text = strv_join(&dirs, " ");
	frame_add(w, "modules", text);
}

static const char *phase_of(struct job *job)
{
	if (job->dead)
		return "dead";
	return is_stopped(job) ? "stopped" : job_phase_name(job->phase);
}

static void describe(void *arg, struct frame_writer *w)
{
	struct job *job = arg;
	const struct kernel *k = &job->file->kernel->kernel;

	frame_add(w, "name", job->guest.name);
	frame_add_int(w, "pid", getpid());
	frame_add(w, "test", job->file->base);
	frame_add(w, "subtest", job->trial.cur.subtest ? job->trial.cur.subtest->name : "");
	frame_add(w, "phase", phase_of(job));
	frame_add_int(w, "seconds", (loop_now_ns() - job->run->start_ns) / NSEC_PER_SEC);
	frame_add(w, "kernel", k->name);
	frame_add(w, "release", k->release);
	frame_add(w, "kernel_dir", k->dir ? k->dir : "");
	frame_add(w, "vmlinux", k->vmlinux ? k->vmlinux : "");
	describe_modules(job, w);
	frame_add(w, "arch", job->file->arch->name);
	frame_add(w, "no_kgdb", why_no_kgdb(job));
	frame_add(w, "out", job->run->out.path);
}

/* Who kills it does not want the rest in another one. */
static void kill_guest(void *arg)
{
	struct job *job = arg;

	if (job->phase == JOB_STOP || job->phase == JOB_DONE)
		return;
	if (job->run->settings->interactive)
		reach_end(job);
	else
		trouble(job, VERDICT_MISS, "lost", "the guest was killed by ktest kill", false);
}

void reach_open(struct job *job)
{
	const struct control_guest guest = {
		.dir = job->guest.dir,
		.patience_ns = job_scale(job, PATIENCE_NS),
		.send = send_frame,
		.new_id = new_id,
		.qmp = ask_qmp,
		.type = type,
		.stopped = is_stopped,
		.debugged = debugged,
		.describe = describe,
		.kill = kill_guest,
		.arg = job,
	};
	struct err err = {0};

	if (control_open(job->run->loop, &guest, &job->control, &err) < 0 ||
	    guests_add(job->run->settings->cache, job->guest.name, job->guest.dir, &err) < 0)
		log_warn("the guest cannot be reached by other commands: %s", err.msg);
}

void reach_close(struct job *job)
{
	const struct run_ui *ui = job->run->ui;

	if (job->guest.name)
		guests_remove(job->run->settings->cache, job->guest.name);
	if (job->shown && ui->gone)
		ui->gone(ui->arg);
	job->shown = false;
	control_free(job->control);
	job->control = NULL;
}

/* ---- the guest that stays */

static void show(struct job *job)
{
	const struct run_ui *ui = job->run->ui;
	int fd[2];

	if (!ui->stay || !job->control || job->shown)
		return;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0) {
		log_warn("no shell: %s", strerror(errno));
		return;
	}
	job->shown = true;
	control_join(job->control, fd[0]);
	ui->stay(ui->arg, job->run->loop, fd[1]);
}

bool reach_is_users(const struct job *job)
{
	const struct settings *s = job->run->settings;

	return s->interactive && !s->until_failure;
}

bool reach_stays(const struct job *job)
{
	bool failed = false;

	for (size_t i = 0; i < job->file->n; i++) {
		enum verdict v = job->file->subtests[i].verdict;

		failed |= v != VERDICT_NONE && v != VERDICT_PASS && v != VERDICT_SKIP;
	}
	return reach_is_users(job) || (job->run->settings->until_failure && failed);
}

void reach_stay(struct job *job, bool dead)
{
	job->trial.untimed = true;
	job->trial.given_up = true; /* from here on it is its user's */
	job->dead = dead;
	job->panic_ns = 0;
	job_set_phase(job, JOB_STAY);
	job_deadline(job, INT64_MAX);
	trial_limit(&job->trial, INT64_MAX);
	if (dead) {
		trial_note(&job->trial,
			   "ktest: the guest is stopped (%s) and stays to be looked at",
			   job->trouble_reason);
		if (job->control)
			control_ready(job->control, false,
				      "the guest is stopped: it has no shell any more");
	}
	conlog_flush(job->trial.log, &job->run->err);
	show(job);
}

void reach_end(struct job *job)
{
	job->run->ended = true;
	if (job->dead)
		job_kill_guest(job);
	else
		gather_then(job, GATHER_KILL);
}
