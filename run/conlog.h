/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The console of one guest on its way to the logs: cut into lines, stamped with the seconds since
 * the start of the run ("00012 text"), written to the log of the current subtest and to that of
 * the whole run, and shown live. A billion bytes take this path, so a line costs a memchr and a
 * memcpy, and a feed a write to each file.
 */
#ifndef RUN_CONLOG_H
#define RUN_CONLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CONLOG_LINE_MAX	     65536 /* bytes; longer lines are broken */
#define CONLOG_LAST_LINES    20
#define CONLOG_DEFAULT_LIMIT (1ULL << 30)

enum conlog_action {
	CONLOG_KEEP,
	CONLOG_DROP, /* the line goes to no log: ktest writes its own in its place */
};

/*
 * A whole line, raw: without stamp and newline, any bytes. Called before the line is logged:
 * conlog_subtest in it changes the file that this very line goes to, conlog_note in it writes
 * before it. Not called for what follows the first 64 KiB of a line, which begins no line.
 */
typedef enum conlog_action conlog_line_fn(void *arg, const char *line, size_t len);

/* Stamped lines as they go to the logs, many at a time. */
typedef void conlog_live_fn(void *arg, const char *text, size_t len);

struct conlog_options {
	int64_t start_ns;     /* of loop_now_ns: second 0 of the stamps */
	uint64_t log_limit;   /* bytes of a subtest's log, half for its head and half for its tail;
				 0: CONLOG_DEFAULT_LIMIT */
	int run_fd;	      /* the whole run's log, -1: none; the caller's, may be shared */
	const char *tmp_dir;  /* holds tails over the limit until they are joined; NULL: /var/tmp */
	conlog_line_fn *line; /* NULL: none */
	conlog_live_fn *live; /* NULL: none */
	void *arg;
	bool live_escape; /* control characters made visible in live text: it is a terminal */
};

struct conlog;

struct conlog *conlog_new(const struct conlog_options *o);

/* Frees; what is still buffered is written first, its errors lost. NULL allowed. */
void conlog_free(struct conlog *c);

/*
 * From now on lines belong to the log at fd (-1: none), which stays the caller's. A partial line
 * and the tail kept by the limit are written to the old one before. Outside of a subtest the
 * limit counts too: the run's log gets what a subtest's would.
 */
int conlog_subtest(struct conlog *c, int fd, struct err *err);

/*
 * Console bytes, as many as came. All whole lines are in the files on return. The first write
 * error of a file is returned once by this or by a later call; that file gets no more then.
 */
int conlog_feed(struct conlog *c, const void *data, size_t len, struct err *err);

/* The partial line is counted as a line. */
int conlog_flush(struct conlog *c, struct err *err);

/* A line of ktest's own, newline added, stamped, to both logs and live; line() is not called. */
int conlog_note(struct conlog *c, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The number, from 1, of the line that is next in the subtest's log: in line(), of that very line.
 * 0 where there is no such log, or the limit makes the number uncertain. */
int64_t conlog_next_line(const struct conlog *c);

/* Console bytes fed so far. */
uint64_t conlog_bytes(const struct conlog *c);

/* The last console line that is not blank (back 0), the one before (1), at most 255 bytes of each;
 * NULL beyond the last CONLOG_LAST_LINES. Borrowed until the next feed. */
const char *conlog_last_line(struct conlog *c, unsigned int back);

#endif
