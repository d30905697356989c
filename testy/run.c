// SPDX-License-Identifier: GPL-2.0-only
#include "testy/run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/proc.h"
#include "result/outdir.h"
#include "run/settings.h"
#include "testy/verdict.h"

/* ktest needs a moment to end its guests. */
#define GRACE_NS  (20 * NSEC_PER_SEC)
#define RESUME_NS (5 * NSEC_PER_SEC)

/* A job that is running. */
struct slot {
	struct pool *pool;
	const struct testy_job *job;
	pid_t pid; /* 0: free */
	int log_fd;
	int64_t started_ns;
	bool flooded;
};

struct pool {
	const struct testy_jobs *jobs;
	const struct testy_settings *s;
	const struct testy_ui *ui;
	struct loop *loop;
	struct loop_source *tick;
	struct slot *slots;
	size_t nslots, next, running;
	int interrupted; /* the signal */
	int64_t started_ns, kill_ns, resumed_ns;
	size_t done;
	struct verdict_counts counts;
};

/* ---- what it shows */

static size_t failures(const struct pool *p)
{
	return p->counts.n[VERDICT_FAIL] + p->counts.n[VERDICT_ERROR] + p->counts.n[VERDICT_MISS];
}

static void show_progress(const struct pool *p)
{
	const char *name = NULL;

	for (size_t i = 0; i < p->nslots && !name; i++)
		if (p->slots[i].pid)
			name = p->slots[i].job->name;
	if (p->ui->progress && name)
		p->ui->progress(p->ui->arg, name, p->done, failures(p),
				loop_now_ns() - p->started_ns);
}

static void on_outcome(void *arg, const struct testy_outcome *o)
{
	struct pool *p = arg;

	p->counts.n[o->verdict]++;
	p->done++;
	if (p->ui->outcome)
		p->ui->outcome(p->ui->arg, o);
}

/* ---- starting */

/* What an earlier run left at this place must not be taken for what this one says. */
static int clear_output(const struct testy_job *j, struct err *err)
{
	static const char *const stale[] = {"journal.jsonl", "results.json", "out"};
	int r = mkdir_p(j->dir, 0755, err);

	for (size_t i = 0; i < ARRAY_SIZE(stale) && r == 0; i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", j->dir, stale[i]);

		r = rm_rf(path, err);
	}
	return r;
}

static bool is_ours(const char *entry)
{
	return str_starts(entry, "ktest_priority=") || str_starts(entry, "ktest_out=");
}

static void make_env(const struct pool *p, const struct testy_job *j, struct strv *env)
{
	for (char **e = environ; *e; e++)
		if (!is_ours(*e))
			strv_add(env, *e);
	strv_addf(env, "ktest_priority=%" PRId64, p->s->priority);
	strv_addf(env, "ktest_out=%s", j->dir);
}

static int start_process(struct pool *p, struct slot *slot, struct err *err)
{
	const struct testy_job *j = slot->job;
	_cleanup_free_ char *command = strv_join(&j->argv, " ");
	_cleanup_strv_ struct strv env = {0};
	struct proc_spec spec = PROC_SPEC(&j->argv);
	int r = clear_output(j, err);

	if (r < 0)
		return r;
	log_debug("starting %s", command);
	slot->log_fd = open(j->log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	if (slot->log_fd < 0)
		return err_errno(err, "%s", j->log);
	if (j->kind == TESTY_PROGRAM) {
		make_env(p, j, &env);
		spec.env = env.v;
	}
	spec.file = j->kind == TESTY_PROGRAM ? p->s->keeper : p->s->program;
	spec.fd_out = slot->log_fd;
	spec.fd_err = slot->log_fd;
	spec.own_session = true;
	return proc_spawn(&spec, &slot->pid, err);
}

static void on_child(void *arg, pid_t pid, int status);

/* A test that cannot be started has no verdict; its log says why. */
static void start_failed(struct pool *p, struct slot *slot, const struct err *err)
{
	_cleanup_free_ char *line = xasprintf("testy: %s\n", err->msg);

	if (slot->log_fd >= 0 && fd_write_all(slot->log_fd, line, strlen(line)) < 0)
		log_warn("%s", err->msg);
	testy_verdicts(slot->job, p->s, 0, err->msg, 0, on_outcome, p);
}

static void slot_free(struct slot *slot)
{
	if (slot->log_fd >= 0)
		close(slot->log_fd);
	slot->log_fd = -1;
	slot->pid = 0;
}

static void start_in(struct pool *p, struct slot *slot)
{
	struct err err = {0};

	*slot = (struct slot){.pool = p,
			      .job = &p->jobs->v[p->next++],
			      .log_fd = -1,
			      .started_ns = loop_now_ns()};
	if (start_process(p, slot, &err) < 0) {
		start_failed(p, slot, &err);
		slot_free(slot);
		return;
	}
	p->running++;
	loop_child(p->loop, slot->pid, on_child, slot);
}

static void fill_slots(struct pool *p)
{
	for (size_t i = 0; i < p->nslots; i++)
		while (!p->slots[i].pid && p->next < p->jobs->n && !p->interrupted)
			start_in(p, &p->slots[i]);
	if (!p->running)
		loop_quit(p->loop);
	else
		show_progress(p);
}

/* ---- ending */

static void on_child(void *arg, pid_t pid, int status)
{
	struct slot *slot = arg;
	struct pool *p = slot->pool;
	const char *cut_off = slot->flooded ? "its output was more than 1 GiB" : NULL;

	/* What it left in its session: the keeper has ended what it knew of. */
	kill(-pid, SIGKILL);
	if (p->interrupted)
		cut_off = "interrupted";
	testy_verdicts(slot->job, p->s, status, cut_off,
		       (loop_now_ns() - slot->started_ns) / NSEC_PER_MSEC, on_outcome, p);
	slot_free(slot);
	p->running--;
	fill_slots(p);
}

static void signal_all(const struct pool *p, int signo)
{
	for (size_t i = 0; i < p->nslots; i++) {
		pid_t pid = p->slots[i].pid;

		if (pid)
			kill(signo == SIGKILL ? -pid : pid, signo);
	}
}

static void on_signal(void *arg, int signo, pid_t sender)
{
	struct pool *p = arg;

	(void)sender;
	if (p->interrupted)
		return;
	p->interrupted = signo;
	p->kill_ns = loop_now_ns() + GRACE_NS;
	/* A keeper ends all at once; ktest ends its guests, and writes its results. */
	signal_all(p, SIGTERM);
}

/* Ctrl-Z: ktest holds its guests, and a keeper what the program started. */
static void on_suspend(void *arg, int signo, pid_t sender)
{
	struct pool *p = arg;

	(void)signo;
	(void)sender;
	signal_all(p, SIGTSTP);
	loop_stop_process();
	signal_all(p, SIGCONT);
	p->resumed_ns = loop_now_ns();
}

static void check_flood(struct slot *slot)
{
	struct stat st;

	if (!slot->pid || slot->flooded || fstat(slot->log_fd, &st) < 0 ||
	    (uint64_t)st.st_size <= DEFAULT_LOG_LIMIT)
		return;
	slot->flooded = true;
	kill(slot->pid, SIGTERM);
}

static void on_tick(void *arg)
{
	struct pool *p = arg;

	for (size_t i = 0; i < p->nslots; i++)
		check_flood(&p->slots[i]);
	/* A ktest whose guest was slow to stand still stops after we went on. */
	if (p->resumed_ns && loop_now_ns() - p->resumed_ns < RESUME_NS)
		signal_all(p, SIGCONT);
	if (p->interrupted && loop_now_ns() >= p->kill_ns)
		signal_all(p, SIGKILL);
	show_progress(p);
	loop_timer_set(p->tick, loop_now_ns() + NSEC_PER_SEC);
}

/* ---- all of it */

static int run_pool(struct pool *p, struct err *err)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	int r = loop_new(&p->loop, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		loop_signal(p->loop, signals[i], on_signal, p);
	loop_signal(p->loop, SIGTSTP, on_suspend, p);
	p->started_ns = loop_now_ns();
	p->tick = loop_timer(p->loop, p->started_ns + NSEC_PER_SEC, on_tick, p);
	fill_slots(p);
	if (p->running)
		r = loop_run(p->loop);
	loop_free(p->loop);
	return r < 0 ? err_set(err, r, "waiting for the tests: %s", strerror(-r)) : 0;
}

/* out/ goes with all that is in it: only where a run of ours has put it. */
static int check_output(const char *dir, struct err *err)
{
	_cleanup_free_ char *lock = xasprintf("%s/.lock", dir);
	_cleanup_free_ char *out = xasprintf("%s/out", dir);

	if (!path_exists(out) || path_exists(lock))
		return 0;
	return err_usage(err, "-o %s: its out/ is none of testy's and would be removed", dir);
}

static int prepare_output(const struct testy_settings *s, struct outdir *o, struct err *err)
{
	_cleanup_free_ char *out = xasprintf("%s/out", s->out);
	int r = check_output(s->out, err);

	if (r == 0)
		r = outdir_open(s->out, o, err);
	if (r == 0)
		r = rm_rf(out, err);
	return r < 0 ? r : mkdir_p(out, 0755, err);
}

int testy_run(const struct testy_jobs *jobs, const struct testy_settings *s,
	      const struct testy_ui *ui, int *exit_status, struct err *err)
{
	struct pool p = {.jobs = jobs, .s = s, .ui = ui};
	struct outdir out = {.lock_fd = -1, .out_fd = -1};
	int r = prepare_output(s, &out, err);

	if (r == 0) {
		p.nslots = (size_t)s->jobs < jobs->n ? (size_t)s->jobs : jobs->n;
		p.slots = xcalloc(p.nslots, sizeof(*p.slots));
		r = run_pool(&p, err);
		free(p.slots);
	}
	outdir_close(&out);
	*exit_status = p.interrupted ? EXIT_INTERRUPTED : verdict_exit(&p.counts);
	return r;
}
