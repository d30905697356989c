/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rc files: name=value lines, '#' to the end of the line as a comment, the value one shell word
 * (quotes and backslashes, nothing expanded). The names are a table, as for options.
 */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <stddef.h>

#include "base/err.h"

#define CONF_SIZE_MAX  (64 << 10) /* bytes of a file */
#define CONF_LINES_MAX 1000

enum conf_type {
	CONF_STRING, /* char *: owned copy; an empty value gives NULL */
	CONF_INT,    /* int64_t */
};

/* A table ends with a row without name. */
struct conf_entry {
	const char *name;
	enum conf_type type;
	size_t offset;
};

/*
 * Read path into *into; a name that comes again replaces its value. An unknown name is a log_warn,
 * a malformed line an error; both name the file and the line. So is a file that cannot be read.
 */
int conf_read(const char *path, const struct conf_entry *table, void *into, struct err *err);

/* The same from text that is there already; name stands for it in messages. */
int conf_parse(const char *name, const char *text, size_t len, const struct conf_entry *table,
	       void *into, struct err *err);

#endif
