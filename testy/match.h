/* SPDX-License-Identifier: GPL-2.0-only */
/* From changed paths to the tests that they need, each with the lines of lists that chose it. */
#ifndef TESTY_MATCH_H
#define TESTY_MATCH_H

#include "testy/dirs.h"

/* A line of a list that chose a test. */
struct testy_reason {
	const struct testy_list *list;
	const struct testy_line *line;
	const char *path; /* the first changed path that it is for, below its tree's top if any */
	size_t more;	  /* how many further ones */
};

struct testy_test {
	char *path;	  /* absolute; a name of its own may be a link */
	int64_t priority; /* the lowest of its lines */
	struct testy_reason *reasons;
	size_t n;
};

struct testy_match {
	struct testy_test *tests; /* the lowest priority first, then by path */
	size_t n;
	struct strv kernel_trees; /* in which changed paths lie */

	/* what the above points into */
	struct strv paths;
	struct testy_dirs dirs;
	struct testy_list *shared; /* those read as if at the root */
	size_t nshared;
};

/*
 * The tests whose lines match any of paths (as testy_path() gives them) and have at most this
 * priority. lists are directories: each file *.testy in one counts as if it lay at the top of the
 * git tree, or of the kernel tree, that a path is in. Whatever is wrong in any list that is read is
 * a usage error that names file and line. *m is set up here; testy_match_done() is the caller's to
 * call in any case.
 */
int testy_match(const struct strv *paths, const struct strv *lists, int64_t priority,
		struct testy_match *m, struct err *err);
void testy_match_done(struct testy_match *m);

/* "LIST:LINE for PATH", all reasons or the first of them; foreign text is made printable. */
void testy_reasons(const struct testy_test *t, bool all, struct strbuf *out);

#endif
