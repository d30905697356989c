// SPDX-License-Identifier: GPL-2.0-only
#include "run/hostproc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"

#define CHUNK	   16384
#define CHUNKS_MAX 4096 /* of what is left at the end: who escaped may write on */
#define CALL_MAX   4096 /* bytes of a line that asks */
#define KILL_NS                                                                          \
	(10 * NSEC_PER_SEC) /* for the keeper to end all: what hangs in the kernel stays \
			     */

struct hostproc {
	struct loop *loop;
	struct hostproc_handler handler;
	pid_t pid; /* the keeper; 0: reaped */
	int output, calls;
	struct loop_source *child, *output_source, *calls_source, *killer;
	struct strbuf asked; /* of a line that has no end yet */
};

/* ---- what it says */

/* One read; whether there may be more. */
static bool read_output(struct hostproc *p)
{
	char chunk[CHUNK];
	ssize_t n = read(p->output, chunk, sizeof(chunk));

	if (n > 0) {
		p->handler.output(p->handler.arg, chunk, (size_t)n);
		return true;
	}
	/* EIO: nobody has the terminal open any more. */
	if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		loop_remove(p->output_source);
		p->output_source = NULL;
	}
	return false;
}

static void on_output(void *arg, int fd, uint32_t events)
{
	(void)fd;
	(void)events;
	read_output(arg);
}

static void drain_output(struct hostproc *p)
{
	for (int i = 0; i < CHUNKS_MAX && p->output_source && read_output(p); i++)
		;
}

/* ---- what it asks */

static void take_call(struct hostproc *p, char *line)
{
	char *word = strchr(line, '\t');

	if (word)
		*word++ = '\0';
	p->handler.call(p->handler.arg, line, word ? word : "");
}

static void take_calls(struct hostproc *p)
{
	char *start = p->asked.s, *end;
	size_t left = p->asked.len;

	while ((end = memchr(start, '\n', left))) {
		*end = '\0';
		left -= (size_t)(end + 1 - start);
		take_call(p, start);
		start = end + 1;
	}
	memmove(p->asked.s, start, left);
	p->asked.len = left > CALL_MAX ? 0 : left;
}

static bool read_calls(struct hostproc *p)
{
	char chunk[CALL_MAX];
	ssize_t n = read(p->calls, chunk, sizeof(chunk));

	if (n > 0) {
		/* What it had said before it asked comes before the answer. */
		drain_output(p);
		strbuf_add(&p->asked, chunk, (size_t)n);
		take_calls(p);
		return true;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		loop_remove(p->calls_source);
		p->calls_source = NULL;
	}
	return false;
}

static void on_calls(void *arg, int fd, uint32_t events)
{
	(void)fd;
	(void)events;
	read_calls(arg);
}

/* ---- its end */

static void on_child(void *arg, pid_t pid, int status)
{
	struct hostproc *p = arg;

	(void)pid;
	p->child = NULL;
	p->pid = 0;
	drain_output(p);
	for (int i = 0; i < CHUNKS_MAX && p->calls_source && read_calls(p); i++)
		;
	p->handler.ended(p->handler.arg, status);
}

static void on_killer(void *arg)
{
	const struct hostproc *p = arg;

	log_warn("processes of a test cannot be ended and are left");
	kill(p->pid, SIGKILL);
}

void hostproc_hold(const struct hostproc *p, bool hold)
{
	if (p && p->pid)
		kill(p->pid, hold ? SIGTSTP : SIGCONT);
}

void hostproc_end(struct hostproc *p)
{
	if (!p->pid)
		return;
	kill(p->pid, SIGTERM);
	loop_timer_set(p->killer, loop_now_ns() + KILL_NS);
}

void hostproc_free(struct hostproc *p)
{
	if (!p)
		return;
	loop_remove(p->child);
	loop_remove(p->output_source);
	loop_remove(p->calls_source);
	loop_remove(p->killer);
	if (p->pid > 0) {
		kill(p->pid, SIGTERM);
		waitpid(p->pid, NULL, 0);
	}
	if (p->output >= 0)
		close(p->output);
	if (p->calls >= 0)
		close(p->calls);
	strbuf_done(&p->asked);
	free(p);
}

/* ---- its start */

/* As a guest's console: bytes pass as they are. */
static int open_terminal(int *ours, int *theirs, struct err *err)
{
	struct termios t;
	char name[64];

	*ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (*ours < 0 || grantpt(*ours) < 0 || unlockpt(*ours) < 0 ||
	    ptsname_r(*ours, name, sizeof(name)) != 0)
		return err_errno(err, "no terminal for the test's output (/dev/ptmx)");
	*theirs = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*theirs < 0 || tcgetattr(*theirs, &t) < 0)
		return err_errno(err, "%s", name);
	t.c_oflag &= (tcflag_t)~OPOST;
	t.c_lflag &= (tcflag_t) ~(ECHO | ECHONL);
	return tcsetattr(*theirs, TCSANOW, &t) < 0 ? err_errno(err, "%s", name) : 0;
}

static int spawn(struct hostproc *p, const struct hostproc_spec *s, struct err *err)
{
	_cleanup_close_ int terminal = -1, calls = -1;
	_cleanup_strv_ struct strv argv = {0}, env = {0};
	struct proc_spec spec = PROC_SPEC(&argv);
	int pipefd[2] = {-1, -1}, r;

	r = open_terminal(&p->output, &terminal, err);
	if (r == 0 && pipe2(pipefd, O_CLOEXEC) < 0)
		r = err_errno(err, "pipe");
	if (r < 0)
		return r;
	p->calls = pipefd[0];
	calls = pipefd[1];
	fcntl(p->calls, F_SETFL, O_NONBLOCK);
	strv_add(&argv, s->keeper);
	strv_cat(&argv, s->argv);
	strv_cat(&env, s->env);
	strv_addf(&env, HOSTPROC_CALLS "=%d", calls);
	spec.env = env.v;
	spec.cwd = s->cwd;
	spec.fd_out = spec.fd_err = terminal;
	spec.fds[spec.nfds++] = calls;
	spec.nice = s->nice;
	spec.own_session = true;
	return proc_spawn(&spec, &p->pid, err);
}

int hostproc_start(struct loop *loop, const struct hostproc_spec *spec,
		   const struct hostproc_handler *handler, struct hostproc **out, struct err *err)
{
	struct hostproc *p = xcalloc(1, sizeof(*p));
	int r;

	*p = (struct hostproc){.loop = loop, .handler = *handler, .output = -1, .calls = -1};
	r = spawn(p, spec, err);
	if (r < 0) {
		hostproc_free(p);
		return r;
	}
	p->child = loop_child(loop, p->pid, on_child, p);
	p->output_source = loop_io(loop, p->output, EPOLLIN, on_output, p);
	p->calls_source = loop_io(loop, p->calls, EPOLLIN, on_calls, p);
	p->killer = loop_timer(loop, INT64_MAX, on_killer, p);
	*out = p;
	return 0;
}
