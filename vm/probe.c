// SPDX-License-Identifier: GPL-2.0-only
#include "vm/probe.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/proc.h"

/* What guest/probe/probe.S is built for. */
#define HELLO	   "ktest probe 2\n"
#define PASS	   "pass\n"
#define EXIT_OK	   33
#define EXIT_BAD   35
#define PASSES_MAX 32
#define OUTPUT_MAX 65536

/*
 * The best pass of the probe's work at full speed, in ms. Recorded on a server processor (AMD EPYC,
 * 2 to 3 GHz): 1.2 ms for the unprivileged parts, run as a process, and 0.7 ms for the page faults,
 * address space switches and system calls, from what these cost as instructions; less 8 %, by which
 * the best pass is below the median one that was measured so.
 * On a host with KVM, -v prints what a pass takes there.
 */
#define PASS_MS 1.75

#define FACTOR_MAX 20.0

static void probe_argv(const struct accel_host *host, const struct arch *arch, enum accel accel,
		       const char *qemu, bool confined, struct strv *argv)
{
	strv_addv(argv, qemu, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		  "-m", "32", "-machine", arch->machine[accel], "-accel", arch->accel[accel],
		  "-cpu", arch->cpu[accel], "-kernel", host->image, "-chardev",
		  "stdio,id=out,signal=off", "-device", "isa-serial,iobase=0x3f8,irq=4,chardev=out",
		  "-device", "isa-debug-exit,iobase=0xf4,iosize=4", NULL);
	if (confined)
		strv_addv(argv, "-sandbox",
			  "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
			  NULL);
}

/* The first line of text that is no mere warning, fit for a message. */
static void first_complaint(const char *text, char *buf, size_t len)
{
	size_t n = 0;

	buf[0] = '\0';
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t end = strcspn(line, "\n");

		if (!end || memmem(line, end, "warning:", 8))
			continue;
		for (size_t i = 0; i < end && n < len - 1; i++)
			buf[n++] = isprint((unsigned char)line[i]) ? line[i] : '?';
		buf[n] = '\0';
		return;
	}
}

/* QEMU's processor time after each line of its guest, which then sleeps until it has an answer. */
struct marks {
	int64_t cpu_ns[PASSES_MAX + 1];
	size_t n;
	int answer_fd;
};

static void on_output(void *arg, pid_t qemu, const struct strbuf *out)
{
	struct marks *m = arg;
	struct timespec ts;
	clockid_t clock;

	if (out->s[out->len - 1] != '\n' || m->n == ARRAY_SIZE(m->cpu_ns) ||
	    clock_getcpuclockid(qemu, &clock) || clock_gettime(clock, &ts))
		return;
	m->cpu_ns[m->n++] = ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
	if (write(m->answer_fd, "\n", 1) != 1)
		log_debug("accelerator probe: no answer to the guest: %s", strerror(errno));
}

/* Number of "pass" lines between the greeting and "done"; 0: other text, or a mark is missing. */
static size_t count_passes(const char *text, const struct marks *m)
{
	size_t n = 0;

	if (!str_starts(text, HELLO))
		return 0;
	for (text += strlen(HELLO); str_starts(text, PASS); text += strlen(PASS))
		n++;
	return str_eq(text, "done\n") && n < m->n ? n : 0;
}

double probe_factor(const int64_t *cpu_ns, size_t n)
{
	int64_t best = INT64_MAX;
	double factor;

	for (size_t i = 0; i < n; i++)
		if (cpu_ns[i + 1] - cpu_ns[i] < best)
			best = cpu_ns[i + 1] - cpu_ns[i];
	log_debug("accelerator probe: %.2f ms a pass", (double)best / NSEC_PER_MSEC);
	factor = (double)best / NSEC_PER_MSEC / PASS_MS;
	if (factor < 1)
		return 1;
	return factor > FACTOR_MAX ? FACTOR_MAX : factor;
}

bool probe_is_loaded(const struct probe *p)
{
	return p->works && p->factor > 1 && p->load > 1;
}

static void judge_failure(const struct proc_result *res, int64_t deadline_ms, struct probe *out)
{
	char word[64], said[96];

	out->lasting = true;
	first_complaint(WIFEXITED(res->status) && WEXITSTATUS(res->status) == EXIT_BAD ? res->out.s
										       : res->err.s,
			said, sizeof(said));
	if (res->timed_out)
		snprintf(out->why, sizeof(out->why), "a tiny guest hangs (%lld s)%s%s",
			 (long long)(deadline_ms + 999) / 1000, said[0] ? ": " : "", said);
	else if (res->flooded)
		snprintf(out->why, sizeof(out->why), "a tiny guest floods its console");
	else if (WIFSIGNALED(res->status))
		snprintf(out->why, sizeof(out->why), "QEMU dies of a tiny guest (%s)%s%s",
			 proc_status_str(res->status, word, sizeof(word)), said[0] ? ": " : "",
			 said);
	else if (WEXITSTATUS(res->status) == EXIT_BAD)
		snprintf(out->why, sizeof(out->why), "in a tiny guest: %s", said);
	else if (WEXITSTATUS(res->status) == EXIT_OK || !WEXITSTATUS(res->status))
		snprintf(out->why, sizeof(out->why), "a tiny guest ends without its result");
	else {
		/* QEMU does not even start: that may be a matter of memory or of another user. */
		out->lasting = false;
		snprintf(out->why, sizeof(out->why), "QEMU: %s",
			 said[0] ? said : proc_status_str(res->status, word, sizeof(word)));
	}
}

static void judge(const struct proc_result *res, int64_t deadline_ms, const struct marks *m,
		  struct probe *out)
{
	size_t n = 0;

	if (!res->timed_out && !res->flooded && WIFEXITED(res->status) &&
	    WEXITSTATUS(res->status) == EXIT_OK)
		n = count_passes(res->out.s, m);
	if (!n) {
		judge_failure(res, deadline_ms, out);
		return;
	}
	out->works = out->lasting = true;
	out->factor = probe_factor(m->cpu_ns, n);
}

/* Whether it has to be tried again because this QEMU was built without seccomp. */
static bool lacks_sandbox(const struct proc_result *res)
{
	return WIFEXITED(res->status) && WEXITSTATUS(res->status) == 1 &&
	       strstr(res->err.s, "sandbox");
}

/* QEMU's end of the pipe is open here too: an answer to a dead QEMU raises no SIGPIPE. */
static int capture(const struct strv *argv, int64_t deadline_ms, struct marks *m,
		   struct proc_result *res, struct err *err)
{
	struct proc_spec spec = PROC_SPEC(argv);
	int answers[2], r;

	if (pipe2(answers, O_CLOEXEC) < 0)
		return err_errno(err, "pipe");
	*m = (struct marks){.answer_fd = answers[1]};
	spec.fd_in = answers[0];
	spec.on_output = on_output;
	spec.arg = m;
	r = proc_capture(&spec, deadline_ms, OUTPUT_MAX, res, err);
	close(answers[0]);
	close(answers[1]);
	return r;
}

void probe_run(const struct accel_host *host, const struct arch *arch, enum accel accel,
	       const char *qemu, struct probe *out)
{
	*out = (struct probe){.load = host->load};
	for (int confined = 1; confined >= 0; confined--) {
		_cleanup_strv_ struct strv argv = {0};
		struct proc_result res = {0};
		struct err err = {0};
		struct marks marks;
		bool again;

		probe_argv(host, arch, accel, qemu, confined, &argv);
		if (capture(&argv, host->deadline_ms, &marks, &res, &err) < 0) {
			snprintf(out->why, sizeof(out->why), "%.*s", (int)sizeof(out->why) - 1,
				 err.msg);
			return;
		}
		again = confined && lacks_sandbox(&res);
		if (!again)
			judge(&res, host->deadline_ms, &marks, out);
		proc_result_done(&res);
		if (!again)
			return;
	}
}
