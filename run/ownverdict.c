// SPDX-License-Identifier: GPL-2.0-only
/*
 * Verdicts that the library of a test file prints on a guest's console. The kernel's records come
 * by another way, so such a line counts when the agent has answered that it sent every record that
 * there was. What the console shows behind the line waits until then.
 */
#include <string.h>

#include "run/job.h"

/* Before the speed factor: for the agent's answer. */
#define ANSWER_NS (5 * NSEC_PER_SEC)
/* Bytes of console that may wait for it. */
#define REST_MAX  (16 << 20)

#define RULER "========="

static bool is_verdict(enum line_kind kind)
{
	return kind == LINE_PASSED || kind == LINE_FAILED || kind == LINE_NOTRUN ||
	       kind == LINE_TIMEOUT;
}

static void ask(struct job *job)
{
	struct frame_writer w;

	job->verdict.id = ++job->next_id;
	job->verdict.until_ns = loop_now_ns() + job_scale(job, ANSWER_NS);
	job_begin_frame(job, &w, FRAME_PING, job->verdict.id);
	job_send(job, &w);
}

enum conlog_action ownverdict_line(struct job *job, enum line_kind kind,
				   const struct line_event *ev)
{
	if (!is_verdict(kind) || !job->has_kmsg || job->verdict.ending)
		return ownlib_line(&job->trial, kind, ev);
	job->verdict.kind = kind;
	job->verdict.line = *ev;
	ask(job);
	return CONLOG_DROP;
}

static size_t line_len(const char *data, size_t len)
{
	const char *end = memchr(data, '\n', len);

	return end ? (size_t)(end - data) + 1 : len;
}

/* How much of data can be fed at once: what stands before a line that may be a verdict, or such a
 * line alone. */
static size_t part_len(const char *data, size_t len)
{
	const char *ruler = memmem(data, len, RULER, strlen(RULER));

	if (!ruler)
		return len;
	return ruler == data ? line_len(data, len) : (size_t)(ruler - data);
}

int ownverdict_feed(struct job *job, const char *data, size_t len, struct err *err)
{
	/* The first line may go on with a verdict that came in part. */
	bool first = true;
	int r = 0;
	size_t n;

	if (job->file->control)
		return conlog_feed(job->trial.log, data, len, err);
	for (; len && !job->verdict.id && r == 0; data += n, len -= n, first = false) {
		n = first ? line_len(data, len) : part_len(data, len);
		r = conlog_feed(job->trial.log, data, n, err);
	}
	if (len)
		strbuf_add(&job->verdict.rest, data, len);
	if (job->verdict.rest.len > REST_MAX)
		ownverdict_end(job);
	return r;
}

/* The line that waits counts; what stands behind it follows. */
static void count(struct job *job)
{
	struct strbuf rest = job->verdict.rest;

	if (!job->verdict.id)
		return;
	job->verdict.id = 0;
	job->verdict.rest = (struct strbuf){0};
	ownlib_line(&job->trial, job->verdict.kind, &job->verdict.line);
	ownverdict_feed(job, rest.s, rest.len, &job->run->err);
	strbuf_done(&rest);
}

bool ownverdict_answered(struct job *job, const struct frame *done)
{
	if (!job->verdict.id || frame_get_int(done, "id", -1) != job->verdict.id)
		return false;
	jobkmsg_caught_up(job);
	count(job);
	return true;
}

void ownverdict_tick(struct job *job)
{
	if (job->verdict.id && loop_now_ns() > job->verdict.until_ns)
		count(job);
}

void ownverdict_begin(struct job *job)
{
	job->verdict.ending = false;
}

void ownverdict_end(struct job *job)
{
	job->verdict.ending = true;
	count(job);
}
