/* SPDX-License-Identifier: GPL-2.0-only */
/* Notes to the user from below cmd/: the library has no stream of its own, cmd/ sets the sink. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level {
	LOG_WARN,  /* something is weaker or other than asked for */
	LOG_NOTE,  /* what is being done, a line */
	LOG_DEBUG, /* for -v */
};

/* line has no newline and lives for the call only. */
typedef void log_sink_fn(void *arg, enum log_level level, const char *line);

/* Without a sink, all is dropped. */
void log_set_sink(log_sink_fn *sink, void *arg);

void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
