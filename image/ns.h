/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs that have to own files of many users, mount and chroot, without root rights: in a user
 * namespace where the one who started us is root and their subordinate ids (subuid(5)) are the
 * other users. Root needs none. Each has mounts and processes of its own, which end with us.
 */
#ifndef IMAGE_NS_H
#define IMAGE_NS_H

#include "base/err.h"
#include "base/str.h"

/* The words to put before a program's: they run it so. root: whether we are root already. */
void ns_words(bool root, struct strv *argv);

/* 0 if such a program can be run; else the reason with its remedy. */
int ns_check(struct err *err);

/*
 * Run argv so, its locale C and its $PATH with the system's directories. Both of its outputs
 * are added to *log. 0, or -EIO where it failed: the message is then for the caller to make out of
 * the log.
 */
int ns_run(const struct strv *argv, int64_t deadline_ms, struct strbuf *log, struct err *err);

/* Remove what such programs left in dir, which nobody else could; errors are not told. */
void ns_remove(const char *dir);

#endif
