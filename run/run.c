// SPDX-License-Identifier: GPL-2.0-only
#include "run/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/proc.h"
#include "image/place.h"
#include "run/deps.h"
#include "run/history.h"
#include "run/gather.h"
#include "run/hostjob.h"
#include "run/job.h"
#include "run/keep.h"
#include "run/machine.h"
#include "run/network.h"
#include "run/result.h"
#include "run/rundir.h"
#include "vm/sandbox.h"

/* ---- before anything is touched */

static int check_host_files(const struct plan *p, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < p->n && r == 0; i++)
		if (p->files[i].needs.no_vm)
			r = hostjob_check(&p->files[i], err);
	return r;
}

/* The first that runs in a VM; NULL: none does. */
static const struct test_file *first_in_vm(const struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (!p->files[i].needs.no_vm)
			return &p->files[i];
	return NULL;
}

/* A run has one QEMU, accelerator and root. */
static int check_arch(const struct plan *p, struct err *err)
{
	const struct test_file *first = first_in_vm(p);

	for (size_t i = 0; i < p->n; i++)
		if (!p->files[i].needs.no_vm && p->files[i].arch != first->arch)
			return err_usage(err, "%s is for %s and %s for %s; run them apart",
					 first->needs.path, first->arch->name,
					 p->files[i].needs.path, p->files[i].arch->name);
	return 0;
}

/* Whether dir could be a root: a test needs a bash in it. */
static int check_tree(const char *dir, struct err *err)
{
	_cleanup_free_ char *bash = xasprintf("%s/bin/bash", dir);
	_cleanup_free_ char *merged = xasprintf("%s/usr/bin/bash", dir);

	if (path_exists(bash) || path_exists(merged))
		return 0;
	return err_set(err, EINVAL, "--root %s: no root of a system, there is no bin/bash in it",
		       dir);
}

/*
 * The image or directory that --root, the rc files or the usual places name; neither: the host's
 * userspace.
 */
static int find_root(const struct settings *s, const struct arch *arch, struct guest_base *b,
		     struct err *err)
{
	if (str_eq(s->root, "host"))
		return 0;
	if (s->root && path_is_dir(s->root)) {
		b->root_dir = path_real(s->root, err);
		return b->root_dir ? check_tree(b->root_dir, err) : err->code;
	}
	b->root_image = s->root ? path_real(s->root, err) : image_find(arch);
	if (b->root_image)
		return image_check(b->root_image, err);
	if (s->root)
		return err_wrap(err, "the root image");
	if (arch == arch_host())
		return 0;
	return err_set(err, ENOENT,
		       "no root image for %s, and this machine's own userspace is for another "
		       "processor; `root_image create -a %s` makes one, --root names one, and "
		       "`ktest selftest -a %s` tries kernel and agent alone",
		       arch->name, arch->name, arch->name);
}

/* ---- the journal's head */

static char *make_id(void)
{
	struct timespec ts;
	struct tm tm;
	char day[32];

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	strftime(day, sizeof(day), "%Y%m%dT%H%M%S", &tm);
	return xasprintf("%s.%03ld-%d", day, ts.tv_nsec / 1000000, (int)getpid());
}

static json_t *host_json(const struct run *run)
{
	const struct accel_info *a = run->base.qemu ? &run->base.accel : NULL;
	json_t *h = json_object();
	char name[256] = "";

	gethostname(name, sizeof(name) - 1);
	json_object_set_new(h, "name", json_string_lossy(name));
	json_object_set_new(h, "accel", json_string_lossy(a ? accel_name(a->accel) : NULL));
	json_object_set_new(h, "accel_reason", json_string_lossy(a ? a->reason : NULL));
	json_object_set_new(h, "speed_factor", json_real(a ? a->speed_factor : 1));
	json_object_set_new(h, "qemu", json_string_lossy(run->base.qemu));
	json_object_set_new(h, "cpus", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
	return h;
}

static void write_head(struct run *run, const struct strv *argv)
{
	_cleanup_free_ char *id = make_id();
	json_t *head = json_pack("{s:s, s:o}", "id", id, "argv", json_strv_lossy(argv));

	if (run->settings->resume) {
		journal_event(run->journal, "resume", head, &run->err);
	} else {
		json_object_set_new(head, "version", json_integer(JOURNAL_VERSION));
		json_object_set_new(head, "settings", settings_json(run->settings));
		json_object_set_new(head, "host", host_json(run));
		journal_event(run->journal, "run", head, &run->err);
	}
	kernels_record(&run->kernels, run->journal, &run->err);
}

static void write_file(struct run *run, const struct test_file *f)
{
	json_t *names = json_array();

	for (size_t i = 0; i < f->n; i++)
		json_array_append_new(names, json_string_lossy(f->subtests[i].name));
	journal_event(run->journal, "file",
		      json_pack("{s:s, s:s, s:s, s:o}", "file", f->base, "path", f->needs.path,
				"isolation", isolation_name(f->isolation), "subtests", names),
		      &run->err);
}

/* ---- resume */

static void take_result(struct plan *p, const struct result_test *t)
{
	for (size_t i = 0; i < p->n; i++) {
		struct subtest *s;

		if (strcmp(p->files[i].base, t->file) != 0)
			continue;
		s = plan_find(&p->files[i], t->subtest);
		if (!s && p->files[i].needs.tests_unknown)
			s = plan_add_subtest(&p->files[i], t->subtest);
		if (!s)
			continue;
		s->attempt = t->attempt;
		s->verdict = t->verdict;
		s->done = t->verdict != VERDICT_NONE;
	}
}

static int check_same_files(const struct plan *p, const struct result *r, struct err *err)
{
	for (size_t i = 0; i < p->n; i++) {
		bool known = false;

		for (size_t k = 0; k < r->n; k++)
			known |= str_eq(r->tests[k].file, p->files[i].base);
		if (!known && p->files[i].n)
			return err_set(err, EINVAL, "%s was not part of that run",
				       p->files[i].needs.path);
	}
	return 0;
}

/* What has a verdict keeps it; what was cut off is tried again. */
static int resume(struct run *run, struct err *err)
{
	struct result r = {0};
	int ret = result_read(run->out.journal, &r, err);

	if (ret == 0)
		ret = check_same_files(&run->plan, &r, err);
	for (size_t i = 0; ret == 0 && i < r.n; i++)
		take_result(&run->plan, &r.tests[i]);
	if (ret == 0)
		kernels_resume(&run->kernels, &r);
	result_done(&r);
	return ret < 0 ? err_wrap(err, "cannot resume") : outdir_resume(&run->out, err);
}

static int open_output(struct run *run, struct err *err)
{
	int r = run->settings->resume ? resume(run, err) : outdir_replace(&run->out, err);

	if (r == 0)
		r = journal_open(run->out.journal, run->settings->resume, &run->journal, err);
	if (r == 0)
		journal_tee(run->journal, run->ui->event, run->ui->arg);
	for (size_t i = 0; i < run->plan.n && r == 0; i++) {
		const struct test_file *f = &run->plan.files[i];

		for (size_t k = 0; k < f->n && r == 0; k++)
			if (!f->subtests[k].attempt && !f->subtests[k].done)
				r = outdir_subtest_add(&run->out, f->subtests[k].dir, err);
	}
	return r;
}

/* ---- the run itself */

/* What runs now, to be told when the run ends early. */
static struct job *current_job;
static struct hostjob *current_hostjob;

static void on_signal(void *arg, int signo, pid_t sender)
{
	struct run *run = arg;

	(void)sender;
	if (run->interrupted)
		return;
	run->interrupted = signo;
	if (current_job)
		job_cancel(current_job);
	if (current_hostjob)
		hostjob_cancel(current_hostjob);
}

static void run_in_vm(struct run *run, struct test_file *f, const struct guest_plan *plan, int log)
{
	struct job job = {.plan = plan, .trial.run_fd = log};

	current_job = &job;
	job_start(&job, run, f);
	if (job.phase != JOB_DONE)
		loop_run(run->loop);
	job_done(&job);
	current_job = NULL;
}

static void run_on_host(struct run *run, struct test_file *f, int log)
{
	struct hostjob job = {.trial.run_fd = log};

	current_hostjob = &job;
	hostjob_start(&job, run, f);
	if (job.phase != HOSTJOB_DONE)
		loop_run(run->loop);
	hostjob_done(&job);
	current_hostjob = NULL;
}

static void run_file(struct run *run, struct test_file *f, const struct guest_plan *plan)
{
	_cleanup_close_ int log = outdir_file_log(&run->out, f->base, &run->err);

	if (log < 0)
		return;
	if (f->needs.no_vm)
		run_on_host(run, f, log);
	else
		run_in_vm(run, f, plan, log);
}

static int exit_of(const struct run *run)
{
	struct verdict_counts c = {{0}};

	if (run->interrupted)
		return 130;
	for (size_t i = 0; i < run->plan.n; i++)
		for (size_t k = 0; k < run->plan.files[i].n; k++)
			c.n[run->plan.files[i].subtests[k].verdict]++;
	return run->err.code ? 125 : verdict_exit(&c);
}

static void keep_history(const struct run *run, const char *id)
{
	struct err err = {0};

	if (keep_journal(run->out.journal, id, &err) < 0)
		log_warn("the journal is not kept for the history: %s", err.msg);
	else
		history_note(id);
}

static void write_results(struct run *run)
{
	_cleanup_free_ char *path = xasprintf("%s/results.json", run->out.path);
	struct result r = {0};
	struct err err = {0};
	const char *id;

	/* A directory is the guest's doing, and could not be replaced by a file. */
	if (path_is_dir(path))
		rm_rf(path, NULL);
	if (result_read(run->out.journal, &r, &err) < 0 || result_write(&r, path, &err) < 0)
		log_warn("results.json: %s", err.msg);
	id = json_get_str(r.run, "id");
	if (!err.code && !run->settings->unkept)
		keep_history(run, id);
	result_done(&r);
}

static int run_files(struct run *run, struct err *err)
{
	json_t *finish;
	int status;

	/* What came while the run was being prepared. */
	loop_once(run->loop, 0);
	for (size_t i = 0; i < run->plan.n; i++)
		write_file(run, &run->plan.files[i]);
	for (size_t i = 0; i < run->plan.n; i++)
		if (!run->interrupted && !run->failed_fast && !run->err.code &&
		    (plan_pending(&run->plan.files[i]) || !run->plan.files[i].n))
			run_file(run, &run->plan.files[i], &run->plans[i]);
	status = exit_of(run);
	finish = json_pack("{s:i}", "exit", status);
	if (run->interrupted)
		json_object_set_new(finish, "interrupted",
				    json_string(signal_name(run->interrupted)));
	if (run->err.code)
		json_decref(finish);
	else
		journal_event(run->journal, "finish", finish, &run->err);
	if (run->err.code) {
		*err = run->err;
		err_wrap(err, "the run was stopped");
	}
	return status;
}

/* Who asked for no particular one is told of the slow one. */
static int choose_accel(struct run *run, const char *arch, const char *qemu, struct err *err)
{
	const struct settings *s = run->settings;
	const char *want = s->accel ? s->accel : "auto";
	_cleanup_strbuf_ struct strbuf b = {0};
	int r = accel_choose(want, arch, qemu, s->cache, &run->base.accel, err);

	if (r < 0 || run->base.accel.accel == ACCEL_KVM || !str_eq(want, "auto"))
		return r;
	accel_describe(&run->base.accel, &b);
	log_note("%s", b.s);
	return 0;
}

/* What the files that run in VMs have in common. */
static int prepare_vms(struct run *run, const struct arch *arch, char **qemu, struct err *err)
{
	const struct settings *s = run->settings;
	const char *why;
	int r = kernels_find(&run->kernels, s, &run->plan, run->ui, err);

	if (r == 0)
		r = machine_qemu(s, arch, qemu, err);
	if (r == 0)
		r = choose_accel(run, arch->name, *qemu, err);
	if (r == 0)
		r = find_root(s, arch, &run->base, err);
	if (r < 0)
		return r;
	if (sandbox_probe(&why) == SANDBOX_KEEPER)
		log_warn(
			"QEMU runs without a sandbox of its own (%s): a guest that takes QEMU over "
			"can do what you can",
			why);
	run->base.qemu = *qemu;
	return 0;
}

static int prepare(struct run *run, const struct test_request *tests, size_t n, char **qemu,
		   struct err *err)
{
	const struct settings *s = run->settings;
	const struct test_file *in_vm;
	int r = plan_make(tests, n, s, &run->plan, err);

	if (r < 0)
		return r;
	if ((r = check_arch(&run->plan, err)) < 0 || (r = network_check(s, &run->plan, err)) < 0 ||
	    (r = check_host_files(&run->plan, err)) < 0)
		return r;
	in_vm = first_in_vm(&run->plan);
	if (in_vm)
		r = prepare_vms(run, in_vm->arch, qemu, err);
	if (r == 0)
		r = deps_fetch(&run->plan, s->deps_dir, err);
	if (r == 0)
		plan_scale(&run->plan, s, run->base.accel.speed_factor);
	return r;
}

/* All that would fail before any boot, for every file, before anything of the last run is touched.
 */
static int make_plans(struct run *run, struct err *err)
{
	int r = 0;

	run->plans = xcalloc(run->plan.n, sizeof(*run->plans));
	for (size_t i = 0; i < run->plan.n && r == 0; i++)
		if (!run->plan.files[i].needs.no_vm)
			r = guest_plan_make(&run->base, &run->plan.files[i], &run->plans[i], err);
	return r;
}

/* From here on there is something to clean up, so signals are taken by the loop. */
static int start_loop(struct run *run, struct err *err)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	int r = loop_new(&run->loop, err);

	for (size_t i = 0; i < ARRAY_SIZE(signals) && r == 0; i++)
		loop_signal(run->loop, signals[i], on_signal, run);
	return r;
}

static int run_prepared(struct run *run, const struct strv *argv, int *exit_status, struct err *err)
{
	const struct kernel *kernel = run->kernels.n ? &run->kernels.v[0]->kernel : NULL;
	struct rundir dir = {.lock_fd = -1};
	struct network network = NETWORK_INIT;
	int r;

	r = outdir_open(run->settings->out, &run->out, err);
	if (r == 0)
		r = start_loop(run, err);
	if (r == 0)
		r = rundir_make(NULL, run->settings->work_dir, &dir, err);
	if (r < 0) {
		loop_free(run->loop);
		outdir_close(&run->out);
		return r;
	}
	run->base.run_dir = dir.path;
	run->base.out = &run->out;
	run->base.network = &network;
	r = guest_check_space(&run->base, err);
	if (r == 0)
		r = network_open(run->settings, dir.path, &network, err);
	if (r == 0)
		r = open_output(run, err);
	if (r == 0) {
		if (kernel)
			outdir_link(&run->out, "kernel", kernel->dir ? kernel->dir : "/boot", NULL);
		write_head(run, argv);
		gather_begin(run);
		*exit_status = run_files(run, err);
		write_results(run);
		gather_notes(run);
		strv_done(&run->gcov_before);
		outdir_link(&run->out, "vm", NULL, NULL);
	}
	journal_close(run->journal);
	loop_free(run->loop);
	network_close(&network);
	rundir_remove(&dir, NULL);
	outdir_close(&run->out);
	return r;
}

int run_execute(const struct settings *s, const struct test_request *tests, size_t n,
		const struct strv *argv, const struct run_ui *ui, int *exit_status, struct err *err)
{
	struct run run = {.settings = s, .ui = ui, .start_ns = loop_now_ns()};
	_cleanup_free_ char *qemu = NULL;
	int r;

	run.base.settings = s;
	r = prepare(&run, tests, n, &qemu, err);
	if (r == 0)
		r = make_plans(&run, err);
	if (r == 0)
		r = run_prepared(&run, argv, exit_status, err);
	for (size_t i = 0; run.plans && i < run.plan.n; i++)
		guest_plan_done(&run.plans[i]);
	free(run.plans);
	kernels_done(&run.kernels);
	plan_done(&run.plan);
	free(run.base.root_image);
	free(run.base.root_dir);
	return r;
}
