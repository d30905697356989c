/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A record of /dev/kmsg, as the guest's agent passes it on. Format:
 * Documentation/ABI/testing/dev-kmsg in the kernel's source,
 *
 *	PRIO,SEQ,TIME,FLAGS[,KEY=VALUE...];TEXT[\n KEY=VALUE]...
 *
 * where PRIO is 8 times the facility plus the level, TIME counts microseconds since boot, and bytes
 * of TEXT that are not printable stand as \xNN.
 */
#ifndef DIAG_KMSG_H
#define DIAG_KMSG_H

#include <stddef.h>
#include <stdint.h>

struct kmsg {
	uint64_t seq;
	int facility; /* 0: the kernel itself; a write to /dev/kmsg cannot have it */
	int level;    /* 0 (emergency) to 7 (debug) */
	int64_t time_us;
	const char *caller; /* "T123", a thread, or "C0", a CPU; caller_len 0: not told */
	size_t caller_len;
	const char *text; /* as it came, see kmsg_text() */
	size_t len;
};

/* Pointers go into record. 0, or -EBADMSG for what is not a record; *m is undefined then. */
int kmsg_parse(const char *record, size_t len, struct kmsg *m);

/* The text with each \xNN replaced by its byte: out has room for m->len. Returns the length. */
size_t kmsg_text(const struct kmsg *m, char *out);

#endif
