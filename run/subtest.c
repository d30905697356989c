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
#include "run/again.h"
#include "run/jobs.h"
#include "run/trial.h"

void current_done(struct current *cur)
{
	if (cur->log_fd >= 0)
		close(cur->log_fd);
	for (size_t i = 0; i < cur->nexpected; i++)
		free(cur->expected[i].pattern);
	free(cur->expected);
	free(cur->busy);
	free(cur->skip);
	free(cur->reason);
	free(cur->title);
	*cur = (struct current){.log_fd = -1};
}

bool subtest_begin(struct trial *t, struct subtest *s)
{
	struct run *run = t->run;
	struct err err = {0};
	json_t *start;
	int fd = outdir_subtest_start(&run->out, s->dir, s->attempt + 1, &err);

	if (fd >= 0 && t->tree && guestdir_add_subtest(t->tree, s->dir, &err) < 0) {
		close(fd);
		fd = err.code;
	}
	if (fd < 0) {
		subtest_miss(t, s, VERDICT_MISS, "disk", err.msg);
		return false;
	}
	s->attempt++;
	s->ran = true;
	/* Reports that are open are not this subtest's, where the console tells that it begins. */
	if (t->kernlog && !t->file->control)
		kernlog_flush(t->kernlog);
	findings_record(t);
	memset(t->findings.kept, 0, sizeof(t->findings.kept));
	t->when = PHASE_END;
	if (t->kernlog)
		kernlog_new_log(t->kernlog);
	current_done(&t->cur);
	str_set(&t->last_dir, s->dir);
	t->cur = (struct current){.subtest = s, .start_ns = loop_now_ns(), .log_fd = fd};
	if (t->kernlog)
		t->cur.lockdep = kernlog_lockdep(t->kernlog);
	conlog_subtest(t->log, fd, &run->err);
	start = json_pack("{s:s, s:i, s:s, s:s}", "subtest", s->name, "attempt", s->attempt,
			  "guest", t->guest, "group", t->guest);
	again_record(s, start);
	trial_event(t, "start", start);
	trial_note(t, "========= TEST   %s", s->name);
	return true;
}

void subtest_take_files(const struct trial *t)
{
	struct err err = {0};

	if (t->tree && t->last_dir && guestdir_take_subtest(t->tree, t->last_dir, &err) < 0)
		log_warn("%s", err.msg);
}

/* The last line of a log; see doc/results.md. */
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
static void record_nested(struct trial *t, const struct subtest *s)
{
	int64_t dropped;
	json_t *f, *results = ktap_take(t->ktap, &dropped);

	if (!results)
		return;
	f = json_pack("{s:s, s:i, s:s?, s:o, s:I}", "subtest", s->name, "attempt", s->attempt,
		      "guest", t->guest, "results", results, "dropped", (json_int_t)dropped);
	trial_event(t, "nested", f);
}

static void record(struct trial *t, const struct subtest *s, int status, int signal)
{
	json_t *f = json_pack("{s:s, s:i, s:s}", "subtest", s->name, "attempt", s->attempt,
			      "verdict", verdict_name(s->verdict));

	if (t->guest)
		json_object_set_new(f, "guest", json_string(t->guest));
	json_object_set_new(f, "reason", s->reason ? json_string(s->reason) : json_null());
	json_object_set_new(f, "title", json_string_lossy(s->title));
	json_object_set_new(f, "duration_ms", json_integer(s->duration_ms));
	json_object_set_new(f, "isolation", json_string(isolation_name(t->unit->isolation)));
	again_record(s, f);
	if (t->peak_mib)
		json_object_set_new(f, "mem_mib", json_integer(t->peak_mib));
	if (status >= 0)
		json_object_set_new(f, "status", json_integer(status));
	if (signal)
		json_object_set_new(f, "signal", json_string(signal_name(signal)));
	trial_event(t, "end", f);
}

static void set_verdict(struct trial *t, struct subtest *s, enum verdict v, const char *reason,
			const char *title)
{
	const struct settings *settings = t->run->settings;

	s->verdict = v;
	s->done = true;
	str_set(&s->reason, reason);
	str_set(&s->title, title);
	if (!(settings->failfast || settings->until_fail) || !again_failed(settings, s, v))
		return;
	t->run->failed_fast = true;
	jobs_cancel(t->run, t->unit);
}

static void write_status(struct trial *t, const struct subtest *s, const char *line)
{
	struct err err = {0};

	if (outdir_subtest_status(&t->run->out, s->dir, line, (long)(s->duration_ms / 1000), &err) <
	    0)
		log_warn("%s", err.msg);
}

/* ---- where the host was too busy */

static bool is_late(const char *reason)
{
	return str_eq(reason, "hang") || str_eq(reason, "timeout");
}

/*
 * The subtest is started once more, in a guest that is booted for it, if a host that is not busy
 * could have made it another end. A file that runs its subtests itself is not asked again.
 */
static bool put_back(struct trial *t, enum verdict v, const char *reason)
{
	struct subtest *s = t->cur.subtest;
	bool open = v == VERDICT_PASS ||
		    (v == VERDICT_FAIL && (is_late(reason) || str_eq(reason, "exit status")));
	json_t *f;

	if (!t->cur.busy || t->cur.reason || !open || s->put_back || !t->file->control ||
	    !run_goes_on(t->run))
		return false;
	s->put_back = true;
	t->spoiled = t->given_up = true;
	if (t->unit->isolation == ISOLATION_CLONE)
		t->unit->isolation = ISOLATION_BOOT;
	trial_note(t, "ktest: %s; started once more", t->cur.busy);
	conlog_subtest(t->log, -1, &t->run->err);
	trial_block(t);
	f = json_pack("{s:s?, s:s, s:s, s:i}", "guest", t->guest, "reason", "host", "subtest",
		      s->name, "attempt", s->attempt);
	json_object_set_new(f, "title", json_string_lossy(t->cur.busy));
	trial_event(t, "put_back", f);
	subtest_take_files(t);
	current_done(&t->cur);
	trial_progress(t);
	return true;
}

/* A host that was too busy again is none to tell a stall by, nor that there was none. */
static enum verdict of_busy_host(const struct trial *t, enum verdict v, const char **reason)
{
	bool open = v == VERDICT_PASS || (v == VERDICT_FAIL && is_late(*reason));

	if (!t->cur.busy || t->cur.reason || !open)
		return v;
	if (v == VERDICT_PASS)
		*reason = "hang";
	return VERDICT_MISS;
}

/* ---- the end */

/* Another subtest would run unwatched. */
static void check_lockdep(struct trial *t)
{
	if (!t->kernlog || t->cur.lockdep != LOCKDEP_ON ||
	    kernlog_lockdep(t->kernlog) != LOCKDEP_OFF)
		return;
	trial_note(t, "ktest: lockdep is off since this subtest; its guest is not used again");
	t->spoiled = true;
}

void subtest_end(struct trial *t, enum verdict v, const char *reason, const char *title, int status,
		 int signal)
{
	struct subtest *s = t->cur.subtest;
	struct err gone = {0};
	char line[700];
	bool named;

	trial_flush(t);
	if (put_back(t, v, reason))
		return;
	v = of_busy_host(t, v, &reason);
	/* The test's files went nowhere. */
	if (v == VERDICT_FAIL && outdir_check(&t->run->out, &gone) < 0) {
		v = VERDICT_MISS;
		reason = "disk";
		title = gone.msg;
	}
	s->duration_ms = (loop_now_ns() - t->cur.start_ns) / NSEC_PER_MSEC;
	if (v != VERDICT_PASS && v != VERDICT_SKIP && t->cur.title && !title)
		title = t->cur.title;
	if (t->cur.busy && (v == VERDICT_MISS || !title))
		title = t->cur.busy;
	set_verdict(t, s, v, reason, title);
	/* "exit status" is how its title begins. */
	named = s->title && s->reason && !str_starts(s->title, s->reason);
	check_lockdep(t);
	if (s->title && v != VERDICT_SKIP)
		trial_note(t, "ktest: %s%s%s", named ? s->reason : "", named ? ": " : "", s->title);
	verdict_line(s, line, sizeof(line));
	trial_note(t, "%s", line);
	conlog_subtest(t->log, -1, &t->run->err);
	trial_block(t);
	subtest_take_files(t);
	write_status(t, s, line);
	record_nested(t, s);
	record(t, s, status, signal);
	current_done(&t->cur);
	if (t->unit->isolation != ISOLATION_SHARED)
		t->spoiled = true;
	trial_progress(t);
}

void subtest_miss(struct trial *t, struct subtest *s, enum verdict v, const char *reason,
		  const char *title)
{
	char line[700];

	set_verdict(t, s, v, reason, title);
	verdict_line(s, line, sizeof(line));
	if (t->log)
		trial_note(t, "%s: %s", line, title ? title : reason);
	write_status(t, s, line);
	record(t, s, -1, 0);
	trial_progress(t);
}

void subtest_miss_all(struct trial *t, enum verdict v, const char *reason, const char *title)
{
	for (size_t i = 0; i < unit_count(t->unit); i++)
		if (!unit_subtest(t->unit, i)->done)
			subtest_miss(t, unit_subtest(t->unit, i), v, reason, title);
}
