// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that is not to go on: ask it for what will explain that, give the subtest its verdict,
 * kill the guest.
 */
#include <stdlib.h>
#include <string.h>

#include "run/clone.h"
#include "run/dump.h"
#include "run/gather.h"
#include "run/job.h"

#define CTRL_O "\x0f" /* the sysrq key of an hvc console */

/* Before the speed factor. */
#define QUIET_NS (NSEC_PER_SEC / 4) /* of silence: the answer is complete */
#define FIRST_NS (2 * NSEC_PER_SEC) /* to its first line */
#define WHOLE_NS (10 * NSEC_PER_SEC)

/*
 * '9' first: with a quiet console the answer would stay below its level. Then the backtraces of
 * the processors, the blocked tasks and all tasks.
 */
static const char *const questions[] = {CTRL_O "9", CTRL_O "l", CTRL_O "w", CTRL_O "t"};

enum step { STEP_ASKED, STEP_ANSWERING, STEP_NMI, STEP_REGISTERS, STEP_DUMP };

static void end_subtest(struct job *job, enum verdict v, const char *reason)
{
	static const struct ending as_expected = {.begun = true};

	if (!strcmp(reason, "panic") && job->trial.cur.died_as_expected)
		subtest_judge(&job->trial, &as_expected);
	else
		subtest_end(&job->trial, v, reason, job->trouble_title, -1, 0);
}

/* The guest is not to go on, and no subtest runs in it. */
static void end_outside(struct job *job, enum verdict v, const char *reason)
{
	struct trial *t = &job->trial;
	const char *title = job->trouble_title ? job->trouble_title : t->cur.title;
	bool bad = v == VERDICT_FAIL || v == VERDICT_ERROR, behind = t->when == PHASE_END;
	/* Whether subtests without a verdict do not tell it anyway. */
	bool own = behind ? !t->given_up && (bad || t->file->needs.tests_unknown) : !t->file->n;

	if (t->when == PHASE_INIT && bad && !t->given_up)
		init_failed(t, v, reason, title);
	else if (own)
		outside_failed(t, behind ? v : VERDICT_MISS, reason, title);
	if (t->unit->saves)
		save_failed(job, reason, title);
	else if (!t->progressed)
		/* The next guest would fare no better. */
		subtest_miss_all(t, VERDICT_MISS, reason, title);
	/* A file of unknown subtests is not started again. */
	if (!t->file->n)
		t->progressed = true;
}

/* All that could be had is there. */
static void conclude(struct job *job)
{
	const char *reason = job->trouble_reason;
	enum verdict v = job->trouble_verdict;

	if (jobkmsg_agent_silent(job))
		kernlog_silent(job->trial.kernlog);
	trial_flush(&job->trial);
	/* What the kernel said of itself names the cause better than what was seen from outside. */
	if (job->trial.cur.subtest && job->trial.cur.reason && v == VERDICT_FAIL &&
	    strcmp(reason, "timeout") != 0)
		reason = job->trial.cur.reason;
	if (job->trial.cur.subtest) {
		end_subtest(job, v, reason);
		job->trial.given_up = true;
	} else {
		end_outside(job, v, reason);
	}
	/* Whose init hook failed, or whose subtest is late, has a shell all the same. */
	if (job->run->settings->interactive && !job->run->interrupted && vm_runs(job->vm)) {
		reach_stay(job, !job->trouble_alive && strcmp(job->trouble_reason, "init") != 0);
		return;
	}
	/* A guest whose subtest took too long may well have a kernel that works. */
	if (job->trouble_alive)
		gather_then(job, GATHER_KILL);
	else
		job_kill_guest(job);
}

static void dumped(struct job *job)
{
	/* It may have been told to end meanwhile. */
	if (job->phase == JOB_TROUBLE)
		conclude(job);
}

/* The kernel has said what it can: its memory is what is left. */
static void finish(struct job *job)
{
	job->evidence_step = STEP_DUMP;
	/* One that stays is looked at as it is. */
	if (job->run->settings->interactive || !dump_begin(job, job->trouble_reason, dumped))
		conclude(job);
}

/* Of each line of registers, but those that a kernel does not use. */
static bool tells(const char *line)
{
	static const char *const silent[] = {"FPR", "XMM", "YMM", "FCW", "Q"};

	for (size_t i = 0; i < ARRAY_SIZE(silent); i++)
		if (str_starts(line, silent[i]))
			return false;
	return true;
}

static void got_registers(void *arg, const char *text)
{
	struct job *job = arg;
	char line[256];
	size_t len;

	if (job->phase != JOB_TROUBLE || job->evidence_step != STEP_REGISTERS)
		return;
	for (; text && *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\r\n");
		if (len && len < sizeof(line)) {
			memcpy(line, text, len);
			line[len] = '\0';
			if (tells(line))
				trial_note(&job->trial, "ktest: %s", line);
		}
		if (text[len] == '\r')
			text++;
	}
	finish(job);
}

static void ask_registers(struct job *job)
{
	job->evidence_step = STEP_REGISTERS;
	job_deadline(job, FIRST_NS);
	vm_registers(job->vm, got_registers, job);
}

static void ask(struct job *job)
{
	trial_note(&job->trial, "ktest: %s; asking the guest for its tasks", job->trouble_reason);
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
		vm_type(job->vm, questions[i], strlen(questions[i]));
	job->evidence_step = STEP_ASKED;
	job->evidence_ns = loop_now_ns();
	job_deadline(job, job_scale(job, FIRST_NS));
}

void trouble(struct job *job, enum verdict v, const char *reason, const char *title, bool alive)
{
	if (job->phase == JOB_STOP || job->phase == JOB_DONE ||
	    (job->phase == JOB_STAY && job->dead))
		return;
	if (job->phase == JOB_RESTORE) {
		clone_failed(job, v == VERDICT_MISS, title ? title : reason);
		return;
	}
	if (job->phase == JOB_SAVE) {
		save_give_up(job, title ? title : reason);
		return;
	}
	if (job->phase == JOB_TROUBLE) {
		/* It died while it was asked: what it had said by then has to do. */
		job->trouble_alive = alive && job->trouble_alive;
		if (!alive && job->evidence_step != STEP_DUMP)
			finish(job);
		return;
	}
	ownverdict_end(job);
	job->trouble_alive = alive && job->phase == JOB_RUN && strcmp(reason, "hang") != 0;
	job->trouble_verdict = v;
	job->trouble_reason = reason;
	str_set(&job->trouble_title, title);
	job_set_phase(job, JOB_TROUBLE);
	if (alive && !job->run->settings->interactive)
		ask(job);
	else if (!strcmp(reason, "panic"))
		ask_registers(job);
	else
		finish(job);
}

void trouble_console(struct job *job)
{
	int64_t left = job->evidence_ns + job_scale(job, WHOLE_NS) - loop_now_ns();
	int64_t quiet = job_scale(job, QUIET_NS);

	if (job->evidence_step == STEP_REGISTERS || job->evidence_step == STEP_DUMP)
		return;
	job->evidence_step = STEP_ANSWERING;
	job_deadline(job, left < quiet ? left : quiet);
}

void trouble_deadline(struct job *job)
{
	switch (job->evidence_step) {
	case STEP_ASKED:
		trial_note(&job->trial, "ktest: no answer; sending an NMI");
		vm_nmi(job->vm);
		job->evidence_step = STEP_NMI;
		job_deadline(job, job_scale(job, FIRST_NS));
		break;
	case STEP_NMI:
		trial_note(&job->trial, "ktest: no answer; the processors' registers");
		ask_registers(job);
		break;
	case STEP_DUMP:
		dump_give_up(job, "QEMU does not get on with it");
		break;
	default:
		finish(job);
	}
}
