/* SPDX-License-Identifier: GPL-2.0-only */
/* SQLite as the history needs it: result/history*.c only. */
#ifndef RESULT_HISTORY_DB_H
#define RESULT_HISTORY_DB_H

#include <sqlite3.h>

#include "result/history.h"

#define HISTORY_VERSION 2
#define HISTORY_BUSY_MS 2000

struct history {
	sqlite3 *db;
	char *path;
};

int db_exec(struct history *h, const char *sql, struct err *err);

/* A statement with its parameters bound: 's' a string (NULL: null), 'i' an int64_t. NULL on
 * failure. */
sqlite3_stmt *db_prepare(struct history *h, struct err *err, const char *sql, const char *types,
			 ...);
/* 1 a row, 0 no more, negative errno. */
int db_step(struct history *h, sqlite3_stmt *s, struct err *err);
/* All of it, no rows wanted; the statement is finalized, NULL is the failure of db_prepare. */
int db_run(struct history *h, sqlite3_stmt *s, struct err *err);

const char *db_text(sqlite3_stmt *s, int column); /* NULL: null */

void cleanup_stmt(sqlite3_stmt **s);
#define _cleanup_stmt_ __attribute__((cleanup(cleanup_stmt)))

/* The row of every subtest of a run. stamp tells versions of one journal apart. In a transaction of
 * its own. */
int history_add(struct history *h, const char *id, int64_t stamp, const struct result *r,
		struct err *err);

#endif
