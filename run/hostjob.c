// SPDX-License-Identifier: GPL-2.0-only
#include "run/hostjob.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "run/testenv.h"

#define INIT_NS (300 * NSEC_PER_SEC)
#define TICK_NS (NSEC_PER_SEC / 2)

static void next(struct hostjob *job);

/* ---- before anything runs */

int hostjob_check(const struct test_file *f, struct err *err)
{
	const struct needs *n = &f->needs;
	const struct {
		size_t wanted;
		const char *declaration;
	} rows[] = {
		{n->nscratch, "config-scratch-devs"},
		{n->nslow, "config-scratch-slowdevs"},
		{n->npmem, "config-pmem-devs"},
		{n->images.n, "config-image"},
		{n->rw_images.n, "config-rw-image"},
		{n->kernel_modules.n, "require-kernel-module"},
		{n->make_install.n, "require-make"},
		{n->build_deb.n, "require-build-deb"},
		{n->gcov.n, "require-gcov"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].wanted)
			return err_set(err, ENOTSUP,
				       "%s declares config-no-vm and %s, which needs a VM", n->path,
				       rows[i].declaration);
	return 0;
}

/* ---- phases and ends */

static void set_phase(struct hostjob *job, enum hostjob_phase phase)
{
	static const char *const names[] = {
		[HOSTJOB_INIT] = "init",
		[HOSTJOB_RUN] = "run",
		[HOSTJOB_ENDING] = "stop",
		[HOSTJOB_DONE] = "done",
	};

	job->phase = phase;
	trial_phase(&job->trial, names[phase]);
}

static void finish(struct hostjob *job)
{
	loop_timer_set(job->tick, INT64_MAX);
	trial_limit(&job->trial, INT64_MAX);
	set_phase(job, HOSTJOB_DONE);
	job->trial.done(job->trial.done_arg);
}

/* What runs is not to go on; reason NULL: nor is the run. */
static void end(struct hostjob *job, enum verdict v, const char *reason, const char *title)
{
	if (job->phase == HOSTJOB_ENDING || job->phase == HOSTJOB_DONE)
		return;
	job->verdict = v;
	job->reason = reason;
	str_set(&job->title, title);
	trial_limit(&job->trial, INT64_MAX);
	set_phase(job, HOSTJOB_ENDING);
	hostproc_end(job->proc);
}

/* A file of unknown subtests may have more than it named. */
static void miss_rest(struct trial *t, enum verdict v, const char *reason, const char *title)
{
	if (t->file->needs.tests_unknown)
		outside_failed(t, v, reason, title);
	subtest_miss_all(t, v, reason, title);
}

/* The verdict that end() was called with. */
static void conclude_end(struct hostjob *job)
{
	struct trial *t = &job->trial;

	if (!job->reason)
		return;
	if (t->cur.subtest)
		subtest_end(t, job->verdict, job->reason, job->title, -1, 0);
	else if (job->verdict == VERDICT_ERROR)
		init_failed(t, job->verdict, job->reason, job->title);
	else
		miss_rest(t, job->verdict, job->reason, job->title);
}

static char *mark_path(const struct hostjob *job)
{
	return xasprintf("%s/state/begun", job->dir);
}

static struct ending read_ending(const struct hostjob *job, int status)
{
	_cleanup_free_ char *mark = mark_path(job);

	return (struct ending){
		.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
		.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
		.begun = path_exists(mark) || !job->trial.file->needs.own_library,
	};
}

static void conclude_init(struct hostjob *job, const struct ending *e)
{
	const char *reason;
	char title[120];

	job->ready = e->status == 0;
	if (job->ready)
		return;
	reason = init_judge(e, title, sizeof(title));
	init_failed(&job->trial, VERDICT_ERROR, reason, title);
}

static void conclude_run(struct hostjob *job, const struct ending *e)
{
	if (job->trial.file->control)
		subtest_judge(&job->trial, e);
	else
		ownlib_exited(&job->trial, e->status);
}

/* ---- what the process does */

static void on_output(void *arg, const char *data, size_t len)
{
	struct hostjob *job = arg;
	struct run *run = job->trial.run;

	if (conlog_feed(job->trial.log, data, len, &run->err) < 0)
		end(job, VERDICT_MISS, "disk", run->err.msg);
}

static void on_call(void *arg, const char *verb, const char *word)
{
	struct hostjob *job = arg;
	struct trial *t = &job->trial;
	int64_t seconds = 0;

	if (!strcmp(verb, "skip"))
		str_set(&t->cur.skip, word);
	else if (!strcmp(verb, "watchdog") && str_int(word, 1, INT32_MAX, &seconds) == 0 &&
		 trial_watchdog_ns(t, seconds) && job->phase != HOSTJOB_ENDING)
		trial_limit(t, trial_watchdog_ns(t, seconds));
	else if (!strcmp(verb, "note") && t->cur.log_frames++ < LOG_FRAMES_MAX)
		trial_note(t, "ktest: note: %.500s", word);
}

static void on_ended(void *arg, int status)
{
	struct hostjob *job = arg;
	enum hostjob_phase phase = job->phase;
	struct ending e = read_ending(job, status);

	hostproc_free(job->proc);
	job->proc = NULL;
	conlog_flush(job->trial.log, &job->trial.run->err);
	if (phase == HOSTJOB_ENDING)
		conclude_end(job);
	else if (phase == HOSTJOB_INIT)
		conclude_init(job, &e);
	else
		conclude_run(job, &e);
	next(job);
}

/* What a file with a library of its own says. */
static enum conlog_action on_line(void *arg, const char *line, size_t len)
{
	struct trial *t = arg;
	struct line_event ev;
	enum line_kind kind;
	int64_t ns;

	if (t->cur.subtest)
		ktap_line(t->ktap, line, len);
	if (t->file->control || !t->progressed)
		return CONLOG_KEEP;
	kind = line_parse(line, len, &ev);
	ns = kind == LINE_WATCHDOG ? trial_watchdog_ns(t, ownlib_watchdog_s(t, &ev)) : 0;
	if (ns)
		trial_limit(t, ns);
	return ownlib_line(t, kind, &ev);
}

/* ---- starting it */

static void make_env(const struct hostjob *job, struct strv *env)
{
	const struct run *run = job->trial.run;
	const struct settings *s = run->settings;

	testenv_keep(env, "PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
	testenv_keep(env, "HOME", "/");
	testenv_keep(env, "USER", NULL);
	testenv_keep(env, "LOGNAME", NULL);
	testenv_keep(env, "CC", NULL);
	strv_addf(env, "home=%s", getenv("HOME") ? getenv("HOME") : "/");
	strv_add(env, "ktest_on_host=1");
	strv_addf(env, "ktest_dir=%s", job->trial.file->needs.tree);
	strv_addf(env, "ktest_out=%s", run->out.path);
	strv_addf(env, "ktest_deps_dir=%s", s->deps_dir ? s->deps_dir : "/nonexistent");
	strv_addf(env, "ktest_state=%s/state", job->dir);
	strv_addf(env, "ktest_tmp=%s/tmp", job->dir);
	strv_addf(env, "TMPDIR=%s/tmp", job->dir);
	strv_addv(env, "ktest_kernel_binary=", "ktest_kernel_source=", "ktest_kernel_build=", NULL);
	testenv_run(s, job->trial.file, 0, env);
}

static void give_up(struct hostjob *job, const char *reason, const char *title)
{
	if (job->trial.cur.subtest)
		subtest_end(&job->trial, VERDICT_MISS, reason, title, -1, 0);
	miss_rest(&job->trial, VERDICT_MISS, reason, title);
	finish(job);
}

static void start(struct hostjob *job, const char *phase, const struct strv *subtests)
{
	const struct hostproc_handler handler = {on_output, on_call, on_ended, job};
	const struct settings *s = job->trial.run->settings;
	_cleanup_free_ char *runner = xasprintf("%s/lib/run-guest.sh", s->tree);
	_cleanup_free_ char *cwd = xasprintf("%s/tmp", job->dir);
	_cleanup_strv_ struct strv argv = {0}, env = {0};
	struct hostproc_spec spec = {s->keeper, &argv, &env, cwd, (int)s->nice};
	_cleanup_free_ char *mark = mark_path(job);
	struct err err = {0};

	unlink(mark);
	/* No copy can stand in for it, which finds the files beside it by its own path. */
	if (plan_check_file(job->trial.file, job->trial.file->needs.path, &err) < 0) {
		give_up(job, "changed", err.msg);
		return;
	}
	strv_addv(&argv, "bash", runner, job->trial.file->needs.path, phase, NULL);
	strv_cat(&argv, subtests);
	make_env(job, &env);
	if (hostproc_start(job->trial.run->loop, &spec, &handler, &job->proc, &err) < 0)
		give_up(job, "boot", err.msg);
}

static void start_subtest(struct hostjob *job, struct subtest *s)
{
	_cleanup_strv_ struct strv name = {0};

	if (!subtest_begin(&job->trial, s)) {
		next(job);
		return;
	}
	strv_add(&name, s->name);
	start(job, "run-tests", &name);
}

/* A file with a library or run_tests of its own runs what is left in one go; its output tells of
 * it. */
static void start_rest(struct hostjob *job)
{
	_cleanup_strv_ struct strv names = {0};

	trial_pending_names(&job->trial, &names);
	start(job, "run-tests", &names);
}

static void next(struct hostjob *job)
{
	static const struct strv none;
	struct trial *t = &job->trial;

	if (t->cancelled || t->run->failed_fast || t->run->err.code || t->run->interrupted ||
	    t->file->broken || !trial_pending(t)) {
		finish(job);
		return;
	}
	if (!job->ready) {
		set_phase(job, HOSTJOB_INIT);
		trial_limit(t, INIT_NS);
		start(job, "init", &none);
		return;
	}
	t->progressed = true;
	set_phase(job, HOSTJOB_RUN);
	trial_limit(t, t->file->timeout_ns);
	if (t->file->control)
		start_subtest(job, trial_first_pending(t));
	else
		start_rest(job);
}

/* ---- time */

static void on_limit(void *arg)
{
	struct hostjob *job = arg;
	char title[100];

	if (job->phase == HOSTJOB_INIT) {
		end(job, VERDICT_ERROR, "timeout", "the init hooks did not end in time");
		return;
	}
	trial_late(&job->trial, title, sizeof(title));
	end(job, VERDICT_FAIL, "timeout", job->trial.cur.subtest ? title : NULL);
}

static void on_tick(void *arg)
{
	struct hostjob *job = arg;

	loop_timer_set(job->tick, loop_now_ns() + TICK_NS);
	trial_progress(&job->trial);
	block_sync(job->trial.block, &job->trial.run->err);
	if (trial_space_low(&job->trial))
		end(job, VERDICT_MISS, "disk",
		    "less than 5 % of the host's disk space is left; the test was stopped");
}

/* ---- the job */

static int make_dir(struct hostjob *job, struct err *err)
{
	const struct run *run = job->trial.run;
	_cleanup_free_ char *state = NULL, *tmp = NULL;
	int r;

	job->dir = xasprintf("%s/host%td", run->base.run_dir, job->trial.file - run->plan.files);
	state = xasprintf("%s/state", job->dir);
	tmp = xasprintf("%s/tmp", job->dir);
	r = mkdir_p(state, 0700, err);
	return r < 0 ? r : mkdir_p(tmp, 0700, err);
}

void hostjob_start(struct hostjob *job)
{
	struct run *run = job->trial.run;
	struct err err = {0};

	job->trial.guest = "host";
	job->trial.when = PHASE_INIT;
	job->trial.cur.log_fd = -1;
	job->trial.limit = loop_timer(run->loop, INT64_MAX, on_limit, job);
	job->tick = loop_timer(run->loop, loop_now_ns() + TICK_NS, on_tick, job);
	trial_open_logs(&job->trial, NULL, on_line);
	if (make_dir(job, &err) == 0) {
		next(job);
		return;
	}
	miss_rest(&job->trial, VERDICT_MISS, "disk", err.msg);
	finish(job);
}

void hostjob_cancel(struct hostjob *job)
{
	job->trial.cancelled = true;
	end(job, VERDICT_NONE, NULL, NULL);
}

void hostjob_done(struct hostjob *job)
{
	struct err err = {0};

	hostproc_free(job->proc);
	loop_remove(job->tick);
	trial_done(&job->trial);
	if (job->dir && rm_rf(job->dir, &err) < 0)
		log_warn("%s", err.msg);
	free(job->dir);
	free(job->title);
}
