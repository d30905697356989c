// SPDX-License-Identifier: GPL-2.0-only
#include "testy/job.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

void testy_jobs_done(struct testy_jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++) {
		struct testy_job *j = &jobs->v[i];

		strv_done(&j->argv);
		strv_done(&j->bases);
		free(j->tests);
		free(j->key);
		free(j->name);
		free(j->dir);
		free(j->log);
	}
	free(jobs->v);
	*jobs = (struct testy_jobs){0};
}

/* ---- which kernel a test wants */

static void key_word(struct strbuf *b, const char *name, const char *value)
{
	/* What is quoted holds no newline that could be taken for the end of the line. */
	strbuf_addf(b, "%s=%zu:%s\n", name, value ? strlen(value) : 0, value ? value : "");
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In whatever order they are declared. */
static void key_set(struct strbuf *b, const char *name, const struct strv *values)
{
	_cleanup_strv_ struct strv sorted = {0};

	strv_copy(&sorted, values);
	if (sorted.n)
		qsort(sorted.v, sorted.n, sizeof(*sorted.v), by_name);
	for (size_t i = 0; i < sorted.n; i++)
		if (!i || strcmp(sorted.v[i - 1], sorted.v[i]) != 0)
			key_word(b, name, sorted.v[i]);
}

char *testy_kernel_key(const struct needs *n)
{
	struct strbuf b = {0};

	key_word(&b, "arch", n->arch);
	key_word(&b, "compiler", n->compiler);
	key_word(&b, "base", n->kconfig_base);
	key_word(&b, "target", n->kbuild_target);
	key_word(&b, "bus", n->storage_bus);
	key_word(&b, "kernel", n->no_vm ? "no VM" : n->no_kbuild ? "none built" : "built");
	key_set(&b, "require", &n->config_require);
	key_set(&b, "soft", &n->config_require_soft);
	key_set(&b, "gcov", &n->gcov);
	/* A later one may overrule an earlier one: their order counts. */
	for (size_t i = 0; i < n->kernel_make_append.n; i++)
		key_word(&b, "make", n->kernel_make_append.v[i]);
	return strbuf_detach(&b);
}

/* ---- jobs */

static char *base_of(const char *path)
{
	char *base = xstrdup(path_base(path));

	if (str_ends(base, TESTY_SUFFIX_RUN) && strlen(base) > strlen(TESTY_SUFFIX_RUN))
		base[strlen(base) - strlen(TESTY_SUFFIX_RUN)] = '\0';
	return base;
}

static void job_add_test(struct testy_job *j, const struct testy_test *t, const char *base)
{
	j->tests = xrealloc(j->tests, (j->n + 1) * sizeof(void *));
	j->tests[j->n++] = t;
	strv_add(&j->bases, base);
}

static bool name_taken(const struct testy_jobs *jobs, const char *name)
{
	for (size_t i = 0; i < jobs->n; i++)
		if (str_eq(jobs->v[i].name, name))
			return true;
	return false;
}

static char *free_name(const struct testy_jobs *jobs, const char *wanted)
{
	char *name = xstrdup(wanted);

	for (int i = 2; name_taken(jobs, name); i++) {
		free(name);
		name = xasprintf("%s.%d", wanted, i);
	}
	return name;
}

static struct testy_job *add_job(struct testy_jobs *jobs, enum testy_kind kind, const char *name)
{
	struct testy_job *j;
	char *own = free_name(jobs, name);

	jobs->v = xrealloc(jobs->v, (jobs->n + 1) * sizeof(*jobs->v));
	j = &jobs->v[jobs->n++];
	*j = (struct testy_job){.kind = kind, .name = own};
	return j;
}

static struct testy_job *find_build(struct testy_jobs *jobs, const char *key, const char *base)
{
	for (size_t i = 0; i < jobs->n; i++)
		/* Of two files with one name, each is told from the other by its job. */
		if (str_eq(jobs->v[i].key, key) && !strv_has(&jobs->v[i].bases, base))
			return &jobs->v[i];
	return NULL;
}

/* The name stays the same from run to run: what was built there can be built upon. */
static struct testy_job *add_build(struct testy_jobs *jobs, const char *key)
{
	_cleanup_free_ char *hex = NULL, *name = NULL;
	struct testy_job *j;
	struct hash h;

	hash_init(&h);
	hash_str(&h, key);
	hex = hash_hex(&h);
	name = xasprintf("kernel-%.8s", hex);
	j = add_job(jobs, TESTY_BUILD, name);
	j->key = xstrdup(key);
	return j;
}

static void build_for(struct testy_jobs *jobs, const struct testy_test *t,
		      const struct testy_settings *s)
{
	const struct needs_limits limits = {.source = s->source, .keeper = s->keeper};
	_cleanup_free_ char *key = NULL, *base = NULL;
	struct testy_job *j;
	struct needs n;

	if (needs_read(t->path, s->tree, s->priority, &limits, &n, NULL) == 0) {
		key = testy_kernel_key(&n);
		base = xstrdup(n.base);
	} else {
		key = xasprintf("file=%s", t->path);
		base = base_of(t->path);
	}
	needs_done(&n);
	j = find_build(jobs, key, base);
	if (!j)
		j = add_build(jobs, key);
	job_add_test(j, t, base);
}

static void job_for(struct testy_jobs *jobs, const struct testy_test *t,
		    const struct testy_settings *s)
{
	_cleanup_free_ char *base = base_of(t->path);

	if (!str_ends(t->path, TESTY_SUFFIX_RUN))
		job_add_test(add_job(jobs, TESTY_PROGRAM, base), t, base);
	else if (!s->source)
		job_add_test(add_job(jobs, TESTY_KTEST, base), t, base);
	else
		build_for(jobs, t, s);
}

static void run_argv(struct testy_job *j, const struct testy_settings *s)
{
	const char *kernel = j->kind == TESTY_BUILD ? s->source : s->kernel;

	strv_addv(&j->argv, j->kind == TESTY_BUILD ? "build-test-kernel" : "ktest", "run", "-o",
		  j->dir, NULL);
	if (kernel)
		strv_addv(&j->argv, "-k", kernel, NULL);
	if (s->priority)
		strv_addf(&j->argv, "-p%" PRId64, s->priority);
	/* They are side by side already. */
	if (s->jobs > 1)
		strv_add(&j->argv, "-j1");
}

static void finish_job(struct testy_job *j, const struct testy_settings *s)
{
	j->log = xasprintf("%s/out/%s.log", s->out, j->name);
	/* A build is kept from run to run, the rest is replaced. */
	j->dir = xasprintf("%s/%s%s", s->out, j->kind == TESTY_BUILD ? "" : "out/", j->name);
	if (j->kind == TESTY_PROGRAM)
		strv_add(&j->argv, "keeper");
	else
		run_argv(j, s);
	for (size_t i = 0; i < j->n; i++)
		strv_add(&j->argv, j->tests[i]->path);
}

void testy_jobs_make(const struct testy_match *m, const struct testy_settings *s,
		     struct testy_jobs *jobs)
{
	*jobs = (struct testy_jobs){0};
	for (size_t i = 0; i < m->n; i++)
		job_for(jobs, &m->tests[i], s);
	for (size_t i = 0; i < jobs->n; i++)
		finish_job(&jobs->v[i], s);
}
