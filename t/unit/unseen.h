/* SPDX-License-Identifier: GPL-2.0-only */
/* A change of a file that neither its size nor its modification time shows. */
#ifndef T_UNIT_UNSEEN_H
#define T_UNIT_UNSEEN_H

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"

/* Written in place, as `cp -p` or `touch -r` leave it; as many bytes as it has. */
static inline void rewrite_unseen(const char *path, const void *data, size_t len)
{
	struct timespec times[2];
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, len);
	assert_int_equal(file_write(path, data, len, 0644, NULL), 0);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* The clock's last tick is past: of what was written before, times alone tell from now on. */
static inline void settle(void)
{
	usleep(25000);
}

#endif
