// SPDX-License-Identifier: GPL-2.0-only
#include "run/suspend.h"

#include <signal.h>

#include "run/hostjob.h"
#include "run/job.h"

/* For QEMU to stop its guest. */
#define PATIENCE_NS NSEC_PER_SEC

static void release(struct trial *t)
{
	if (unit_on_host(t->unit))
		hostproc_hold(hostjob_of(t)->proc, false);
	else if (job_of(t)->vm)
		vm_release(job_of(t)->vm);
}

static void stand_still(void *arg)
{
	struct run *run = arg;

	run->suspend.awaited = 0;
	loop_timer_set(run->suspend.late, INT64_MAX);
	loop_stop_process();
	for (size_t i = 0; i < run->ntrials; i++)
		release(run->trials[i]);
}

static void on_held(void *arg)
{
	struct run *run = arg;

	if (run->suspend.awaited && --run->suspend.awaited == 0)
		stand_still(run);
}

static void hold(struct run *run, struct trial *t)
{
	if (unit_on_host(t->unit)) {
		hostproc_hold(hostjob_of(t)->proc, true);
	} else if (job_of(t)->vm) {
		run->suspend.awaited++;
		vm_hold(job_of(t)->vm, on_held, run);
	}
}

static void on_signal(void *arg, int signo, pid_t sender)
{
	struct run *run = arg;

	(void)signo;
	(void)sender;
	if (run->suspend.awaited)
		return;
	/* Ours, so that an answer that comes at once is not the last one. */
	run->suspend.awaited = 1;
	loop_timer_set(run->suspend.late, loop_now_ns() + PATIENCE_NS);
	for (size_t i = 0; i < run->ntrials; i++)
		hold(run, run->trials[i]);
	on_held(run);
}

void suspend_prepare(struct run *run)
{
	run->suspend.late = loop_timer(run->loop, INT64_MAX, stand_still, run);
	loop_signal(run->loop, SIGTSTP, on_signal, run);
}
