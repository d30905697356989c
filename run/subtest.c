// SPDX-License-Identifier: GPL-2.0-only
/* A subtest's beginning, its end and how it came to its verdict. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/proc.h"
#include "run/job.h"

/*
 * Taints that stand for a bug the console may not have shown: machine check, bad page, die,
 * warning, soft lockup (Documentation/admin-guide/tainted-kernels.rst).
 */
#define BUG_TAINTS (1u << 4 | 1u << 5 | 1u << 7 | 1u << 9 | 1u << 14)

static void current_done(struct current *cur)
{
	if (cur->log_fd >= 0)
		close(cur->log_fd);
	free(cur->skip);
	free(cur->reason);
	free(cur->title);
	*cur = (struct current){.log_fd = -1};
}

bool subtest_begin(struct job *job, struct subtest *s)
{
	struct run *run = job->run;
	struct err err = {0};
	int fd = outdir_subtest_start(&run->out, s->dir, s->attempt + 1, &err);

	if (fd < 0) {
		subtest_miss(job, s, VERDICT_MISS, "disk", err.msg);
		return false;
	}
	s->attempt++;
	/* What was said before it began bears on none. */
	current_done(&job->cur);
	job->cur = (struct current){.subtest = s, .start_ns = loop_now_ns(), .log_fd = fd};
	conlog_subtest(job->log, fd, &run->err);
	job_event(job, "start",
		  json_pack("{s:s, s:i, s:s, s:s}", "subtest", s->name, "attempt", s->attempt,
			    "guest", job->guest.name, "group", job->guest.name));
	job_note(job, "========= TEST   %s", s->name);
	return true;
}

/* interface.md, section 4. */
static void verdict_line(const struct subtest *s, char *line, size_t size)
{
	long seconds = (long)(s->duration_ms / 1000);

	if (s->verdict == VERDICT_PASS)
		snprintf(line, size, "========= PASSED %s in %lds", s->name, seconds);
	else if (s->verdict == VERDICT_SKIP)
		snprintf(line, size, "========= NOTRUN %s in %lds: %s", s->name, seconds,
			 s->title ? s->title : "");
	else if (str_eq(s->reason, "timeout"))
		snprintf(line, size, "========= FAILED TIMEOUT %s in %lds", s->name, seconds);
	else
		snprintf(line, size, "========= FAILED %s in %lds", s->name, seconds);
}

/* Results that the subtest printed itself, for whoever reads the journal: its verdict is its own.
 */
static void record_nested(struct job *job, const struct subtest *s)
{
	int64_t dropped;
	json_t *f, *results = ktap_take(job->ktap, &dropped);

	if (!results)
		return;
	f = json_pack("{s:s, s:i, s:s?, s:o, s:I}", "subtest", s->name, "attempt", s->attempt,
		      "guest", job->guest.name, "results", results, "dropped", (json_int_t)dropped);
	job_event(job, "nested", f);
}

static void record(struct job *job, const struct subtest *s, int status, int signal)
{
	json_t *f = json_pack("{s:s, s:i, s:s}", "subtest", s->name, "attempt", s->attempt,
			      "verdict", verdict_name(s->verdict));

	if (job->guest.name)
		json_object_set_new(f, "guest", json_string(job->guest.name));
	json_object_set_new(f, "reason", s->reason ? json_string(s->reason) : json_null());
	json_object_set_new(f, "title", json_string_lossy(s->title));
	json_object_set_new(f, "duration_ms", json_integer(s->duration_ms));
	json_object_set_new(f, "isolation", json_string(isolation_name(job->file->isolation)));
	if (status >= 0)
		json_object_set_new(f, "status", json_integer(status));
	if (signal)
		json_object_set_new(f, "signal", json_string(signal_name(signal)));
	job_event(job, "end", f);
}

static void set_verdict(struct job *job, struct subtest *s, enum verdict v, const char *reason,
			const char *title)
{
	s->verdict = v;
	s->done = true;
	str_set(&s->reason, reason);
	str_set(&s->title, title);
	if (job->run->settings->failfast && v != VERDICT_PASS && v != VERDICT_SKIP)
		job->run->failed_fast = true;
}

static void write_status(struct job *job, const struct subtest *s, const char *line)
{
	struct err err = {0};

	if (outdir_subtest_status(&job->run->out, s->dir, line, (long)(s->duration_ms / 1000),
				  &err) < 0)
		log_warn("%s", err.msg);
}

void subtest_end(struct job *job, enum verdict v, const char *reason, const char *title, int status,
		 int signal)
{
	struct subtest *s = job->cur.subtest;
	char line[700];
	bool named;

	conlog_flush(job->log, &job->run->err);
	scan_flush(job->scan, false);
	s->duration_ms = (loop_now_ns() - job->cur.start_ns) / NSEC_PER_MSEC;
	if (v != VERDICT_PASS && v != VERDICT_SKIP && job->cur.title && !title)
		title = job->cur.title;
	set_verdict(job, s, v, reason, title);
	/* "exit status" is how its title begins. */
	named = s->title && s->reason && !str_starts(s->title, s->reason);
	if (s->title && v != VERDICT_SKIP)
		job_note(job, "ktest: %s%s%s", named ? s->reason : "", named ? ": " : "", s->title);
	verdict_line(s, line, sizeof(line));
	job_note(job, "%s", line);
	conlog_subtest(job->log, -1, &job->run->err);
	write_status(job, s, line);
	record_nested(job, s);
	record(job, s, status, signal);
	current_done(&job->cur);
	if (job->file->isolation == ISOLATION_BOOT)
		job->spoiled = true;
	job_progress(job);
}

void subtest_miss(struct job *job, struct subtest *s, enum verdict v, const char *reason,
		  const char *title)
{
	char line[700];

	set_verdict(job, s, v, reason, title);
	verdict_line(s, line, sizeof(line));
	if (job->log)
		job_note(job, "%s: %s", line, title ? title : reason);
	write_status(job, s, line);
	record(job, s, -1, 0);
	job_progress(job);
}

void subtest_miss_all(struct job *job, enum verdict v, const char *reason, const char *title)
{
	for (size_t i = 0; i < job->file->n; i++)
		if (!job->file->subtests[i].done)
			subtest_miss(job, &job->file->subtests[i], v, reason, title);
}

/* Whether a finding makes its subtest fail. */
static bool counts(const struct job *job, const struct finding *f)
{
	return !(job->file->needs.allow_taint && f->kind == FINDING_WARNING);
}

void subtest_finding(void *arg, const struct finding *f)
{
	struct job *job = arg;
	struct current *cur = &job->cur;
	json_t *fields =
		json_pack("{s:s, s:s, s:I, s:I}", "guest", job->guest.name, "kind",
			  finding_kind_name(f->kind), "first_line", (json_int_t)f->first_line,
			  "last_line", (json_int_t)f->last_line);

	json_object_set_new(fields, "title", json_string_lossy(f->title));
	json_object_set_new(fields, "function", json_string_lossy(f->function));
	if (cur->subtest) {
		json_object_set_new(fields, "subtest", json_string(cur->subtest->name));
		json_object_set_new(fields, "attempt", json_integer(cur->subtest->attempt));
	}
	job_event(job, "finding", fields);
	if (!counts(job, f))
		return;
	job->spoiled = true;
	if (cur->reason)
		return;
	str_set(&cur->reason, finding_reason(f->kind));
	str_set(&cur->title, f->title);
}

static bool new_taint(const struct frame *f)
{
	const char *mask = frame_get(f, "tainted");
	unsigned long before, after;

	if (!mask || sscanf(mask, "%lu,%lu", &before, &after) != 2)
		return false;
	return (after & ~before & BUG_TAINTS) != 0;
}

/* A bug of the kernel outweighs what the subtest says of itself, its own failure a request to be
 * skipped. */
void subtest_exited(struct job *job, const struct frame *f)
{
	int status = (int)frame_get_int(f, "status", -1);
	int signal = (int)frame_get_int(f, "signal", 0);
	struct current *cur = &job->cur;
	char title[64];

	conlog_flush(job->log, &job->run->err);
	scan_flush(job->scan, false);
	if (cur->reboot_asked) {
		/* It was killed for the restart that it asked for. */
		job_set_phase(job, JOB_REBOOT);
		return;
	}
	if (cur->reason) {
		subtest_end(job, VERDICT_FAIL, cur->reason, NULL, status, signal);
	} else if (signal) {
		subtest_end(job, VERDICT_FAIL, "signal", signal_name(signal), -1, signal);
	} else if (status) {
		snprintf(title, sizeof(title), "exit status %d", status);
		subtest_end(job, VERDICT_FAIL, "exit status", title, status, 0);
	} else if (new_taint(f) && !job->file->needs.allow_taint) {
		job->spoiled = true;
		subtest_end(job, VERDICT_FAIL, "tainted", "the kernel became tainted by a bug", 0,
			    0);
	} else if (cur->skip) {
		subtest_end(job, VERDICT_SKIP, NULL, cur->skip, 0, 0);
	} else {
		subtest_end(job, VERDICT_PASS, NULL, NULL, 0, 0);
	}
	steps_next(job);
}
