/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A directory that tells whether it is whole. The file `seal` in it holds a hash of all else:
 * names, modes and links; of a file of at most 64 MiB its length and content; of a larger one its
 * length, inode, time of modification and first and last MiB, since reading it would take too long,
 * and it was on the disk before it was sealed. When the directory was last used is that file's
 * time, and no other's.
 */
#ifndef BASE_SEAL_H
#define BASE_SEAL_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"
#include "base/sum.h"

#define SEAL_FILE "seal"

struct seal {
	struct sum sum;
	uint64_t bytes; /* that the files take on the disk, about */
	time_t used;
};

/* Seal what is in dir. Nothing may change in it any more. */
int seal_write(const char *dir, struct err *err);

/* The seal of dir, unchecked; -ENOENT or -EINVAL without one. */
int seal_read(const char *dir, struct seal *out);

/* 1: all in dir is as it was sealed, and counts as used now; 0: something is not, or there is no
 * seal; -EMFILE, -ENFILE or -ENOMEM: this process cannot look. */
int seal_check(const char *dir);

#endif
