// SPDX-License-Identifier: GPL-2.0-only
#include "run/jobs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "run/again.h"
#include "run/estimate.h"
#include "run/hostjob.h"
#include "run/job.h"
#include "run/schedule.h"

/* What a unit has while it runs. */
struct running {
	struct run *run;
	struct unit *unit;
	int log;	     /* out/BASE */
	struct trial *trial; /* of the job */
	union {
		struct job guests;
		struct hostjob host;
	} job;
};

/* ---- units */

static void boot_instead(struct unit *u)
{
	u->isolation = ISOLATION_BOOT;
}

static void add_unit(struct run *run, struct test_file *f, size_t first, size_t n,
		     struct unit *after)
{
	struct unit u = {
		.file = f,
		.plan = f->needs.no_vm ? NULL : &run->plans[f - run->plan.files],
		.first = first,
		.n = n,
		.isolation = f->isolation,
		.after = after,
		.without = after ? boot_instead : NULL,
	};

	for (size_t i = 0; i < unit_count(&u); i++) {
		const struct subtest *s = unit_subtest(&u, i);

		if (!s->done && s->confirming)
			u.isolation = ISOLATION_BOOT;
		if (!s->done)
			u.round = s->round;
	}
	/* A run that goes on may have more rounds ahead than the one before. */
	if (!unit_pending(&u) && f->n && !again_next(run->settings, &u))
		return;
	estimate_unit(&u);
	schedule_add(run->schedule, &u);
}

/* What makes the template of a file, where that is not there yet; files may share it. */
static struct unit *add_template(struct run *run, struct test_file *f)
{
	const struct guest_plan *plan = &run->plans[f - run->plan.files];
	struct template *t = plan->template;
	struct unit u = {.file = f, .plan = plan, .isolation = f->isolation, .saves = true};

	if (f->isolation != ISOLATION_CLONE || !t || t->there)
		return NULL;
	estimate_unit(&u);
	if (!t->maker)
		t->maker = schedule_add(run->schedule, &u);
	return t->maker;
}

/* Whether its subtests are one unit; else each is. */
static bool is_one_unit(const struct test_file *f)
{
	return f->isolation == ISOLATION_SHARED || !f->n;
}

static void add_units(struct run *run, struct test_file *f)
{
	struct unit *after;

	if (!again_due(run->settings, f))
		return;
	if (is_one_unit(f)) {
		add_unit(run, f, 0, UNIT_WHOLE, NULL);
		return;
	}
	after = add_template(run, f);
	for (size_t i = 0; i < f->n; i++)
		add_unit(run, f, i, 1, after);
}

/* An image that is written is one guest's at a time. */
static void order_images(const struct run *run)
{
	size_t n;
	struct unit *const *units = schedule_units(run->schedule, &n);
	struct unit *last = NULL;

	for (size_t i = 0; i < n; i++) {
		if (!units[i]->file->needs.rw_images.n)
			continue;
		units[i]->after = last;
		last = units[i];
	}
}

/* Whether no other unit writes to the log of u's file. */
static bool is_sole(const struct run *run, const struct unit *u)
{
	size_t n, same = 0;
	struct unit *const *units = schedule_units(run->schedule, &n);

	for (size_t i = 0; i < n; i++)
		same += units[i]->file == u->file;
	return same == 1;
}

/* ---- a unit's job */

static void list_trial(struct run *run, struct trial *t)
{
	run->trials = xrealloc(run->trials, (run->ntrials + 1) * sizeof(struct trial *));
	run->trials[run->ntrials++] = t;
}

static void unlist_trial(struct run *run, const struct trial *t)
{
	for (size_t i = 0; i < run->ntrials; i++) {
		if (run->trials[i] != t)
			continue;
		memmove(&run->trials[i], &run->trials[i + 1],
			(run->ntrials - i - 1) * sizeof(struct trial *));
		run->ntrials--;
		return;
	}
}

static void on_done(void *arg)
{
	struct running *r = arg;

	unlist_trial(r->run, r->trial);
	schedule_ended(r->run->schedule, r->unit);
}

static int open_log(struct running *r, struct err *err)
{
	struct run *run = r->run;
	const struct unit *u = r->unit;
	int ret;

	r->log = outdir_file_log(&run->out, u->file->base, err);
	if (r->log < 0)
		return r->log;
	ret = block_new(run->blocks, r->log, is_sole(run, u), &r->trial->block, err);
	if (ret < 0)
		close(r->log);
	return ret;
}

static void start(void *arg, struct unit *u)
{
	struct run *run = arg;
	struct running *r = xcalloc(1, sizeof(*r));

	*r = (struct running){.run = run, .unit = u};
	r->trial = unit_on_host(u) ? &r->job.host.trial : &r->job.guests.trial;
	*r->trial = (struct trial){
		.run = run, .unit = u, .file = u->file, .done = on_done, .done_arg = r};
	if (open_log(r, &run->err) < 0) {
		free(r);
		schedule_ended(run->schedule, u);
		return;
	}
	u->job = r;
	list_trial(run, r->trial);
	if (unit_on_host(u))
		hostjob_start(&r->job.host);
	else
		job_start(&r->job.guests);
}

/* It is not held against the subtest, which is started anew later. */
static void note_leaving(struct trial *t)
{
	json_t *f = json_pack("{s:s?, s:s}", "guest", t->guest, "reason", "memory");

	if (t->cur.subtest) {
		json_object_set_new(f, "subtest", json_string(t->cur.subtest->name));
		json_object_set_new(f, "attempt", json_integer(t->cur.subtest->attempt));
	}
	if (t->log)
		trial_note(t, "ktest: the host's memory runs short: this guest is stopped, and "
			      "started again when there is room");
	trial_event(t, "put_back", f);
}

static void cancel(void *arg, struct unit *u)
{
	struct running *r = u->job;

	(void)arg;
	if (u->leaving)
		note_leaving(r->trial);
	if (unit_on_host(u))
		hostjob_cancel(&r->job.host);
	else
		job_cancel(&r->job.guests);
}

static void free_running(struct running *r)
{
	if (unit_on_host(r->unit))
		hostjob_done(&r->job.host);
	else
		job_done(&r->job.guests);
	block_free(r->trial->block);
	close(r->log);
	free(r);
}

/* What the others of its file wait for may be less than was declared. */
static void estimate_others(const struct run *run, const struct test_file *f)
{
	size_t n;
	struct unit *const *units = schedule_units(run->schedule, &n);

	for (size_t i = 0; i < n; i++)
		if (units[i]->file == f && units[i]->state == UNIT_WAITING)
			estimate_unit(units[i]);
}

/* What it takes may be known better by now. */
static bool redone(struct unit *u)
{
	int64_t mem_mib = u->mem_mib;

	estimate_unit(u);
	if (mem_mib > u->mem_mib)
		u->mem_mib = mem_mib;
	return true;
}

/* Whether it is to run once more. */
static bool is_due(const struct run *run, struct unit *u)
{
	if (!run_goes_on(run))
		return false;
	if (u->saves)
		return u->leaving && !u->plan->template->there && !u->amiss;
	if (unit_pending(u) || (u->leaving && u->file->needs.tests_unknown && !u->file->n))
		return u->leaving;
	if (u->file->broken)
		return false;
	return again_next(run->settings, u) && redone(u);
}

static bool ended(void *arg, struct unit *u)
{
	struct run *run = arg;
	struct running *r = u->job;

	u->job = NULL;
	if (r) {
		if (estimate_grown(u, r->trial->peak_mib))
			estimate_others(run, u->file);
		free_running(r);
	}
	if (!run_goes_on(run))
		schedule_stop(run->schedule, NULL);
	return is_due(run, u);
}

static void look(void *arg, struct hostroom *room)
{
	(void)arg;
	hostroom_read(room);
}

/* ---- all of them */

void jobs_link(struct run *run)
{
	const char *dir = NULL;

	for (size_t i = 0; i < run->ntrials; i++)
		if (run->trials[i]->vm_dir)
			dir = run->trials[i]->vm_dir;
	outdir_link(&run->out, "vm", dir, NULL);
}

/* What there can be one of only at a time. */
static const char *why_alone(const struct settings *s)
{
	return s->until_failure		   ? "-S"
	       : s->interactive		   ? "-I"
	       : s->gdb_wait		   ? "--gdb-wait"
	       : s->forwards.n		   ? "--forward"
	       : str_eq(s->network, "vde") ? "-n vde"
					   : NULL;
}

static void choose_limits(const struct settings *s, struct schedule_limits *limits)
{
	const char *alone = why_alone(s);

	*limits = (struct schedule_limits){.jobs = (size_t)s->jobs};
	if (alone && s->jobs > 1)
		log_note("%s: one guest at a time", alone);
	if (alone) {
		limits->jobs = 1;
	} else if (!s->jobs) {
		limits->cpus = hostroom_cpus();
		limits->jobs = (size_t)limits->cpus;
	}
}

/* One unit alone needs no buffers. */
static size_t count_units(const struct run *run)
{
	size_t n = 0;

	for (size_t i = 0; i < run->plan.n; i++)
		n += is_one_unit(&run->plan.files[i]) ? 1 : run->plan.files[i].n;
	return n;
}

static int open_blocks(struct run *run)
{
	const struct run_ui *ui = run->ui;

	return blocks_new(run->base.run_dir, run->several, ui->live, ui->arg, &run->blocks,
			  &run->err);
}

void jobs_run(struct run *run)
{
	const struct schedule_ops ops = {start, cancel, ended, look, run};
	struct schedule_limits limits;

	choose_limits(run->settings, &limits);
	run->several = limits.jobs > 1 && count_units(run) > 1;
	if (!run->several)
		limits.jobs = 1;
	if (!run_goes_on(run) || open_blocks(run) < 0)
		return;
	if (run->several || run->ui->progress)
		estimate_read(run);
	run->schedule = schedule_new(run->loop, &ops, &limits);
	for (size_t i = 0; i < run->plan.n; i++)
		add_units(run, &run->plan.files[i]);
	order_images(run);
	schedule_run(run->schedule);
	schedule_free(run->schedule);
	run->schedule = NULL;
	blocks_free(run->blocks);
	run->blocks = NULL;
	free(run->trials);
	run->trials = NULL;
}

void jobs_cancel(struct run *run, const struct unit *spared)
{
	if (run->schedule)
		schedule_stop(run->schedule, spared);
}
