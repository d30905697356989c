/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line as tables: help, the synopsis of the man page and shell completion are
 * generated from the rows that parse it.
 */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum opt_type {
	OPT_BOOL,   /* bool: set to true */
	OPT_STRING, /* char *: owned copy, the last one wins */
	OPT_INT,    /* int64_t in [min, max] */
	OPT_SIZE,   /* uint64_t bytes, suffixes k M G T */
	OPT_LIST,   /* struct strv: added to */
	OPT_CHOICE, /* char *: one of choices, separated by '|' */
	OPT_HELP,   /* sets nothing: opt_parse returns OPT_WANTS_HELP */
};

struct opt {
	char short_name;  /* 0: none */
	const char *name; /* without "--"; NULL: none */
	enum opt_type type;
	const char *arg;       /* name of the argument in the help */
	const char *help;      /* one line; NULL hides the row */
	size_t offset;	       /* of the field in the options structure */
	int64_t min, max;      /* OPT_INT */
	const char *choices;   /* OPT_CHOICE: "auto|kvm|tcg" */
	unsigned int commands; /* bit mask of the commands that take it; 0: all */
};

#define OPT_WANTS_HELP 1

/*
 * Parse argv[1..] (argv[0] is the command's name) into *into. Parsing ends at the first word
 * that is no option, or after "--"; *rest is its index in argv. Short options may
 * be joined (-vx) and carry their argument (-p3); long ones take "--name=value" or
 * "--name value"; a unique prefix of a long name is not accepted. Rows for other
 * commands than those in the mask command are unknown options; with 0 all rows count. 0,
 * OPT_WANTS_HELP, or a usage error.
 */
int opt_parse(const struct opt *table, unsigned int command, int argc, char **argv, void *into,
	      int *rest, struct err *err);

/* The rows of a command as aligned help lines. */
void opt_help(const struct opt *table, unsigned int command, struct strbuf *out);

/* A bash completion word list: every short and long option of the command. */
void opt_words(const struct opt *table, unsigned int command, struct strbuf *out);

/* mdoc rows (.It Fl ...) for the manual page. */
void opt_mdoc(const struct opt *table, unsigned int command, struct strbuf *out);

#endif
