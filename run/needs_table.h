/* SPDX-License-Identifier: GPL-2.0-only */
/* The declarations as a table, for those that parse and print them: run/needs*.c only. */
#ifndef RUN_NEEDS_TABLE_H
#define RUN_NEEDS_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "run/needs.h"

enum need_kind {
	NEED_WORD,    /* char * */
	NEED_CHOICE,  /* char *: one of choices */
	NEED_ARCH,    /* char *: one that kernel/arch.c has */
	NEED_BUS,     /* char *: one that vm/disk.c has */
	NEED_FLAG,    /* bool */
	NEED_INT,     /* int64_t from 1 to max */
	NEED_MEM,     /* int64_t MiB; a number, or a size with its unit */
	NEED_LIST,    /* struct strv */
	NEED_SIZES,   /* uint64_t * of bytes, size_t at count */
	NEED_ISOLATE, /* enum isolation */
};

struct need_row {
	const char *name; /* as `deps` prints it */
	const char *json; /* as `ktest needs --json` does */
	enum need_kind kind;
	size_t offset, count;
	int64_t max;	     /* NEED_INT */
	const char *choices; /* NEED_CHOICE: "a|b" */
	const char *what;    /* what it is called in a message */
};

extern const struct need_row need_rows[];
extern const size_t need_nrows;

static inline void *need_field(const struct needs *n, const struct need_row *row)
{
	return (void *)((uintptr_t)n + row->offset);
}

static inline size_t *need_count(const struct needs *n, const struct need_row *row)
{
	return (size_t *)((uintptr_t)n + row->count);
}

#endif
