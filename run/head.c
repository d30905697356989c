// SPDX-License-Identifier: GPL-2.0-only
/* The events that a run's journal begins with, and what a run that goes on takes from them. */
#include "run/head.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/file.h"
#include "result/guestdir.h"
#include "result/result.h"
#include "run/same.h"

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

void head_write(struct run *run, const struct strv *argv)
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
	_cleanup_json_ json_t *hashes = same_file(&f->needs, f->content, run->settings->tree);
	json_t *names = json_array(), *event;

	for (size_t i = 0; i < f->n; i++)
		json_array_append_new(names, json_string_lossy(f->subtests[i].name));
	event = json_pack("{s:s, s:s, s:s, s:o}", "file", f->base, "path", f->needs.path,
			  "isolation", isolation_name(f->isolation), "subtests", names);
	json_object_update(event, hashes);
	journal_event(run->journal, "file", event, &run->err);
}

void head_files(struct run *run)
{
	for (size_t i = 0; i < run->plan.n; i++)
		write_file(run, &run->plan.files[i]);
}

/* ---- resume */

/* Whether the plan has the subtest. */
static bool take_result(struct plan *p, const struct result_test *t)
{
	bool found = false;

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
		s->verdict = t->last;
		s->done = t->last != VERDICT_NONE;
		s->worst = t->before;
		s->round = t->round;
		s->retries = t->retries;
		s->confirming = t->confirming;
		s->ran = t->attempt > 0;
		found = true;
	}
	return found;
}

static void compare_file(const struct test_file *f, const char *tree, const json_t *had,
			 struct strv *changed)
{
	const struct needs *n = &f->needs;
	_cleanup_json_ json_t *now = same_file(n, f->content, tree);

	if (!same_hash(had, now, "file_hash"))
		strv_addf(changed, "the test file %s", n->path);
	if (!same_hash(had, now, "library_hash"))
		strv_addf(changed, "the library of %s", n->path);
}

/* Verdicts of before and those to come are to be of the same tests and kernels. */
static int check_same(struct run *run, const struct result *r, struct err *err)
{
	_cleanup_strv_ struct strv changed = {0};
	_cleanup_free_ char *names = NULL;

	for (size_t i = 0; i < run->plan.n; i++) {
		const struct test_file *f = &run->plan.files[i];
		const json_t *had = json_object_get(r->files, f->base);

		if (!had)
			return err_set(err, EINVAL, "%s was not part of that run", f->needs.path);
		compare_file(f, run->settings->tree, had, &changed);
	}
	kernels_resume(&run->kernels, r, &changed);
	if (!changed.n)
		return 0;
	names = strv_join(&changed, ", ");
	return err_set(err, EINVAL,
		       "%.1200s %s changed since that run began; put %s back, or start a new run "
		       "without --resume",
		       names, changed.n > 1 ? "have" : "has", changed.n > 1 ? "them" : "it");
}

int head_resume(struct run *run, struct err *err)
{
	_cleanup_free_ char *name = xasprintf("%s/" OUTDIR_JOURNAL, run->out.path);
	_cleanup_close_ int fd = outdir_journal(&run->out, true, err);
	struct result r = {0};
	int ret = fd < 0 ? fd : result_read_fd(fd, name, &r, err);

	if (ret == 0)
		ret = check_same(run, &r, err);
	for (size_t i = 0; ret == 0 && i < r.n; i++)
		if (r.tests[i].phase)
			outside_resume(run, &r.tests[i]);
		else if (!take_result(&run->plan, &r.tests[i]))
			run->others.n[r.tests[i].verdict]++;
	result_done(&r);
	if (ret < 0)
		return err_wrap(err, "cannot resume");
	ret = outdir_resume(&run->out, err);
	if (ret == 0)
		guestdir_end_all(&run->out);
	return ret;
}
