/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel bug messages in console text. Fed line by line; a report (WARNING, KASAN, oops ...) is
 * followed to its end, so that its title names the function it happened in. Made to cost nothing on
 * lines that are none: a billion bytes of test output pass through here.
 */
#ifndef DIAG_SCAN_H
#define DIAG_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum finding_kind {
	FINDING_PANIC,
	FINDING_OOPS,
	FINDING_BUG,
	FINDING_WARNING,
	FINDING_KASAN,
	FINDING_KMSAN,
	FINDING_KCSAN,
	FINDING_KFENCE,
	FINDING_UBSAN,
	FINDING_LOCKDEP,
	FINDING_LOCKUP,
	FINDING_HUNG_TASK,
	FINDING_RCU_STALL,
	FINDING_LEAK,
};

struct finding {
	enum finding_kind kind;
	char *title; /* "WARNING in ext4_foo", "Kernel panic - not syncing: sysrq triggered crash"
		      */
	char *function;	    /* where it happened, NULL when not known */
	int64_t first_line; /* of the lines fed, from 0 */
	int64_t last_line;
};

void finding_done(struct finding *f);
const char *finding_kind_name(
	enum finding_kind k);		 /* "panic", "oops", "warning", "hung_task", ... */
bool finding_fatal(enum finding_kind k); /* the guest is not going on by itself: panic */
/* The verdict reason it stands for: panic oops warning kasan lockdep leak hang (lockup, hung task,
 * stall) bug ... */
const char *finding_reason(enum finding_kind k);

struct scan;

struct scan_options {
	/*
	 * Only lines with a printk time stamp not older than the last one seen count as the
	 * kernel's: what a test prints itself, and a dmesg it dumps, are no bugs of this moment.
	 * Off for logs without stamps.
	 */
	bool require_stamp;
};

/*
 * fn is called when a report has ended (or scan_flush was called); the finding is borrowed for the
 * call. Between two flushes it is called for 200 findings at most, and for a panic.
 */
typedef void scan_finding_fn(void *arg, const struct finding *f);

struct scan *scan_new(const struct scan_options *o, scan_finding_fn *fn, void *arg);
void scan_free(struct scan *s);

/*
 * One line without its newline, any bytes. Returns the kind + 1 when this line begins a finding,
 * else 0: for those who must act at once (panic).
 */
int scan_line(struct scan *s, const char *line, size_t len);

/* The guest ended, rebooted or the subtest is over: report what is open. A reboot resets the time
 * stamps. */
void scan_flush(struct scan *s, bool rebooted);

#endif
