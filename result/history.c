// SPDX-License-Identifier: GPL-2.0-only
/* From kept journals to the index. */
#include "result/history.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/str.h"
#include "result/history_db.h"

#define SUFFIX	    ".jsonl.gz"
#define JOURNAL_MAX (512LL << 20) /* bytes of a journal, unpacked */

/* ---- a run's rows */

static const json_t *kernel_of(const struct result *r, const char *id)
{
	json_t *k;
	size_t i;

	json_array_foreach (r->kernels, i, k)
		if (str_eq(json_get_str(k, "id"), id))
			return k;
	return NULL;
}

static int add_test(struct history *h, const char *id, const struct result *r,
		    const struct result_test *t, struct err *err)
{
	static const char sql[] = "INSERT INTO tests VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)";
	const json_t *k = kernel_of(r, t->kernel);

	return db_run(h,
		      db_prepare(h, err, sql, "ssssssiissssi", id, t->file, t->subtest,
				 verdict_name(t->verdict), t->reason, t->title, t->duration_ms,
				 (int64_t)t->flaky, json_get_str(k, "release"),
				 json_get_str(k, "arch"), json_get_str(k, "variant"),
				 json_get_str(k, "commit"), t->mem_mib),
		      err);
}

static int add_rows(struct history *h, const char *id, int64_t stamp, const struct result *r,
		    struct err *err)
{
	int ret = db_run(h, db_prepare(h, err, "DELETE FROM tests WHERE run = ?", "s", id), err);

	if (ret == 0)
		ret = db_run(h,
			     db_prepare(h, err, "REPLACE INTO runs VALUES(?,?,?,?,?,?)", "siiiss",
					id, stamp, r->start_ns, (int64_t)r->exit_status,
					json_get_str(r->host, "name"),
					json_get_str(r->host, "accel")),
			     err);
	/* What did not start says nothing of the subtest. */
	for (size_t i = 0; i < r->n && ret == 0; i++)
		if (r->tests[i].verdict != VERDICT_NONE && !r->tests[i].undecisive)
			ret = add_test(h, id, r, &r->tests[i], err);
	return ret;
}

int history_add(struct history *h, const char *id, int64_t stamp, const struct result *r,
		struct err *err)
{
	int ret = db_exec(h, "BEGIN IMMEDIATE", err);

	if (ret < 0)
		return ret;
	ret = add_rows(h, id, stamp, r, err);
	if (ret == 0)
		return db_exec(h, "COMMIT", err);
	sqlite3_exec(h->db, "ROLLBACK", NULL, NULL, NULL);
	return ret;
}

/* ---- journals */

static int unpack(struct archive *a, int fd, const char *path, struct err *err)
{
	struct archive_entry *e;
	char chunk[65536];
	int64_t total = 0;
	la_ssize_t n = -1;
	int r;

	if (archive_read_next_header(a, &e) == ARCHIVE_OK)
		while ((n = archive_read_data(a, chunk, sizeof(chunk))) > 0) {
			total += n;
			if (total > JOURNAL_MAX)
				return err_set(err, EFBIG, "%s: more than 512 MiB", path);
			r = fd_write_all(fd, chunk, (size_t)n);
			if (r < 0)
				return err_set(err, r, "%s: %s", path, strerror(-r));
		}
	if (n < 0)
		return err_set(err, EBADMSG, "%s: %s", path, archive_error_string(a));
	return lseek(fd, 0, SEEK_SET) < 0 ? err_errno(err, "%s", path) : 0;
}

int history_read_run(const char *id, struct result *r, struct err *err)
{
	_cleanup_free_ char *dir = path_data("runs");
	_cleanup_free_ char *path = xasprintf("%s/%s" SUFFIX, dir, id);
	_cleanup_close_ int fd = memfd_create("journal", MFD_CLOEXEC);
	struct archive *a = archive_read_new();
	int ret;

	*r = (struct result){0};
	archive_read_support_filter_gzip(a);
	archive_read_support_format_raw(a);
	if (fd < 0)
		ret = err_errno(err, "%s", path);
	else if (archive_read_open_filename(a, path, 65536) != ARCHIVE_OK)
		ret = err_set(err, ENOENT, "%s: %s", path, archive_error_string(a));
	else
		ret = unpack(a, fd, path, err);
	archive_read_free(a);
	return ret < 0 ? ret : result_read_fd(fd, path, r, err);
}

/* The time the copy was written: a resumed run's is a newer one of the same name. */
static int64_t stamp_of(const char *id)
{
	_cleanup_free_ char *dir = path_data("runs");
	_cleanup_free_ char *path = xasprintf("%s/%s" SUFFIX, dir, id);
	struct stat st;

	if (stat(path, &st) < 0)
		return -1;
	return (int64_t)st.st_mtim.tv_sec * NSEC_PER_SEC + st.st_mtim.tv_nsec;
}

static bool is_known(struct history *h, const char *id, int64_t stamp)
{
	struct err err = {0};
	_cleanup_stmt_ sqlite3_stmt *s = db_prepare(
		h, &err, "SELECT 1 FROM runs WHERE id = ? AND stamp = ?", "si", id, stamp);

	return s && db_step(h, s, &err) > 0;
}

/* 1: it was added; a journal that cannot be read does not keep the others out. */
static int add_journal(struct history *h, const char *id, struct err *err)
{
	int64_t stamp = stamp_of(id);
	struct result r = {0};
	struct err why = {0};
	int ret;

	if (stamp < 0 || is_known(h, id, stamp))
		return 0;
	ret = history_read_run(id, &r, &why);
	if (ret < 0) {
		log_warn("%s", why.msg);
		ret = 0;
	} else {
		ret = history_add(h, id, stamp, &r, err);
		ret = ret < 0 ? ret : 1;
	}
	result_done(&r);
	return ret;
}

int history_sync(struct history *h, size_t *added, struct err *err)
{
	_cleanup_free_ char *path = path_data("runs");
	DIR *dir = opendir(path);
	struct dirent *d;
	int r = 0;

	*added = 0;
	if (!dir)
		return errno == ENOENT ? 0 : err_errno(err, "%s", path);
	while (r >= 0 && (d = readdir(dir))) {
		_cleanup_free_ char *id = NULL;

		if (d->d_name[0] == '.' || !str_ends(d->d_name, SUFFIX))
			continue;
		id = xstrndup(d->d_name, strlen(d->d_name) - strlen(SUFFIX));
		r = add_journal(h, id, err);
		*added += r > 0;
	}
	closedir(dir);
	return r < 0 ? r : 0;
}

int history_rebuild(struct history *h, size_t *added, struct err *err)
{
	int r = db_exec(h, "BEGIN IMMEDIATE; DELETE FROM tests; DELETE FROM runs; COMMIT; VACUUM",
			err);

	return r < 0 ? r : history_sync(h, added, err);
}

void history_note(const char *id)
{
	struct history *h = NULL;
	struct err err = {0};
	int r = history_open(&h, false, &err);

	if (r == 0)
		r = add_journal(h, id, &err);
	if (r < 0)
		log_note("%s; the run is added to the history when that is next looked at",
			 err.msg);
	history_close(h);
}
