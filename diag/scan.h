/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reports of bugs among the kernel's messages. Fed line by line; a report (WARNING, KASAN, oops
 * ...) is followed to its end, so that its title names the function it happened in. Which lines are
 * the kernel's is for the caller to know: diag/kernlog.h.
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
	FINDING_KINDS, /* their number */
};

/* Console text does not tell the level of a message. */
#define LEVEL_UNKNOWN (-1)

/* A line of the kernel's, without prefix and newline; any bytes. Borrowed for the call. */
struct kline {
	const char *text;
	size_t len;
	size_t record_len; /* of the record from here on, len included: a name may hold a newline */
	int level;	   /* of printk, or LEVEL_UNKNOWN */
	int64_t stamp_us;  /* -1: none */
	const char *caller; /* never NULL; caller_len 0: not told */
	size_t caller_len;
	bool follows; /* not the first line of its record: it goes on with a report, and begins none
		       */
};

/* A hash of stamp and text: the same for a record and for its line on the console. */
uint64_t kline_key(const struct kline *l);

struct finding {
	enum finding_kind kind;
	char *title; /* "WARNING in ext4_foo", "Kernel panic - not syncing: sysrq triggered crash"
		      */
	char *function;	    /* where it happened, NULL when not known */
	int64_t stamp_us;   /* of its first line; -1: none */
	int64_t first_line; /* of the lines fed, from 0 */
	int64_t last_line;
	uint64_t first_key, last_key; /* kline_key() of these two */
	char *text;		      /* the report, a line each, "[   12.345678] " before it */
};

void finding_done(struct finding *f);
const char *finding_kind_name(
	enum finding_kind k); /* "panic", "oops", "warning", "hung_task", ... */
enum finding_kind finding_kind_find(const char *name); /* NULL allowed; FINDING_KINDS: none */
bool finding_fatal(enum finding_kind k); /* the guest is not going on by itself: panic */
/* The verdict reason it stands for: panic oops warning kasan lockdep leak hang (lockup, hung task,
 * stall) bug ... */
const char *finding_reason(enum finding_kind k);

struct scan;

/*
 * fn is called when a report has ended (or scan_flush was called); the finding is borrowed for the
 * call.
 */
typedef void scan_finding_fn(void *arg, const struct finding *f);

struct scan *scan_new(scan_finding_fn *fn, void *arg);
void scan_free(struct scan *s);

/*
 * Lines of several callers may alternate: each caller has a report of its own. A line that begins a
 * report, with a stamp, and that was there before is passed over: the same bug told twice.
 */
void scan_line(struct scan *s, const struct kline *l);

/* Nothing has come for a while: the reports that are open have ended. */
void scan_idle(struct scan *s);
/* The same; the findings of another subtest follow. */
void scan_flush(struct scan *s);
/* The same, and the kernel has started anew. */
void scan_reboot(struct scan *s);

#endif
