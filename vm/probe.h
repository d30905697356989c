/* SPDX-License-Identifier: GPL-2.0-only */
/* The accelerator probe (guest/probe/): running it, and remembering what came of it. */
#ifndef VM_PROBE_H
#define VM_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "vm/accel.h"
#include "kernel/arch.h"

#define PROBE_DEADLINE_MS 10000

/* Where a host has what the choice depends on; a test puts its own in. */
struct accel_host {
	const char *kvm;     /* "/dev/kvm" */
	const char *image;   /* the probe's image; NULL: there is none for this architecture */
	const char *boot_id; /* of this boot of the host; NULL: nothing is remembered */
	int64_t deadline_ms; /* for one guest */
	double load;	     /* of the last minute, divided by the number of processors */
};

struct probe {
	bool works;
	bool lasting;  /* a verdict on the accelerator, not on this moment: worth remembering */
	double factor; /* 1 to 20, when it works */
	double load;   /* of the host when that was measured */
	char why[160]; /* one line, when it does not */
};

/* accel_choose() on such a host. */
int accel_choose_on(const struct accel_host *host, const char *want, const char *arch_name,
		    const char *qemu, const char *cache_dir, struct accel_info *out,
		    struct err *err);

/* By the best of n passes; cpu_ns: QEMU's processor time before the first and after each of them.
 */
double probe_factor(const int64_t *cpu_ns, size_t n);

/* Whether the load was above the number of processors, so that the factor may be too large. */
bool probe_is_loaded(const struct probe *p);

/* Run the image once and judge; however that goes, *out says it. */
void probe_run(const struct accel_host *host, const struct arch *arch, enum accel accel,
	       const char *qemu, struct probe *out);

/*
 * From and to DIR/accel.json: {"version":1,"boot_id":"...","probes":[{"key":"...","works":true,
 * "factor":11.2,"load":0.3,"why":""}]}. The key names the accelerator, and path, time and size of
 * QEMU and the image; an old boot's or a damaged file counts as an empty one. dir may be NULL. A
 * factor that is remembered only becomes smaller: *p gets what is known, where that is better.
 */
bool probe_recall(const struct accel_host *host, enum accel accel, const char *qemu,
		  const char *dir, struct probe *out);
void probe_remember(const struct accel_host *host, enum accel accel, const char *qemu,
		    const char *dir, struct probe *p);

#endif
