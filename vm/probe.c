// SPDX-License-Identifier: GPL-2.0-only
#include "vm/probe.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/proc.h"

/* What guest/probe/probe.S is built for. */
#define HELLO	   "ktest probe 1\n"
#define EXIT_OK	   33
#define EXIT_BAD   35
#define TIMER_HZ   3579545.0
#define PASSES_MAX 32
#define OUTPUT_MAX 65536

/*
 * One pass of the probe's work at full speed, in ms. Recorded on a server processor (AMD EPYC, 2 to
 * 3 GHz): 1.2 ms for the unprivileged parts, run as a process, and 0.7 ms for the page faults,
 * address space switches and system calls, from what these cost as instructions.
 * On a host with KVM, -v prints what a pass takes there.
 */
#define PASS_MS 1.9

#define FACTOR_MAX 20.0

static void probe_argv(const struct accel_host *host, const struct arch *arch, enum accel accel,
		       const char *qemu, bool confined, struct strv *argv)
{
	strv_addv(argv, qemu, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		  "-m", "32", "-machine", arch->machine[accel], "-accel", arch->accel[accel],
		  "-cpu", arch->cpu[accel], "-kernel", host->image, "-chardev",
		  "stdio,id=out,signal=off", "-device", "isa-debugcon,iobase=0xe9,chardev=out",
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

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median pass in ms, from "pass XXXXXXXX" lines between the greeting and "done"; -1: not that.
 */
static double parse_output(const char *text)
{
	double ms[PASSES_MAX];
	size_t n = 0;
	char *end;

	if (!str_starts(text, HELLO))
		return -1;
	text += strlen(HELLO);
	for (; n < PASSES_MAX && str_starts(text, "pass "); n++) {
		ms[n] = (double)strtoul(text + 5, &end, 16) * 1000 / TIMER_HZ;
		if (end != text + 5 + 8 || *end != '\n')
			return -1;
		text = end + 1;
	}
	if (!n || !str_eq(text, "done\n"))
		return -1;
	qsort(ms, n, sizeof(ms[0]), compare_double);
	return ms[n / 2];
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

static void judge(const struct proc_result *res, int64_t deadline_ms, enum accel accel,
		  struct probe *out)
{
	double ms = -1;

	if (!res->timed_out && !res->flooded && WIFEXITED(res->status) &&
	    WEXITSTATUS(res->status) == EXIT_OK)
		ms = parse_output(res->out.s);
	if (ms < 0) {
		judge_failure(res, deadline_ms, out);
		return;
	}
	log_debug("accelerator probe: %.2f ms a pass under %s", ms, accel_name(accel));
	out->works = out->lasting = true;
	out->factor = ms / PASS_MS;
	if (out->factor < 1)
		out->factor = 1;
	if (out->factor > FACTOR_MAX)
		out->factor = FACTOR_MAX;
}

/* Whether it has to be tried again because this QEMU was built without seccomp. */
static bool lacks_sandbox(const struct proc_result *res)
{
	return WIFEXITED(res->status) && WEXITSTATUS(res->status) == 1 &&
	       strstr(res->err.s, "sandbox");
}

void probe_run(const struct accel_host *host, const struct arch *arch, enum accel accel,
	       const char *qemu, struct probe *out)
{
	*out = (struct probe){0};
	for (int confined = 1; confined >= 0; confined--) {
		_cleanup_strv_ struct strv argv = {0};
		struct proc_spec spec = PROC_SPEC(&argv);
		struct proc_result res;
		struct err err = {0};
		bool again;

		probe_argv(host, arch, accel, qemu, confined, &argv);
		spec.own_session = true;
		if (proc_capture(&spec, host->deadline_ms, OUTPUT_MAX, &res, &err) < 0) {
			snprintf(out->why, sizeof(out->why), "%.*s", (int)sizeof(out->why) - 1,
				 err.msg);
			return;
		}
		again = confined && lacks_sandbox(&res);
		if (!again)
			judge(&res, host->deadline_ms, accel, out);
		proc_result_done(&res);
		if (!again)
			return;
	}
}
