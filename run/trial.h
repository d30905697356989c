/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The trial: a unit's subtests on their way to verdicts, wherever they run. What a job in guests
 * (job.h) and one on the host (hostjob.h) have in common: the subtest of the moment, the logs, the
 * journal.
 */
#ifndef RUN_TRIAL_H
#define RUN_TRIAL_H

#include "base/loop.h"
#include "diag/ktap.h"
#include "diag/kernlog.h"
#include "result/journal.h"
#include "result/phase.h"
#include "run/blocks.h"
#include "run/conlog.h"
#include "run/guest.h"
#include "run/kernels.h"
#include "run/lines.h"
#include "run/outside.h"
#include "run/run.h"
#include "run/suspend.h"
#include "run/unit.h"

/* What the jobs of a run share. */
struct run {
	const struct settings *settings;
	const struct run_ui *ui;
	struct loop *loop;
	struct guest_base base;
	struct outdir out;
	struct journal *journal;
	struct plan plan;
	struct run_kernels kernels;
	struct guest_plan *plans;    /* of the plan's files */
	struct template **templates; /* that they have */
	size_t ntemplates;
	int64_t start_ns;
	struct outside **outside; /* what went wrong outside of subtests, of all files */
	size_t noutside;
	struct verdict_counts others; /* subtests of a run that goes on which are not in the plan */
	struct strv gcov_before;      /* "gcov.0": there when a run goes on */
	int next_guest;		      /* names guests: "vm1", ... */
	int interrupted;	      /* the signal, 0: none */
	bool ended;		      /* an interactive guest was told to end */
	bool failed_fast;	      /* -F, and something failed */
	struct err err;		      /* the run cannot go on: code != 0 */
	struct suspend suspend;

	/* jobs.h; while jobs run, NULL and 0 else */
	struct schedule *schedule;
	struct blocks *blocks;
	bool several;	       /* side by side */
	struct trial **trials; /* that run, in the order they were started */
	size_t ntrials;
	int64_t shown_ns; /* when several were last shown */
};

/* Whether more guests may be started. */
static inline bool run_goes_on(const struct run *run)
{
	return !run->interrupted && !run->ended && !run->failed_fast && !run->err.code;
}

/* How many lines of the agent and of ktest-ctl note a subtest can have shown. */
#define LOG_FRAMES_MAX 1000

struct expected {
	char *pattern; /* of bug_matches() */
	bool seen;
};

/* The subtest that runs, and all that bears on its verdict. */
struct current {
	struct subtest *subtest; /* NULL: none */
	int64_t start_ns;
	int log_fd;
	int nr_reboots;
	bool reboot_asked;
	char *skip;		   /* the reason it gave for being skipped */
	char *reason, *title;	   /* of the first finding that counts */
	int log_frames;		   /* FRAME_LOG lines shown so far */
	int findings;		   /* files with reports of the kernel written so far */
	struct expected *expected; /* by expect-bug */
	size_t nexpected;
	unsigned long explained; /* taints of bugs that do not fail it */
	enum lockdep lockdep;	 /* when it began */
	char *busy;		 /* how the host kept the guest from running; NULL: it did not */
	bool died_as_expected;	 /* of a panic */
	/* Why it will hardly come to an end, from a finding of a lockup, a stall, a hung task or an
	 * oops: a verdict's reason, static; NULL: nothing says so. */
	const char *stuck;
};

/* Bugs that the kernel has shown and that are not in the journal yet. */
struct findings {
	struct found *v;
	size_t n;
	unsigned int kept[BUG_ACTIONS][FINDING_KINDS]; /* since the subtest began */
};

struct trial {
	/* set by whoever starts the job */
	struct run *run;
	struct unit *unit;
	struct test_file *file;	 /* the unit's */
	struct block *block;	 /* on the way to out/BASE */
	void (*done)(void *arg); /* the job is: nothing runs, nothing is left to do */
	void *done_arg;

	const char *guest;	     /* where it runs, in the journal; NULL: nowhere yet */
	const char *vm_dir;	     /* of that guest; NULL: it is none */
	const struct guestdir *tree; /* that it writes in; NULL: it is none */
	char *last_dir;		     /* of the last subtest to begin there; NULL: none has */
	const char *phase;	     /* of the status line: static string */
	int64_t phase_ns;	     /* since when */
	struct conlog *log;
	struct kernlog *kernlog; /* NULL: no kernel speaks there */
	struct findings findings;
	json_t *told;	   /* what a guest that is saved has shown so far, outside of subtests */
	uint64_t lost;	   /* messages of the kernel that nobody read, not in the records yet */
	struct ktap *ktap; /* reads results that the subtest prints itself */
	struct current cur;
	struct loop_source *limit; /* of the subtest's time; whose job it is made it */
	bool spoiled;		   /* where it runs is not to be used for another subtest */
	bool unsound;		   /* its kernel showed a bug before any subtest was started */
	bool panicked;		   /* its kernel did */
	bool progressed;	   /* a subtest was started there */
	unsigned long explained;   /* taints that its kernel has reported the bugs of */
	bool given_up;		   /* outside of subtests nothing bears on a verdict any more:
				      it follows from what has one, or no saved guest goes on */
	bool name_taken;	   /* said: a subtest that came up has another's name */
	enum phase when;	   /* where what goes wrong belongs while no subtest runs */
	int64_t init_us;	   /* the guest's clock when its init hooks began */
	bool untimed;		   /* somebody is at it: trial_limit() sets none */
	bool cancelled;		   /* what is left is not to be tried, not here and now */
	int64_t peak_mib;	   /* the most memory of its own that its guest had; 0: not known */
};

/* Open the logs; line is conlog's callback, its argument the trial. kernel: of the guest's kernel,
 * with the trial as argument; NULL: no kernel speaks there. */
void trial_open_logs(struct trial *t, const struct kernlog_handler *kernel, conlog_line_fn *line);
/* What was said so far is a line, and what bears on a finding is part of it. */
void trial_flush(struct trial *t);
void trial_close_logs(struct trial *t);
void trial_done(struct trial *t);

/* An event of this file, into the journal. */
void trial_event(struct trial *t, const char *ev, json_t *fields);
/* A line of ours in the logs. */
void trial_note(struct trial *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void trial_phase(struct trial *t, const char *phase); /* static string; shown */
void trial_progress(const struct trial *t);
/* Its logs are whole up to here. */
void trial_block(struct trial *t);
/* How long the subtest may take from now on; INT64_MAX: for ever. */
void trial_limit(struct trial *t, int64_t ns);
/* "no end after 3 s" */
void trial_late(const struct trial *t, char *title, size_t size);

/* What set_watchdog allows; 0: not a number of seconds. */
int64_t trial_watchdog_ns(const struct trial *t, int64_t seconds);

/* Whether less disk space is left than is kept for others. */
bool trial_space_low(const struct trial *t);

/* Whether more of the unit is to be tried; a file of unknown subtests was not asked for them yet.
 */
bool trial_pending(const struct trial *t);
/* The unit's first subtest without a verdict; NULL: there is none. */
struct subtest *trial_first_pending(const struct trial *t);
/* All of the unit without a verdict, as the names that run-tests is given. */
void trial_pending_names(const struct trial *t, struct strv *names);

/* ---- subtest.c */

void current_done(struct current *cur);
bool subtest_begin(struct trial *t, struct subtest *s); /* false: its files cannot be made */
/* The files that the last one has left in its guest's tree move beside its log. */
void subtest_take_files(const struct trial *t);
/* reason and title may be those of t->cur. */
void subtest_end(struct trial *t, enum verdict v, const char *reason, const char *title, int status,
		 int signal);
/* Without ever having run: recorded and shown. */
void subtest_miss(struct trial *t, struct subtest *s, enum verdict v, const char *reason,
		  const char *title);
void subtest_miss_all(struct trial *t, enum verdict v, const char *reason, const char *title);

/* ---- judge.c */

/* How a test file's process ended by itself. */
struct ending {
	int status;	       /* -1: by the signal */
	int signal;	       /* 0: none */
	unsigned long tainted; /* TAINT_BUGS that the kernel did not have before */
	bool begun;	       /* what was asked of it, not only what stands around its functions */
};

/*
 * Taints that stand for a bug which no report told of: machine check, bad page, die, warning, soft
 * lockup (Documentation/admin-guide/tainted-kernels.rst).
 */
#define TAINT_BUGS (1UL << 4 | 1UL << 5 | 1UL << 7 | 1UL << 9 | 1UL << 14)

/* A bug of the kernel outweighs what the subtest says of itself, its own failure a request to be
 * skipped. */
void subtest_judge(struct trial *t, const struct ending *e);
/* The reason (a static string) and the title of init hooks that did not get to their end. */
const char *init_judge(const struct ending *e, char *title, size_t size);
/* Taints that the kernel got while no subtest ran, by no report. */
void taint_outside(struct trial *t, unsigned long taints);
/* No subtest of the file can be run: said once, and held against those that are left. The reason is
 * a static string. */
void init_failed(struct trial *t, enum verdict v, const char *reason, const char *title);

/* ---- findings.c */

/* kernlog's callback, for a trial: what a bug of the kernel means for the current subtest and for
 * the guest. */
void finding_found(void *arg, const struct finding *f);
/* The subtest that runs says that a bug like that is to come. NULL, or why it cannot. */
const char *finding_expect(struct trial *t, const char *pattern);
/* What an event of a finding has in any case; why: of the rule, or NULL. A new reference. */
json_t *finding_json(const struct trial *t, const struct finding *f, enum bug_action action,
		     const char *why);
/* Write the report to a file in the directory dir below out/, where *written of them are; its name
 * as JSON, or null. */
json_t *finding_report(struct trial *t, const char *dir, int *written, const struct finding *f);
/*
 * What a saved guest has shown is true of those that go on as it, and rules may have changed: each
 * bug of the array is found once more. Of an array that is longer than this no guest is saved.
 */
#define FINDINGS_TOLD_MAX 64
void findings_tell_again(struct trial *t, const json_t *told);
/* All that was found so far into the journal, and into files beside the subtest's log. The console
 * has been drained, so that the lines of that log are known. */
void findings_record(struct trial *t);

/* ---- ownlib.c: files that are run in one go, whose output has the verdicts (doc/writing-tests.md)
 */

/* What a line says of a subtest; a line that bears on none is kept in the logs. */
enum conlog_action ownlib_line(struct trial *t, enum line_kind kind, const struct line_event *ev);
/* The seconds of a WATCHDOG line, times what variants ask for. */
int64_t ownlib_watchdog_s(const struct trial *t, const struct line_event *ev);
/* All that was started in one go has ended. */
void ownlib_exited(struct trial *t, int64_t status);

#endif
