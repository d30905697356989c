/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The journal, ktest-out/journal.jsonl: the one record of a run from which everything else is
 * derived. A line is a JSON object with "t_ns" (CLOCK_REALTIME), "seq" (from 0) and "ev"; the
 * schema is doc/journal.schema.json.
 *
 *	run       version, id, settings{}, host{accel,qemu,cpus,...}, argv[]: always the first line
 *	kernel    id "k1", release, arch, variant, build_id, commit, name, image_hash, modules_hash
 *	file      file, path, isolation, subtests[], file_hash, library_hash
 *	guest     guest "vm1", group, kernel, file, state: "start", "ready", "reboot", "end"
 *	          (+ reason; template where it starts as a saved one)
 *	template  template (its key), guest, file, point "booted" or "ready", state: "made",
 *	          "given up", "failed", "not restored" (+ reason)
 *	start     file, subtest, attempt, guest, group; round, retry, confirm (run/again.h)
 *	finding   file, subtest, attempt, guest, kind, title, function, first_line, last_line,
 *	          report
 *	nested    file, subtest, attempt, guest, results[], dropped: KTAP that it printed
 *	reboot    file, subtest, attempt, guest, count
 *	coverage  file, guest, dir "gcov.0", files
 *	put_back  file, subtest, attempt, guest, reason: it was stopped, to be started again
 *	end       file, subtest, attempt, guest, verdict, reason, title, duration_ms, isolation,
 *	          status, signal, mem_mib; round, retry, confirm
 *	note      text
 *	resume    a later run goes on from here: id, argv[]
 *	finish    exit, interrupted (signal name, or absent)
 *
 * A torn last line is legal; unknown events and fields are skipped. Strings that come from a
 * guest, a test file or the file system go in by json_string_lossy (base/json.h): json_pack fails
 * as a whole on bytes that are not UTF-8.
 */
#ifndef RESULT_JOURNAL_H
#define RESULT_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"

#define JOURNAL_VERSION 1
#define JOURNAL_LINE_MAX \
	(4 << 20) /* bytes: the names that 1 MiB of `list-tests` can hold, quoted */

struct journal;

/*
 * Write to fd (O_RDWR | O_APPEND), an empty file or, with append, go on at its end: a torn last
 * line is cut off first and seq goes on from the last event. name stands for it in messages. The
 * descriptor is the journal's from now on, also where this fails.
 */
int journal_open(int fd, const char *name, bool append, struct journal **j, struct err *err);
void journal_close(struct journal *j); /* NULL allowed */

/*
 * Write one event and fdatasync it. ev is the name; fields is a JSON object whose reference is
 * taken over (json_pack's result may be passed directly; NULL, a failed json_pack, is reported as
 * the bug it is). t_ns, seq and ev are put in front. A write error is kept and returned by this and
 * every later call. An event over JOURNAL_LINE_MAX is refused with -EMSGSIZE and not written.
 */
int journal_event(struct journal *j, const char *ev, json_t *fields, struct err *err);

/* The journal's descriptor, to be read from the beginning; it stays the journal's. */
int journal_rewind(const struct journal *j);

/* From now on fn gets each line too, newline included, once it is on disk. */
typedef void journal_line_fn(void *arg, const char *line, size_t len);
void journal_tee(struct journal *j, journal_line_fn *fn, void *arg);

/*
 * Read a journal line by line: fn gets every event (borrowed) in order and stops the reading by
 * returning non-zero, which is then returned. Lines over JOURNAL_LINE_MAX, malformed ones but the
 * last, and a first line that is no "run" event of a known version are errors naming path and line.
 */
typedef int journal_event_fn(void *arg, const json_t *event);
int journal_read(const char *path, journal_event_fn *fn, void *arg, struct err *err);
/* The same from a descriptor, which stays the caller's; name stands for it in messages. */
int journal_read_fd(int fd, const char *name, journal_event_fn *fn, void *arg, struct err *err);

#endif
