/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lists of testy: which tests a change of which files needs; see testy(1). A line is
 * `PRIORITY PATTERN TEST`; '#' at the start of a word begins a comment.
 */
#ifndef TESTY_LIST_H
#define TESTY_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define TESTY_LIST_NAME	 "tests.testy"
#define TESTY_LIST_MAX	 (1 << 20) /* bytes of a list */
#define TESTY_LINES_MAX	 20000	   /* of a list, comments and blank lines included */
#define TESTY_SUFFIX_RUN ".ktest"  /* what ktest runs; anything else is run as it is */

struct testy_line {
	int lineno;
	int64_t priority;
	struct strv pattern; /* its components; none: the whole directory */
	char *test;	     /* as written; after testy_list_read() its path, see there */

	/* which changed paths it is for, filled in by testy_match() */
	size_t hits;
	size_t first; /* of them, an index */
};

struct testy_list {
	char *path; /* absolute */
	struct testy_line *lines;
	size_t n;
};

void testy_list_done(struct testy_list *l);

/*
 * The text of a list; name stands for it in messages. Anything that is not a line as above, and a
 * PATTERN that leads out of the directory, is a usage error that names file and line. *l is set up
 * here; testy_list_done() is the caller's to call in any case.
 */
int testy_list_parse(const char *name, const char *text, size_t len, struct testy_list *l,
		     struct err *err);

/*
 * The list in a file, its tests made absolute against the directory of path and without links but
 * for the last component. A test that is not there, or that could be run neither by ktest nor as it
 * is, is a usage error like those above.
 */
int testy_list_read(const char *path, struct testy_list *l, struct err *err);

/*
 * Whether a pattern (components, each a glob that matches one name) is for a path, both relative to
 * the same directory and path without "." and "..": path equals what it matches, lies below that,
 * or above.
 */
bool testy_pattern_matches(const struct strv *pattern, const char *path);

#endif
