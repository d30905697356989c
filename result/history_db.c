// SPDX-License-Identifier: GPL-2.0-only
#include "result/history_db.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"

static const char tables[] =
	"BEGIN IMMEDIATE;"
	"CREATE TABLE IF NOT EXISTS runs(id TEXT PRIMARY KEY, stamp INTEGER NOT NULL,"
	" started INTEGER NOT NULL, exit INTEGER, host TEXT, accel TEXT) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS tests(run TEXT NOT NULL, file TEXT NOT NULL,"
	" subtest TEXT NOT NULL, verdict TEXT NOT NULL, reason TEXT, title TEXT,"
	" duration_ms INTEGER NOT NULL, flaky INTEGER NOT NULL, \"release\" TEXT, arch TEXT,"
	" variant TEXT, \"commit\" TEXT, mem_mib INTEGER NOT NULL);"
	"CREATE INDEX IF NOT EXISTS tests_run ON tests(run);"
	"CREATE INDEX IF NOT EXISTS tests_name ON tests(file, subtest);"
	"PRAGMA user_version = 2;"
	"COMMIT;";

/* ---- statements */

static int failed(struct history *h, struct err *err)
{
	int code = sqlite3_errcode(h->db) & 0xff;

	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		return err_set(err, EBUSY, "%s: another process is writing to it", h->path);
	return err_set(err, code == SQLITE_NOTADB || code == SQLITE_CORRUPT ? EBADMSG : EIO,
		       "%s: %s", h->path, sqlite3_errmsg(h->db));
}

int db_exec(struct history *h, const char *sql, struct err *err)
{
	int r = 0;

	if (sqlite3_exec(h->db, sql, NULL, NULL, NULL) != SQLITE_OK) {
		r = failed(h, err);
		if (!sqlite3_get_autocommit(h->db))
			sqlite3_exec(h->db, "ROLLBACK", NULL, NULL, NULL);
	}
	return r;
}

sqlite3_stmt *db_prepare(struct history *h, struct err *err, const char *sql, const char *types,
			 ...)
{
	sqlite3_stmt *s = NULL;
	va_list ap;

	if (sqlite3_prepare_v2(h->db, sql, -1, &s, NULL) != SQLITE_OK) {
		failed(h, err);
		return NULL;
	}
	va_start(ap, types);
	for (int i = 0; types[i]; i++) {
		if (types[i] == 's')
			sqlite3_bind_text(s, i + 1, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
		else
			sqlite3_bind_int64(s, i + 1, va_arg(ap, int64_t));
	}
	va_end(ap);
	return s;
}

int db_step(struct history *h, sqlite3_stmt *s, struct err *err)
{
	int code = sqlite3_step(s);

	if (code == SQLITE_ROW || code == SQLITE_DONE)
		return code == SQLITE_ROW;
	return failed(h, err);
}

int db_run(struct history *h, sqlite3_stmt *s, struct err *err)
{
	int r = s ? db_step(h, s, err) : err->code;

	sqlite3_finalize(s);
	return r;
}

const char *db_text(sqlite3_stmt *s, int column)
{
	return (const char *)sqlite3_column_text(s, column);
}

void cleanup_stmt(sqlite3_stmt **s)
{
	sqlite3_finalize(*s);
}

/* ---- the file */

static int open_file(struct history *h, struct err *err)
{
	if (sqlite3_open_v2(h->path, &h->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
	    SQLITE_OK)
		return failed(h, err);
	sqlite3_busy_timeout(h->db, HISTORY_BUSY_MS);
	return 0;
}

static int read_version(struct history *h, int64_t *version, struct err *err)
{
	_cleanup_stmt_ sqlite3_stmt *s = db_prepare(h, err, "PRAGMA user_version", "");
	int r = s ? db_step(h, s, err) : err->code;

	*version = r > 0 ? sqlite3_column_int64(s, 0) : 0;
	return r < 0 ? r : 0;
}

static int check_pages(struct history *h, struct err *err)
{
	_cleanup_stmt_ sqlite3_stmt *s = db_prepare(h, err, "PRAGMA quick_check(1)", "");
	int r = s ? db_step(h, s, err) : err->code;

	if (r > 0 && !str_eq(db_text(s, 0), "ok"))
		return err_set(err, EBADMSG, "%s: it is damaged", h->path);
	return r < 0 ? r : 0;
}

/* -EBADMSG: not usable, but for being made again. */
static int check_file(struct history *h, bool whole, struct err *err)
{
	int64_t version;
	int r = read_version(h, &version, err);

	if (r == 0 && version != 0 && version != HISTORY_VERSION)
		return err_set(err, EBADMSG, "%s: it is of another version", h->path);
	if (r == 0 && whole)
		r = check_pages(h, err);
	return r == 0 && !version ? db_exec(h, tables, err) : r;
}

static int open_checked(struct history *h, bool whole, struct err *err)
{
	int r = open_file(h, err);

	return r < 0 ? r : check_file(h, whole, err);
}

static void remove_file(struct history *h)
{
	static const char *const suffixes[] = {"", "-journal", "-wal", "-shm"};

	sqlite3_close(h->db);
	h->db = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		_cleanup_free_ char *path = xasprintf("%s%s", h->path, suffixes[i]);

		unlink(path);
	}
}

int history_open(struct history **out, bool whole, struct err *err)
{
	_cleanup_free_ char *dir = path_data("");
	struct history *h = xcalloc(1, sizeof(*h));
	struct err why = {0};
	int r = mkdir_p(dir, 0700, err);

	h->path = path_data("history.db");
	if (r == 0)
		r = open_checked(h, whole, &why);
	if (r == -EBADMSG) {
		log_note("%s; it is made again", why.msg);
		remove_file(h);
		r = open_checked(h, whole, err);
	} else if (r < 0 && why.code) {
		*err = why;
	}
	if (r < 0)
		history_close(h);
	else
		*out = h;
	return r;
}

void history_close(struct history *h)
{
	if (!h)
		return;
	sqlite3_close(h->db);
	free(h->path);
	free(h);
}
