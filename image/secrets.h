/* SPDX-License-Identifier: GPL-2.0-only */
/* Where hosts keep what a guest must not see, whatever its permissions say. */
#ifndef IMAGE_SECRETS_H
#define IMAGE_SECRETS_H

#include <stdbool.h>
#include <stddef.h>

/* rel is a path below /etc, "ssl/private"; a directory that is secret is so with all it holds. */
bool secret_in_etc(const char *rel);

/* A file or directory name that holds keys or credentials wherever it lies. */
bool secret_name(const char *name);

/* Contents that give themselves away: private keys, and addresses with a password. */
bool secret_text(const char *text, size_t len);

/* Patterns for glob(7) below the root directory, in /usr, for what to hide there; NULL-terminated.
 */
extern const char *const secret_globs[];

#endif
