/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lines by which a test file's own library reports on the console (the verdict lines of
 * doc/writing-tests.md). Only for files that bring such a library: whoever prints to the console
 * can print these.
 */
#ifndef RUN_LINES_H
#define RUN_LINES_H

#include <stddef.h>
#include <stdint.h>

#define LINE_TEXT_MAX 201 /* of a name, reason or version, with the NUL */

enum line_kind {
	LINE_NONE,
	LINE_TEST,     /* ========= TEST   NAME */
	LINE_PASSED,   /* ========= PASSED NAME in Ns */
	LINE_FAILED,   /* ========= FAILED NAME in Ns */
	LINE_NOTRUN,   /* ========= NOTRUN NAME in Ns: REASON */
	LINE_TIMEOUT,  /* ========= FAILED TIMEOUT NAME in Ns */
	LINE_WATCHDOG, /* WATCHDOG S */
	LINE_MONITOR,  /* QEMU_MONITOR CMD */
	LINE_SUCCESS,  /* TEST SUCCESS: the whole file is done */
	LINE_FAILURE,  /* TEST FAILED */
	LINE_KERNEL,   /* Kernel version: V */
	LINE_REBOOT,   /* UNEXPECTED REBOOT: got A expected B */
};

enum line_hotplug {
	HOTPLUG_REFUSED, /* QEMU_MONITOR with anything else */
	HOTPLUG_PLUG,
	HOTPLUG_UNPLUG,
};

/* What a line says; only the fields of its kind are set, the others zero. */
struct line_event {
	char name[LINE_TEXT_MAX];   /* TEST to TIMEOUT: the subtest; KERNEL: the version */
	char reason[LINE_TEXT_MAX]; /* NOTRUN, MONITOR: the command; control characters as '?' */
	int64_t seconds;	    /* PASSED to TIMEOUT: it took; WATCHDOG: it may take */
	enum line_hotplug hotplug;  /* MONITOR */
	char device[32];	    /* MONITOR: the id, "" when only an index was given */
	int index;		    /* MONITOR: the number the id ends in, -1: none */
	int64_t got, expected;	    /* REBOOT */
};

/*
 * A console line without its newline; printk's prefix and CRs around it are tolerated, anything
 * else before it makes it LINE_NONE, as does a name of over 200 bytes. On LINE_NONE *ev means
 * nothing.
 */
enum line_kind line_parse(const char *line, size_t len, struct line_event *ev);

#endif
