// SPDX-License-Identifier: GPL-2.0-only
#include "run/stall.h"

#include <stdlib.h>
#include <string.h>

#include "run/hostroom.h"
#include "run/job.h"

/* Between two looks; SHARE_PAST of them are longer than what the kernel calls a stall. */
#define LOOK_NS (2 * NSEC_PER_SEC)

static void look(struct job *job)
{
	int64_t ran, waited;

	if (!job->vm || !hostroom_ran(vm_pid(job->vm), &ran, &waited))
		return;
	job->looked_ns = loop_now_ns();
	share_add(&job->share, job->looked_ns, ran, waited);
}

void stall_begin(struct job *job)
{
	job->share.n = 0;
	job->looked_ns = 0;
}

void stall_tick(struct job *job)
{
	if (loop_now_ns() - job->looked_ns >= LOOK_NS)
		look(job);
}

/* What the kernel's command line says last of that argument. */
static int64_t seconds(const struct job *job, const char *argument, int64_t otherwise)
{
	const char *at = job->guest.config.append;

	while ((at = strstr(at, argument))) {
		at += strlen(argument);
		otherwise = strtoll(at, NULL, 10);
	}
	return otherwise;
}

/* For how long a processor has done nothing when the kernel says so; 0: it is not about that. */
static int64_t lost_s(const struct job *job, enum finding_kind kind)
{
	switch (kind) {
	case FINDING_RCU_STALL:
		return seconds(job, STALL_RCU, STALL_RCU_S);
	case FINDING_LOCKUP:
		return 2 * seconds(job, STALL_WATCHDOG, STALL_WATCHDOG_S);
	default:
		return 0;
	}
}

bool stall_of_host(struct job *job, enum finding_kind kind, int *percent)
{
	int host = hostroom_cpus(), guest = job->file->cpus;
	int64_t s = lost_s(job, kind);

	if (!s)
		return false;
	/* A storm of reports is not to push out what was before it. */
	if (loop_now_ns() - job->looked_ns >= NSEC_PER_SEC / 10)
		look(job);
	return share_starved(&job->share, s * NSEC_PER_SEC, guest < host ? guest : host, percent);
}
