// SPDX-License-Identifier: GPL-2.0-only
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/proc.h"
#include "image/place.h"
#include "result/history.h"
#include "run/again.h"
#include "run/clones.h"
#include "run/deps.h"
#include "run/gather.h"
#include "run/head.h"
#include "run/hostjob.h"
#include "run/jobs.h"
#include "run/keep.h"
#include "run/machine.h"
#include "run/network.h"
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

/* ---- its output */

static int open_output(struct run *run, struct err *err)
{
	_cleanup_free_ char *name = xasprintf("%s/" OUTDIR_JOURNAL, run->out.path);
	bool resume = run->settings->resume;
	int fd = -1, r = resume ? head_resume(run, err) : outdir_replace(&run->out, err);

	if (r == 0)
		r = fd = outdir_journal(&run->out, resume, err);
	if (r >= 0)
		r = journal_open(fd, name, resume, &run->journal, err);
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

static void on_signal(void *arg, int signo, pid_t sender)
{
	struct run *run = arg;

	(void)sender;
	if (run->interrupted)
		return;
	run->interrupted = signo;
	jobs_cancel(run, NULL);
}

static int exit_of(const struct run *run)
{
	struct verdict_counts c = run->others;

	if (run->interrupted)
		return EXIT_INTERRUPTED;
	for (size_t i = 0; i < run->plan.n; i++)
		for (size_t k = 0; k < run->plan.files[i].n; k++)
			c.n[again_verdict(&run->plan.files[i].subtests[k])]++;
	outside_count(run, &c);
	return run->err.code ? 125 : verdict_exit(&c);
}

static void keep_history(const struct run *run, const char *id)
{
	struct err err = {0};

	if (keep_journal(journal_rewind(run->journal), id, &err) < 0)
		log_warn("the journal is not kept for the history: %s", err.msg);
	else
		history_note(id);
}

/* Where something else lies at its path by now, its results are told and not written there. */
static void conclude(struct run *run, struct run_end *end)
{
	_cleanup_free_ char *name = xasprintf("%s/" OUTDIR_JOURNAL, run->out.path);
	_cleanup_free_ char *text = NULL;
	struct err err = {0};

	end->known = result_read_fd(journal_rewind(run->journal), name, &end->result, &err) == 0;
	if (!end->known) {
		log_warn("%s", err.msg);
		return;
	}
	text = result_text(&end->result);
	if (outdir_check(&run->out, &err) < 0 ||
	    outdir_put(&run->out, OUTDIR_RESULTS, text, &err) < 0)
		log_warn(OUTDIR_RESULTS ": %s", err.msg);
	if (!run->settings->unkept)
		keep_history(run, json_get_str(end->result.run, "id"));
}

static int run_files(struct run *run, struct err *err)
{
	json_t *finish;
	int status;

	/* What came while the run was being prepared. */
	loop_once(run->loop, 0);
	head_files(run);
	jobs_run(run);
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
	if (sandbox_probe(s->keeper, &why) == SANDBOX_KEEPER)
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
	int r;

	sandbox_probe_begin(s->keeper);
	r = plan_make(tests, n, s, &run->plan, err);
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

static void warn_of_unseen(const struct run *run)
{
	const char *source = run->settings->source;
	const char *why = source && run->base.qemu ? guest_unseen(&run->base, source) : NULL;

	for (size_t i = 0; i < run->plan.n && why; i++)
		if (path_below(source, run->plan.files[i].needs.tree))
			why = NULL;
	if (why)
		log_warn("guests are not shown %s: %s cannot be hidden without bubblewrap", source,
			 why);
}

static int freeze_plans(struct run *run, struct err *err)
{
	int r = 0;

	warn_of_unseen(run);
	for (size_t i = 0; i < run->plan.n && r == 0; i++) {
		const struct test_file *f = &run->plan.files[i];

		if (f->needs.no_vm)
			r = plan_check_file(f, f->needs.path, err);
		else
			r = guest_plan_freeze(&run->base, &run->plans[i], err);
	}
	return r;
}

/* From here on there is something to clean up, so signals are taken by the loop. */
static int start_loop(struct run *run, struct err *err)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	int r = loop_new(&run->loop, err);

	for (size_t i = 0; i < ARRAY_SIZE(signals) && r == 0; i++)
		loop_signal(run->loop, signals[i], on_signal, run);
	if (r == 0)
		suspend_prepare(run);
	return r;
}

static int run_prepared(struct run *run, const struct strv *argv, struct run_end *end,
			struct err *err)
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
		r = freeze_plans(run, err);
	if (r == 0)
		r = network_open(run->settings, dir.path, &network, err);
	if (r == 0)
		r = open_output(run, err);
	if (r == 0) {
		clones_prepare(run);
		if (kernel)
			outdir_link(&run->out, "kernel", kernel->dir ? kernel->dir : "/boot", NULL);
		head_write(run, argv);
		gather_begin(run);
		end->exit_status = run_files(run, err);
		conclude(run, end);
		end->dir_fd = fcntl(run->out.dir_fd, F_DUPFD_CLOEXEC, 0);
		gather_notes(run);
		strv_done(&run->gcov_before);
		outdir_link(&run->out, "vm", NULL, NULL);
	}
	clones_done(run);
	outside_done(run);
	journal_close(run->journal);
	loop_free(run->loop);
	network_close(&network);
	rundir_remove(&dir, NULL);
	outdir_close(&run->out);
	return r;
}

void run_end_done(struct run_end *e)
{
	result_done(&e->result);
	if (e->dir_fd >= 0)
		close(e->dir_fd);
	e->dir_fd = -1;
}

int run_execute(const struct settings *s, const struct test_request *tests, size_t n,
		const struct strv *argv, const struct run_ui *ui, struct run_end *end,
		struct err *err)
{
	struct run run = {.settings = s, .ui = ui, .start_ns = loop_now_ns(), .out = OUTDIR_INIT};
	_cleanup_free_ char *qemu = NULL;
	int r;

	*end = (struct run_end){.dir_fd = -1};
	run.base.settings = s;
	r = prepare(&run, tests, n, &qemu, err);
	if (r == 0)
		r = make_plans(&run, err);
	if (r == 0)
		r = run_prepared(&run, argv, end, err);
	for (size_t i = 0; run.plans && i < run.plan.n; i++)
		guest_plan_done(&run.plans[i]);
	free(run.plans);
	kernels_done(&run.kernels);
	plan_done(&run.plan);
	free(run.base.root_image);
	free(run.base.root_dir);
	return r;
}
