/* SPDX-License-Identifier: GPL-2.0-only */
/* What every part of the agent needs: faults, small files, paths, the clock. */
#ifndef GUEST_UTIL_H
#define GUEST_UTIL_H

#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define NS_PER_S      1000000000LL
#define NS_PER_MS     1000000LL

/* Why an operation failed, as DONE carries it. */
struct fault {
	int error; /* errno, positive; 0 when unset */
	char text[512];
};

/* Fills *f with the message and returns -abs(error). */
int fault_set(struct fault *f, int error, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same for errno, ": strerror" appended. */
int fault_errno(struct fault *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A line to the kernel's log: the one place that works before there is a port. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* CLOCK_MONOTONIC */
int64_t now_ns(void);
/* CLOCK_BOOTTIME, as in /proc/uptime */
int64_t uptime_ns(void);

/*
 * The start of a small file into buf, terminated, white space at its end cut off. The length, or a
 * negative errno with buf empty.
 */
int read_text(const char *path, char *buf, size_t size);
/* One write of the whole text, which is how proc, sysfs and cgroupfs want it. 0 or -errno. */
int write_text(const char *path, int flags, const char *text);

/* mkdir -p with mode for the last part, 0755 for the others; what exists stays as it is. */
int mkdir_p(const char *path, unsigned int mode);
/* The directories above path. */
int mkdir_parents(const char *path);
/* Whether another file system is mounted on path than on its parent. */
int is_mount_point(const char *path);

/* A number without sign in the given base and nothing behind it; 0 or -EINVAL. */
int parse_number(const char *s, int base, uint64_t *out);

/*
 * Cuts text in place at each TAB into at most max parts; the last one takes the rest, further TABs
 * included. The number of parts.
 */
int split_tabs(char *text, char **parts, int max);

#endif
