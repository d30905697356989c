// SPDX-License-Identifier: GPL-2.0-only
#include "run/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/loop.h"
#include "result/outdir.h"
#include "result/phase.h"
#include "run/needs_variants.h"

void plan_done(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct test_file *f = &p->files[i];

		for (size_t k = 0; k < f->n; k++) {
			free(f->subtests[k].name);
			free(f->subtests[k].dir);
			free(f->subtests[k].reason);
			free(f->subtests[k].title);
		}
		free(f->subtests);
		free(f->base);
		free(f->broken_title);
		failon_done(&f->failon);
		needs_done(&f->needs);
	}
	free(p->files);
	*p = (struct plan){0};
}

struct subtest *plan_find(const struct test_file *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->subtests[i].name, name))
			return &f->subtests[i];
	return NULL;
}

struct subtest *plan_add_subtest(struct test_file *f, const char *name)
{
	struct subtest *s;

	f->subtests = xrealloc(f->subtests, (f->n + 1) * sizeof(*f->subtests));
	s = &f->subtests[f->n++];
	*s = (struct subtest){.name = xstrdup(name), .dir = outdir_name(f->base, name)};
	return s;
}

size_t plan_pending(const struct test_file *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += !f->subtests[i].done;
	return n;
}

static int choose_subtests(const struct test_request *t, struct test_file *f, struct err *err)
{
	const struct strv *names = t->subtests.n ? &t->subtests : &f->needs.subtests;

	f->named = t->subtests.n;
	for (size_t i = 0; i < f->needs.subtests.n; i++)
		if (phase_of_row(f->needs.subtests.v[i]))
			return err_set(err, EINVAL,
				       "%s lists a subtest '%s', which is what ktest calls a part "
				       "of the guest's life; give it another name",
				       t->path, f->needs.subtests.v[i]);
	for (size_t i = 0; i < names->n; i++) {
		if (t->subtests.n && !f->needs.tests_unknown &&
		    !strv_has(&f->needs.subtests, names->v[i])) {
			_cleanup_free_ char *all = strv_join(&f->needs.subtests, " ");

			return err_usage(err, "%s has no subtest '%s'%s; it has: %.600s", t->path,
					 names->v[i],
					 names->v[i][0] == '-' ? " (options come before the test)"
							       : "",
					 all);
		}
		if (!plan_find(f, names->v[i]))
			plan_add_subtest(f, names->v[i]);
	}
	return 0;
}

/* NULL, or why its subtests share a guest whatever was asked for. */
static const char *why_shared(const struct settings *s, const struct test_file *f)
{
	if (!f->control)
		return "its subtests run in one go";
	if (f->needs.rw_images.n)
		return "it writes to an image of yours";
	if (s->interactive)
		return "a guest that stays is the only one";
	if (s->gdb_wait)
		return "a debugger waits for one guest";
	return NULL;
}

enum isolation plan_wanted(const struct settings *s, const struct test_file *f)
{
	return s->isolation ? isolation_find(s->isolation) : f->needs.isolation;
}

/* Coverage is what one boot has counted: a clone would count that of its template again. */
static enum isolation choose_isolation(const struct settings *s, const struct test_file *f)
{
	enum isolation wanted = plan_wanted(s, f);
	const char *why = why_shared(s, f);
	bool counted = s->gcov.n || f->needs.gcov.n;

	if (why) {
		if (wanted != ISOLATION_DEFAULT && wanted != ISOLATION_SHARED)
			log_warn("%s: no isolation %s, %s: shared", f->needs.path,
				 isolation_name(wanted), why);
		return ISOLATION_SHARED;
	}
	if (wanted == ISOLATION_DEFAULT)
		return counted ? ISOLATION_SHARED : ISOLATION_CLONE;
	return wanted == ISOLATION_CLONE && counted ? ISOLATION_BOOT : wanted;
}

static int choose_machine(const struct settings *s, struct test_file *f, struct err *err)
{
	const char *arch = s->arch ? s->arch : f->needs.arch;
	const char *bus = s->bus ? s->bus : f->needs.storage_bus;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	f->arch = arch ? arch_find(arch) : arch_host();
	if (!f->arch)
		return err_usage(err, "no architecture '%s'; there are %s",
				 arch ? arch : "of this machine", arch_names());
	f->bus = bus_find(bus ? bus : DEFAULT_BUS, err);
	if (!f->bus)
		return err->code;
	f->cpus = (int)(cores < 1 ? 1 : cores > DEFAULT_CPUS_MAX ? DEFAULT_CPUS_MAX : cores);
	if (f->needs.cpus)
		f->cpus = (int)f->needs.cpus;
	if (s->cpus)
		f->cpus = (int)s->cpus;
	f->mem_mib = s->mem_mib		? s->mem_mib
		     : f->needs.mem_mib ? f->needs.mem_mib
					: DEFAULT_MEM_MIB;
	f->dump = s->dump || f->needs.crash_dump;
	f->internet = str_eq(f->needs.network, "internet");
	f->control = f->needs.own_library && !f->needs.own_run_tests;
	f->isolation = choose_isolation(s, f);
	return 0;
}

/* What the file says first, so that the command line has the last word. */
static int choose_failon(const struct settings *s, struct test_file *f, struct err *err)
{
	_cleanup_free_ char *source = xasprintf("%s: config-fail-on", f->needs.path);
	int r;

	if (f->needs.allow_taint)
		failon_allow_taint(&f->failon);
	r = failon_add(&f->failon, &f->needs.fail_on, source, err);
	return r < 0 ? r : failon_add(&f->failon, &s->fail_on, "--fail-on", err);
}

static int read_content(const char *path, struct sum *content)
{
	struct hash h;
	int r;

	hash_init(&h);
	r = hash_file(&h, path, NULL);
	*content = h.v;
	return r;
}

int plan_check_file(const struct test_file *f, const char *path, struct err *err)
{
	struct sum now;

	if (read_content(path, &now) == 0 && sum_eq(now, f->content))
		return 0;
	return err_set(err, EAGAIN, "%s was edited since the run began; start it again",
		       f->needs.path);
}

static int plan_file(const struct test_request *t, const struct settings *s, struct test_file *f,
		     struct err *err)
{
	const struct needs_limits limits = {
		.arch = s->arch,
		.deps_dir = s->deps_dir,
		.source = s->source,
		.cache = s->cache,
		.variants = &s->variants,
		.keeper = s->keeper,
		/* What is overridden is not held against this host. */
		.host_mem_mib = s->mem_mib ? INT64_MAX : 0,
	};
	int r;

	/* A file that is not there is named below. */
	read_content(t->path, &f->content);
	r = needs_read(t->path, s->tree, s->priority, &limits, &f->needs, err);
	if (r < 0)
		return r;
	f->base = variants_base(&s->variants, f->needs.base);
	r = choose_machine(s, f, err);
	if (r == 0)
		r = choose_failon(s, f, err);
	return r < 0 ? r : choose_subtests(t, f, err);
}

int plan_make(const struct test_request *tests, size_t n, const struct settings *s, struct plan *p,
	      struct err *err)
{
	int r = 0;

	*p = (struct plan){.files = xcalloc(n, sizeof(*p->files))};
	r = variants_check(s->tree, &s->variants, err);
	for (size_t i = 0; i < n && r == 0; i++) {
		p->n++;
		r = plan_file(&tests[i], s, &p->files[i], err);
	}
	return r < 0 ? r : plan_names(s, p, err);
}

void plan_scale(struct plan *p, const struct settings *s, double factor)
{
	for (size_t i = 0; i < p->n; i++) {
		struct test_file *f = &p->files[i];
		int64_t times = f->needs.timeout_multiplier ? f->needs.timeout_multiplier : 1;
		int64_t declared =
			f->needs.timeout_s ? f->needs.timeout_s : DEFAULT_TIMEOUT_S * times;

		f->speed_factor = f->needs.no_vm ? 1 : factor;
		f->timeout_ns =
			s->timeout_s
				? s->timeout_s * NSEC_PER_SEC
				: (int64_t)((double)(declared * NSEC_PER_SEC) * f->speed_factor);
	}
}
