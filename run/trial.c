// SPDX-License-Identifier: GPL-2.0-only
#include "run/trial.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"

#define WATCHDOG_MAX_S (30 * 24 * 3600)

/* ---- logs */

static void on_live(void *arg, const char *text, size_t len)
{
	const struct trial *t = arg;

	block_said(t->block, text, len);
}

void trial_open_logs(struct trial *t, const struct kernlog_handler *kernel, conlog_line_fn *line)
{
	struct conlog_options co = {
		.start_ns = t->run->start_ns,
		.log_limit = t->run->settings->log_limit,
		.run_fd = block_fd(t->block),
		.line = line,
		.tmp_dir = t->run->base.run_dir,
		.live = t->run->ui->live ? on_live : NULL,
		.live_escape = true,
		.arg = t,
	};

	t->kernlog = kernel ? kernlog_new(kernel) : NULL;
	t->ktap = ktap_new();
	t->log = conlog_new(&co);
}

void trial_block(struct trial *t)
{
	block_end(t->block, &t->run->err);
}

void trial_flush(struct trial *t)
{
	conlog_flush(t->log, &t->run->err);
	if (t->kernlog)
		kernlog_flush(t->kernlog);
	findings_record(t);
}

void trial_close_logs(struct trial *t)
{
	/* The last line of the console goes to the others. */
	conlog_free(t->log);
	t->log = NULL;
	if (t->kernlog)
		kernlog_flush(t->kernlog);
	findings_record(t);
	free(t->findings.v);
	t->findings = (struct findings){0};
	kernlog_free(t->kernlog);
	ktap_free(t->ktap);
	t->kernlog = NULL;
	t->ktap = NULL;
	trial_block(t);
}

void trial_done(struct trial *t)
{
	trial_close_logs(t);
	loop_remove(t->limit);
	current_done(&t->cur);
	free(t->last_dir);
	json_decref(t->told);
}

void trial_note(struct trial *t, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&b, fmt, ap);
	va_end(ap);
	conlog_note(t->log, &t->run->err, "%s", b.s);
}

/* ---- records */

void trial_event(struct trial *t, const char *ev, json_t *fields)
{
	struct run *run = t->run;

	json_object_set_new(fields, "file", json_string(t->file->base));
	if (run->err.code)
		json_decref(fields);
	else
		journal_event(run->journal, ev, fields, &run->err);
}

/* ---- time */

void trial_limit(struct trial *t, int64_t ns)
{
	if (t->untimed)
		ns = INT64_MAX;
	loop_timer_set(t->limit, ns == INT64_MAX ? INT64_MAX : loop_now_ns() + ns);
}

void trial_late(const struct trial *t, char *title, size_t size)
{
	snprintf(title, size, "no end after %" PRId64 " s",
		 (int64_t)((loop_now_ns() - t->cur.start_ns) / NSEC_PER_SEC));
}

int64_t trial_watchdog_ns(const struct trial *t, int64_t seconds)
{
	if (seconds < 1 || seconds > WATCHDOG_MAX_S)
		return 0;
	if (t->run->settings->timeout_s)
		return t->file->timeout_ns;
	return (int64_t)((double)(seconds * NSEC_PER_SEC) * t->file->speed_factor);
}

/* ---- what is left to do */

static bool space_is_low(const char *path)
{
	uint64_t avail, total;

	return fs_space(path, &avail, &total) == 0 && avail < total / DISK_KEPT_PART;
}

bool trial_space_low(const struct trial *t)
{
	return space_is_low(t->run->out.path) || space_is_low(t->run->base.run_dir) ||
	       (t->unit->saves && space_is_low(t->run->settings->cache));
}

bool trial_pending(const struct trial *t)
{
	return unit_pending(t->unit) ||
	       (t->file->needs.tests_unknown && !t->file->n && !t->progressed);
}

struct subtest *trial_first_pending(const struct trial *t)
{
	for (size_t i = 0; i < unit_count(t->unit); i++)
		if (!unit_subtest(t->unit, i)->done)
			return unit_subtest(t->unit, i);
	return NULL;
}

void trial_pending_names(const struct trial *t, struct strv *names)
{
	for (size_t i = 0; i < unit_count(t->unit); i++)
		if (!unit_subtest(t->unit, i)->done)
			strv_add(names, unit_subtest(t->unit, i)->name);
}
