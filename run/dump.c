// SPDX-License-Identifier: GPL-2.0-only
#include "run/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "vm/dump.h"

#define PART_NAME  ".vmcore"
#define SILENCE_NS (60 * NSEC_PER_SEC) /* before the speed factor: nothing came */
#define PIECE	   ((size_t)4096)      /* of nothing but zeros: a hole */
#define LOOK_BYTES (64ULL << 20)       /* between two looks at the free space */

/* The newest kernel that crash 8.0.2, the oldest that is about, can read a dump of. */
#define OLD_CRASH_MAJOR 6
#define OLD_CRASH_MINOR 1

struct dump {
	struct job *job;
	void (*done)(struct job *job);
	const char *format;
	int dir, fd;
	uint64_t size, written, looked; /* holes count in size alone */
	char why[128];			/* it was given up; "": it was not */
};

static bool is_old(const char *release)
{
	int major = 0, minor = 0;

	return sscanf(release, "%d.%d", &major, &minor) == 2 &&
	       (major < OLD_CRASH_MAJOR || (major == OLD_CRASH_MAJOR && minor <= OLD_CRASH_MINOR));
}

bool dump_crash_reads(const char *version, const char *release)
{
	int v[3] = {0};

	sscanf(version, "%d.%d.%d", &v[0], &v[1], &v[2]);
	return v[0] * 10000 + v[1] * 100 + v[2] > 80002 || is_old(release);
}

const char *dump_format(const struct settings *s, const struct kernel *k)
{
	if (s->dump_format && strcmp(s->dump_format, "auto") != 0)
		return s->dump_format;
	return is_old(k->release) ? "kdump" : "elf";
}

/* ---- the file */

static bool is_zero(const char *data, size_t len)
{
	return !*data && !memcmp(data, data + 1, len - 1);
}

static int write_pieces(struct dump *d, const char *data, size_t len)
{
	while (len) {
		size_t n = len < PIECE ? len : PIECE;

		if (!is_zero(data, n)) {
			ssize_t put = pwrite(d->fd, data, n, (off_t)d->size);

			if (put <= 0)
				return put ? -errno : -EIO;
			n = (size_t)put;
			d->written += n;
		}
		d->size += n;
		data += n;
		len -= n;
	}
	return 0;
}

static bool refuse(struct dump *d, const char *why)
{
	snprintf(d->why, sizeof(d->why), "%s", why);
	return false;
}

static bool got_data(void *arg, const char *data, size_t len)
{
	struct dump *d = arg;
	const struct settings *s = d->job->run->settings;
	uint64_t limit = s->dump_limit ? s->dump_limit : DUMP_LIMIT_DEFAULT;
	int r = write_pieces(d, data, len);

	job_deadline(d->job, job_scale(d->job, SILENCE_NS));
	if (r < 0)
		return refuse(d, strerror(-r));
	if (d->written > limit) {
		snprintf(d->why, sizeof(d->why),
			 "it takes more than %" PRIu64 " MiB; --dump-limit allows more",
			 limit >> 20);
		return false;
	}
	if (d->written - d->looked < LOOK_BYTES)
		return true;
	d->looked = d->written;
	return !trial_space_low(&d->job->trial) || refuse(d, "the disk is nearly full");
}

static int publish(struct dump *d)
{
	if (ftruncate(d->fd, (off_t)d->size) < 0 || fsync(d->fd) < 0)
		return -errno;
	/* The guest may have put something there. */
	rm_rf_at(d->dir, DUMP_NAME);
	return renameat(d->dir, PART_NAME, d->dir, DUMP_NAME) < 0 ? -errno : 0;
}

static void record(const struct dump *d)
{
	const struct trial *t = &d->job->trial;
	const struct subtest *s = t->cur.subtest;
	_cleanup_free_ char *path = xasprintf("out/%s/" DUMP_NAME, s->dir);

	trial_note(&d->job->trial, "ktest: %s holds the guest's memory (%s, %" PRIu64 " MiB)", path,
		   d->format, d->written >> 20);
	trial_event(&d->job->trial, "dump",
		    json_pack("{s:s, s:i, s:s, s:s, s:s, s:I}", "subtest", s->name, "attempt",
			      s->attempt, "guest", t->guest, "path", path, "format", d->format,
			      "bytes", (json_int_t)d->written));
}

/* ---- its course */

void dump_drop(struct job *job)
{
	struct dump *d = job->dump;

	if (!d)
		return;
	job->dump = NULL;
	if (d->fd >= 0) {
		close(d->fd);
		unlinkat(d->dir, PART_NAME, 0);
	}
	if (d->dir >= 0)
		close(d->dir);
	free(d);
}

static void ended(void *arg, const char *error)
{
	struct dump *d = arg;
	struct job *job = d->job;
	void (*done)(struct job * job) = d->done;
	int r = error ? 0 : publish(d);

	if (!error && r == 0)
		record(d);
	else
		trial_note(&job->trial, "ktest: no dump of the guest: %s",
			   *d->why ? d->why
			   : error ? error
				   : strerror(-r));
	dump_drop(job);
	done(job);
}

void dump_give_up(struct job *job, const char *why)
{
	vm_dump_cancel(job->vm);
	ended(job->dump, why);
}

static bool open_file(struct dump *d, struct err *err)
{
	struct job *job = d->job;

	d->dir = outdir_subtest_dir(&job->run->out, job->trial.cur.subtest->dir, err);
	if (d->dir < 0)
		return false;
	rm_rf_at(d->dir, PART_NAME);
	d->fd = openat(d->dir, PART_NAME, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		       0600);
	if (d->fd < 0)
		err_errno(err, DUMP_NAME);
	return d->fd >= 0;
}

/* What becomes of a guest that was lost or had no disk space is not explained by its memory. */
static bool is_wanted(const struct job *job, const char *reason)
{
	static const char *const reasons[] = {"panic", "hang", "timeout", "reboot"};

	for (size_t i = 0; job->file->dump && job->trial.cur.subtest && i < ARRAY_SIZE(reasons);
	     i++)
		if (!strcmp(reason, reasons[i]))
			return true;
	return false;
}

bool dump_begin(struct job *job, const char *reason, void (*done)(struct job *job))
{
	struct vm_dump_handler handler = {got_data, ended, NULL};
	struct err err = {0};
	struct dump *d;

	if (!is_wanted(job, reason))
		return false;
	d = xcalloc(1, sizeof(*d));
	*d = (struct dump){.job = job, .done = done, .dir = -1, .fd = -1};
	d->format = dump_format(job->run->settings, &job->file->kernel->kernel);
	job->dump = d;
	handler.arg = d;
	job_deadline(job, job_scale(job, SILENCE_NS));
	if (trial_space_low(&job->trial))
		ended(d, "the disk is nearly full");
	else if (!open_file(d, &err))
		ended(d, err.msg);
	else
		vm_dump(job->vm, strcmp(d->format, "elf") ? VM_DUMP_KDUMP : VM_DUMP_ELF, &handler);
	return true;
}
