/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The messages of one guest's kernel, from two sources.
 *
 * The records of /dev/kmsg that the agent sends are the kernel's own words: only those of facility
 * 0 count, and only the first line of a record that is not empty begins a report.
 *
 * Console text is shared with whatever a test prints, so it counts only where the agent cannot
 * speak: in a gap of the records' sequence, and from the agent's last word on when the guest is
 * dead or silent, before the first record too. Even then a line counts only with a time stamp
 * between the last record's time and the guest's clock. A line that a record or the agent's word
 * has overtaken is dropped.
 */
#ifndef DIAG_KERNLOG_H
#define DIAG_KERNLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag/scan.h"

struct kernlog;

struct kernlog_handler {
	scan_finding_fn *finding;
	/* n records were overwritten before the agent read them. NULL allowed. */
	void (*lost)(void *arg, uint64_t n);
	/* Deliver the console's lines that are there by now: a gap is about to be filled from them.
	 * NULL allowed. */
	void (*drain)(void *arg);
	/* How the record ends that the agent writes itself before it ends the guest. NULL: none. */
	const char *last_word;
	void *arg;
};

struct kernlog *kernlog_new(const struct kernlog_handler *h);
void kernlog_free(struct kernlog *k); /* NULL allowed */

/* Whether the kernel proves its locking, by its own words. */
enum lockdep {
	LOCKDEP_NONE, /* it is built without */
	LOCKDEP_ON,
	LOCKDEP_OFF, /* until the next boot: it has found something, or no longer trusts itself */
};
enum lockdep kernlog_lockdep(const struct kernlog *k);

/* Where the records stand: for a guest that is saved, and for those that go on as it. */
struct kernlog_position {
	int64_t next_seq; /* number of the next record */
	int64_t last_us;  /* time of the last one */
	enum lockdep lockdep;
};

struct kernlog_position kernlog_position(const struct kernlog *k);
void kernlog_resume(struct kernlog *k, const struct kernlog_position *at);

/* A record as /dev/kmsg gives it. 0, or -EBADMSG for what is not one. */
int kernlog_record(struct kernlog *k, const char *record, size_t len);

/*
 * A line of the console, any bytes, without its newline. log_line is its number in the log, 0 if it
 * has none; guest_us the guest's clock, microseconds since boot. Returns whether the line says, as
 * the kernel would, that the kernel panics.
 */
bool kernlog_line(struct kernlog *k, const char *line, size_t len, int64_t log_line,
		  int64_t guest_us);

/* The agent had sent every record that there was: what the console showed before is not the
 * kernel's. The console has been drained. */
void kernlog_caught_up(struct kernlog *k);
/* The same, and the agent ends the guest: all that the console showed behind the last word, if it
 * showed that, may be the kernel's. */
void kernlog_bye(struct kernlog *k);
/*
 * As kernlog_caught_up(), from an agent that sends this about once a second: counts for what the
 * console showed before the last such word, since text and word come by ways of their own. Words of
 * one turn, in which the agent's channel was read to its end, count as one: a host that was slow
 * finds several, and the console that it read by then may show what came behind them all.
 */
void kernlog_beat(struct kernlog *k, uint64_t turn);

/* The agent cannot speak, for now or ever: the console counts, until the next record. */
void kernlog_silent(struct kernlog *k);

/* As scan_idle() and scan_flush(). */
void kernlog_idle(struct kernlog *k);
void kernlog_flush(struct kernlog *k);
/* The kernel starts anew, with record 0. */
void kernlog_reboot(struct kernlog *k);

/* Another log begins, whose lines are counted from 1. */
void kernlog_new_log(struct kernlog *k);
/* The number in the log of the console line with this kline_key(); 0: the console did not show it.
 */
int64_t kernlog_log_line(const struct kernlog *k, uint64_t key);

#endif
