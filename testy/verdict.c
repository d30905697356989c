// SPDX-License-Identifier: GPL-2.0-only
#include "testy/verdict.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/proc.h"
#include "result/result.h"

/* A file below the output directory, as a reader finds it; -1: there is none. */
static int open_output(const struct testy_settings *s, const char *path)
{
	_cleanup_close_ int dir = open(s->out, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int fd;

	if (dir < 0 || !str_starts(path, s->out) || path[strlen(s->out)] != '/')
		return -1;
	fd = open_beneath(dir, path + strlen(s->out) + 1, O_RDONLY, 0);
	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		fd = -1;
	}
	return fd < 0 ? -1 : fd;
}

static void count(const struct result *r, const char *base, struct verdict_counts *c)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct result_test *t = &r->tests[i];

		if (str_eq(t->file, base) &&
		    (!t->phase || (!t->undecisive && t->verdict != VERDICT_PASS)))
			c->n[t->verdict]++;
	}
}

static unsigned int total(const struct verdict_counts *c)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(c->n); i++)
		sum += c->n[i];
	return sum;
}

/* As its subtests ended. */
static enum verdict verdict_of(const struct verdict_counts *c)
{
	if (verdict_exit(c) == 1)
		return c->n[VERDICT_FAIL] ? VERDICT_FAIL : VERDICT_ERROR;
	if (verdict_exit(c))
		return VERDICT_MISS;
	return c->n[VERDICT_PASS] ? VERDICT_PASS : VERDICT_SKIP;
}

static void describe(const struct verdict_counts *c, struct strbuf *why)
{
	static const struct {
		enum verdict verdict;
		const char *word;
	} words[] = {
		{VERDICT_FAIL, "failed"},	   {VERDICT_ERROR, "broken"},
		{VERDICT_MISS, "without verdict"}, {VERDICT_NONE, "not run"},
		{VERDICT_SKIP, "skipped"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (c->n[words[i].verdict])
			strbuf_addf(why, "%s%u %s", why->len ? ", " : "", c->n[words[i].verdict],
				    words[i].word);
	if (why->len)
		strbuf_addf(why, " of %u subtests", total(c));
}

/* Without a result of its own, a test is what its process says. */
static void judge_status(int status, struct testy_outcome *o, struct strbuf *why)
{
	char words[64];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		o->verdict = VERDICT_PASS;
	else if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_CANNOT)
		o->verdict = VERDICT_MISS;
	else
		o->verdict = VERDICT_FAIL;
	if (status)
		strbuf_puts(why, proc_status_str(status, words, sizeof(words)));
}

static void judge_ktest(const struct result *r, const char *base, int status,
			struct testy_outcome *o, struct strbuf *why)
{
	struct verdict_counts c = {{0}};

	count(r, base, &c);
	if (total(&c)) {
		o->verdict = verdict_of(&c);
		describe(&c, why);
		return;
	}
	judge_status(status, o, why);
	/* ktest that judged nothing tells nothing of the kernel. */
	o->verdict = VERDICT_MISS;
	if (!status)
		strbuf_puts(why, "it left no results");
}

static void read_result(const struct testy_job *j, const struct testy_settings *s, struct result *r)
{
	_cleanup_free_ char *path = xasprintf("%s/journal.jsonl", j->dir);
	_cleanup_close_ int fd = open_output(s, path);

	*r = (struct result){0};
	if (fd >= 0 && result_read_fd(fd, path, r, NULL) < 0)
		result_done(r);
}

/* Of several tests in a job each has a log of its own, if it came to that. */
static char *log_of(const struct testy_job *j, const struct testy_settings *s, size_t i, int *fd)
{
	char *path;

	if (j->n > 1) {
		path = xasprintf("%s/out/%s", j->dir, j->bases.v[i]);
		*fd = open_output(s, path);
		if (*fd >= 0)
			return path;
		free(path);
	}
	*fd = open_output(s, j->log);
	return xstrdup(j->log);
}

void testy_verdicts(const struct testy_job *j, const struct testy_settings *s, int status,
		    const char *cut_off, int64_t duration_ms,
		    void (*report)(void *arg, const struct testy_outcome *o), void *arg)
{
	struct result r = {0};

	if (j->kind != TESTY_PROGRAM)
		read_result(j, s, &r);
	for (size_t i = 0; i < j->n; i++) {
		struct testy_outcome o = {.test = j->tests[i], .duration_ms = duration_ms};
		_cleanup_strbuf_ struct strbuf why = {0};
		_cleanup_free_ char *log = log_of(j, s, i, &o.log_fd);

		if (j->kind == TESTY_PROGRAM)
			judge_status(status, &o, &why);
		else
			judge_ktest(&r, j->bases.v[i], status, &o, &why);
		if (cut_off) {
			o.verdict = VERDICT_MISS;
			strbuf_reset(&why);
			strbuf_puts(&why, cut_off);
		}
		o.why = why.len ? why.s : "";
		o.log = log;
		report(arg, &o);
		if (o.log_fd >= 0)
			close(o.log_fd);
	}
	result_done(&r);
}
