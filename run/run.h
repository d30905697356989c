/* SPDX-License-Identifier: GPL-2.0-only */
/* A run: its files one after the other, each subtest brought to a verdict, everything cleaned up.
 */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include "base/loop.h"
#include "kbuild/kbuild.h"
#include "result/result.h"
#include "run/plan.h"
#include "run/settings.h"

/* A guest, or a test on this host, one of several that run. */
struct run_guest {
	const char *file, *subtest; /* subtest NULL: between two */
	const char *phase;
	const char *last;   /* line of its console, foreign text; NULL: none yet */
	int64_t elapsed_ns; /* of the subtest, else of the phase */
};

/* What is going on, for a status line. Strings live for the call. */
struct run_progress {
	const char *file, *subtest; /* subtest NULL: between two */
	const char *phase;	    /* "boot", "init", "run", "stop", ... */
	size_t done, total, failed;
	int64_t elapsed_ns;
	/* Where tests run side by side: those that do now, in the order they were started. */
	bool several;
	const struct run_guest *guests;
	size_t nguests;
	int64_t left_ns; /* that the rest will take by what is known of it; -1: nothing is */
};

/* How a run shows itself; any may be NULL. */
struct run_ui {
	void (*live)(void *arg, const char *text, size_t len); /* log lines as they are written */
	void (*progress)(void *arg,
			 const struct run_progress *p); /* on every change, and each second */
	void (*event)(void *arg, const char *line,
		      size_t len); /* the journal's, newline included */
	void (*build)(void *arg, const struct kbuild_progress *p);
	/*
	 * An interactive guest has nothing left to do of its own: fd, which becomes the callee's,
	 * is connected to its control socket (reach/control.h) and closed from the other side when
	 * it ends. Not called again for a guest that restarts. gone: it has ended, and nothing of
	 * the loop may be used any more.
	 */
	void (*stay)(void *arg, struct loop *loop, int fd);
	void (*gone)(void *arg);
	void *arg;
};

/* The outcome of a run. */
struct run_end {
	int exit_status;      /* as in ktest(1): 0, 1, 125, 130 */
	int dir_fd;	      /* its output directory, whatever lies at that path by now */
	bool known;	      /* there is a result; else why not was said */
	struct result result; /* as its journal has it */
};

void run_end_done(struct run_end *e);

/*
 * Run the tests. argv is recorded in the journal. results.json is written and `out/` is complete
 * when this returns; run_end_done() is due in any case. An error means that nothing could be run:
 * its message is the cause, err->usage tells 129 from 125; what the last run left is untouched
 * then.
 */
int run_execute(const struct settings *s, const struct test_request *tests, size_t n,
		const struct strv *argv, const struct run_ui *ui, struct run_end *end,
		struct err *err);

#endif
