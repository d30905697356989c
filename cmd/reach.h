/* SPDX-License-Identifier: GPL-2.0-only */
/* What the commands that go to a guest have in common: which one. */
#ifndef CMD_REACH_H
#define CMD_REACH_H

#include <stdbool.h>

#include "base/err.h"

/* The commands, as bits that say which of them take an option. */
enum {
	REACH_ANY = 1,	/* --vm, -o */
	REACH_COPY = 2, /* and -t */
	REACH_PS = 4,	/* --json */
};

struct reach {
	char *vm, *out, *to;
	bool json;
	char *cache; /* filled in by reach_parse() */
	int rest;    /* index of the first argument that is no option */
};

/*
 * Parse the options of a command; args is what the help says of its arguments, at least min of
 * which must be there, at most max. OPT_WANTS_HELP: it was printed.
 */
int reach_parse(unsigned int command, const char *args, int min, int max, int argc, char **argv,
		struct reach *r, struct err *err);
void reach_done(struct reach *r);
#define _cleanup_reach_ __attribute__((cleanup(reach_done)))

/* The directory of the guest; the caller frees it. NULL with *err set. */
char *reach_find(const struct reach *r, struct err *err);

#endif
