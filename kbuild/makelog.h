/* SPDX-License-Identifier: GPL-2.0-only */
/* What make, compilers and linkers say while a kernel is built: objects done, and what went wrong.
 */
#ifndef KBUILD_MAKELOG_H
#define KBUILD_MAKELOG_H

#include "base/str.h"

#define MAKELOG_ERRORS_MAX 20

struct makelog {
	const char *source, *build_dir; /* cut off in front of the files that are named */
	size_t objects;			/* compiled or assembled */
	struct strv errors; /* of compilers, assembler, linker and modpost, printable, at most
			       MAKELOG_ERRORS_MAX of them */
	size_t nerrors;	    /* all of them */
	char *stop;	    /* make's own reason, where it has one */
	bool disk_full;
};

void makelog_line(struct makelog *l, const char *line, size_t len);

/* The first error, else make's reason, else NULL; it is l's. */
const char *makelog_cause(const struct makelog *l);
void makelog_done(struct makelog *l);

#endif
