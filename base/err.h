/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An error that travels with its message. A function that can fail returns 0 or
 * a negative errno and, on failure, leaves one line for the user in *err; the
 * caller adds context by err_wrap or passes it on. Only cmd/ prints it.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>

/* The exit status of a program that does not get to its end. */
#define EXIT_CANNOT	 125
#define EXIT_USAGE	 129
#define EXIT_INTERRUPTED 130 /* it has been told to end, and nothing is left of it */

struct err {
	int code;	/* negative errno, 0 when unset */
	int usage;	/* the command line is at fault: EXIT_USAGE instead of EXIT_CANNOT */
	char msg[1536]; /* one line, no trailing newline */
};

/* Set the message and return -abs(code). err may be NULL. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int err_vset(struct err *err, int code, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

/* err_set with -errno, ": strerror" appended to the message. */
int err_errno(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* err_set with -EINVAL, marked as a mistake on the command line. */
int err_usage(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Put "context: " before the message; returns err->code. */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
