/* SPDX-License-Identifier: GPL-2.0-only */
/* Files and directories. Every descriptor is opened O_CLOEXEC. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

/* The whole file into *buf, NUL added and not counted; -EFBIG above max bytes. The caller frees it.
 */
int file_read(const char *path, size_t max, char **buf, size_t *len, struct err *err);
int file_read_fd(int fd, const char *name, size_t max, char **buf, size_t *len, struct err *err);

/* All of data to fd, restarted after EINTR and short writes; 0 or -errno. */
int fd_write_all(int fd, const void *data, size_t len);

/* Whether it is a file, not a link to one, or not there: only then can another take its place. */
bool path_is_plain(const char *path);

/* A file that the user named, which may be a device, a pipe or a link: that is written into, where
 * all else is replaced as below. 0644. */
int file_put(const char *path, const void *data, size_t len, struct err *err);

/* Written beside path, fsync'd and renamed over it: readers see the old or the new file. */
int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode, struct err *err);

/* The same without waiting for the disk: for what can be made again, and is found out when the
 * power failed in between. */
int file_replace(const char *path, const void *data, size_t len, mode_t mode, struct err *err);

/* Plain creation (truncates), for files that nobody reads yet. */
int file_write(const char *path, const void *data, size_t len, mode_t mode, struct err *err);

/* A copy of src at dst (truncated), by reflink where the file system can, keeping the mode bits. */
int file_copy(const char *src, const char *dst, struct err *err);

/* A file in dir that has no name, for reading and writing; its descriptor or -errno. */
int file_unnamed(const char *dir);

/* A sparse file of size bytes, mode 0600; it must not exist. */
int file_create_sparse(const char *path, uint64_t size, struct err *err);

bool path_exists(const char *path);   /* links followed */
bool path_is_dir(const char *path);   /* links followed */
bool path_readable(const char *path); /* access(2) R_OK */

/* mkdir -p; 0 when it exists already. */
int mkdir_p(const char *path, mode_t mode, struct err *err);

/*
 * Remove path and all below it; symbolic links are removed, not followed, and other
 * file systems mounted below are left alone. 0 when it does not exist.
 */
int rm_rf(const char *path, struct err *err);
int rm_rf_at(int dirfd, const char *name); /* the same, as 0 or -errno */

/* Whether path is dir or lies below it, by their text alone. */
bool path_below(const char *path, const char *dir);

/* The absolute path without links; the caller frees it. NULL with *err set when it does not exist.
 */
char *path_real(const char *path, struct err *err);

/* path made absolute against the working directory, not resolved; the caller frees it. */
char *path_absolute(const char *path);

/* ~/SUFFIX, from $HOME, else the password database; the caller frees it. */
char *path_home(const char *suffix);

/* Where ktest keeps what it can make again: $XDG_CACHE_HOME/ktest or ~/.cache/ktest; the caller
 * frees it. */
char *path_cache(void);

/* Where it keeps what is to last: $XDG_DATA_HOME/ktest/SUFFIX or ~/.local/share/ktest/SUFFIX; the
 * caller frees it. */
char *path_data(const char *suffix);

/*
 * Open path below dirfd without following any link and without leaving dirfd
 * (openat2 RESOLVE_BENEATH|RESOLVE_NO_SYMLINKS), for what a guest wrote. O_CLOEXEC is
 * added, O_NONBLOCK too so that a fifo does not hang. Returns the descriptor or -errno.
 */
int open_beneath(int dirfd, const char *path, int flags, mode_t mode);

/* A fresh directory TEMPLATE (ending in XXXXXX, replaced in place), mode 0700. */
int dir_make_temp(char *template, struct err *err);

/*
 * Take an exclusive flock on path (created 0600) without waiting. Returns the descriptor,
 * which holds the lock until closed; -EWOULDBLOCK when another process holds it.
 */
int lock_try(const char *path, struct err *err);

/* Free and total bytes of the file system that holds path, as an ordinary user can use them. */
int fs_space(const char *path, uint64_t *avail, uint64_t *total);

/* The directory of the running program's tree: /proc/self/exe less "/bin/NAME"; the caller frees
 * it. */
char *program_tree(void);
/* The path of its keeper; the caller frees it. */
char *program_keeper(void);

/* The full path of an executable found in $PATH and then in /usr/sbin:/sbin; NULL if there is none.
 * The caller frees it. */
char *find_program(const char *name);

#endif
