/* SPDX-License-Identifier: GPL-2.0-only */
/* The last N bytes of a stream, kept in an unnamed file that is written round. */
#ifndef RUN_LOGTAIL_H
#define RUN_LOGTAIL_H

#include <stddef.h>
#include <stdint.h>

struct logtail {
	int fd; /* -1: nothing kept yet */
	uint64_t cap, total;
};

/* dir holds the file, which has no name. 0 or -errno. */
int logtail_open(struct logtail *t, const char *dir, uint64_t cap);
void logtail_done(struct logtail *t); /* fd -1 allowed */

int logtail_write(struct logtail *t, const char *data, size_t len); /* 0 or -errno */

/* Bytes no longer kept: all before the first whole line, if any are lost. */
uint64_t logtail_lost(const struct logtail *t);

/* n bytes at offset at of the stream (at >= lost) into buf. The number read, or -errno. */
int64_t logtail_read(const struct logtail *t, uint64_t at, char *buf, size_t n);

#endif
