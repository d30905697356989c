/* SPDX-License-Identifier: GPL-2.0-only */
/* Copies that are brought up to date: only what differs is written. */
#ifndef KBUILD_SYNC_H
#define KBUILD_SYNC_H

#include <stdbool.h>

#include "base/err.h"

enum sync_flags {
	SYNC_LINK = 1,	/* may become a hard link to src, where the file system has no reflinks; src
			   must  then never be written in place */
	SYNC_MERGE = 2, /* what src has not stays */
};

/*
 * Make dst the file that src is (links followed), with its mode and modification time. One that is
 * the same already is not touched. A new one takes its place by rename: whoever has the old one, by
 * a hard link too, keeps that.
 */
int sync_file(const char *src, const char *dst, int flags, struct err *err);

/* The same for a directory and all below it; what src has not is removed from dst. Where src is not
 * there, dst goes. Whether a name counts at all is for want; NULL: every one does. */
typedef bool sync_want_fn(const char *name, bool is_dir);
int sync_dir(const char *src, const char *dst, int flags, sync_want_fn *want, struct err *err);

#endif
