/* SPDX-License-Identifier: GPL-2.0-only */
/* Child processes: every one dies with us, has only the descriptors it was given and no blocked
 * signal. */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

#define PROC_FDS_MAX 16

struct proc_spec {
	const struct strv *argv;   /* argv[0] looked up in $PATH */
	const char *file;	   /* what is executed instead, whatever argv[0] says; NULL: that */
	char *const *env;	   /* NULL: ours */
	const char *cwd;	   /* NULL: ours */
	int fd_in, fd_out, fd_err; /* -1: /dev/null; become 0, 1, 2 */
	int fds[PROC_FDS_MAX];	   /* further ones that the child keeps, under the same numbers */
	int nfds;
	int nice;	      /* added to ours */
	bool own_session;     /* setsid: no terminal, its own process group */
	uint64_t limit_as;    /* RLIMIT_AS in bytes, 0: none */
	uint64_t limit_fsize; /* RLIMIT_FSIZE in bytes, 0: none */
	/* proc_capture: called with all of stdout whenever more of it has come; NULL: not */
	void (*on_output)(void *arg, pid_t pid, const struct strbuf *out);
	void *arg;
};

#define PROC_SPEC(av)                                                 \
	{                                                             \
		.argv = (av), .fd_in = -1, .fd_out = -1, .fd_err = -1 \
	}

/* Start it. An exec that fails is reported here, not as an exit status. */
int proc_spawn(const struct proc_spec *spec, pid_t *pid, struct err *err);

/* How proc_capture ended. */
struct proc_result {
	struct strbuf out; /* stdout, at most max_output bytes */
	struct strbuf err; /* stderr, at most max_output bytes */
	int status;	   /* as of waitpid(2) */
	bool timed_out;	   /* killed at the deadline */
	bool flooded;	   /* killed when it had written more than max_output to either */
	int64_t cpu_ns;	   /* user and system time of it and its waited-for children */
};

void proc_result_done(struct proc_result *r);

/*
 * Run to its end with stdout and stderr collected (fd_out and fd_err of spec unused); it and
 * its process group are killed at deadline_ms (0: none) or above max_output bytes. Returns
 * 0 however it ended, an error only when it could not be started.
 */
int proc_capture(const struct proc_spec *spec, int64_t deadline_ms, size_t max_output,
		 struct proc_result *result, struct err *err);

/*
 * proc_capture of a program that has to succeed: a failure is one line with the last
 * line of its stderr. out may be NULL.
 */
int proc_run(const struct strv *argv, int64_t deadline_ms, struct strbuf *out, struct err *err);

/* The same in two steps, with other work between them. *run is proc_run_end's, which has to come.
 */
struct proc_running;
int proc_run_begin(const struct strv *argv, int64_t deadline_ms, struct proc_running **run,
		   struct err *err);
int proc_run_end(struct proc_running *run, struct strbuf *out, struct err *err);

/* "exit status 3", "killed by SIGSEGV"; buf is returned. */
const char *proc_status_str(int status, char *buf, size_t len);
const char *signal_name(int signo); /* "SIGTERM"; "signal 40" in a static buffer for others */

#endif
