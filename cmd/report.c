// SPDX-License-Identifier: GPL-2.0-only
/* ktest report: a run as one HTML file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/opt.h"
#include "cmd/cmd.h"
#include "report/html.h"
#include "result/history.h"

struct report_options {
	char *dir;
};

static const struct opt report_opts[] = {
	{'o', "out", OPT_STRING, "DIR", "output directory of the run (./ktest-out)",
	 .offset = offsetof(struct report_options, dir)},
	{'h', "help", OPT_HELP, NULL, "this list"},
	{0},
};

static int help(void)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	opt_help(report_opts, 0, &b);
	printf("usage: ktest report [-o DIR] [FILE.html]\n\n%s", b.s);
	return 0;
}

static int write_to(int fd, const char *path, const struct html_source *s, struct err *err)
{
	FILE *f = fdopen(fd, "w");
	int r = 0;

	if (!f)
		return err_errno(err, "%s", path);
	report_html(f, s);
	if (ferror(f))
		r = err_set(err, EIO, "%s: cannot be written", path);
	if (fclose(f) != 0 && r == 0)
		r = err_errno(err, "%s", path);
	return r;
}

/* Whoever has the old page open keeps it whole. */
static int write_page(const char *path, const struct html_source *s, struct err *err)
{
	_cleanup_free_ char *tmp = xasprintf("%s.%d", path, (int)getpid());
	bool plain = path_is_plain(path);
	int fd = plain ? open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644)
		       : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0644);
	int r;

	if (fd < 0)
		return err_errno(err, "%s", path);
	r = write_to(fd, path, s, err);
	if (r == 0 && plain && rename(tmp, path) < 0)
		r = err_errno(err, "%s", path);
	if (r < 0 && plain)
		unlink(tmp);
	return r;
}

/* ---- what earlier runs came to */

struct past {
	struct html_past *v;
	size_t n, max;
};

static void add_past(void *arg, const struct history_entry *e)
{
	struct past *p = arg;

	if (p->n < p->max)
		p->v[p->n++] = (struct html_past){e->verdict, e->duration_ms};
}

static size_t past_of(void *arg, const char *file, const char *subtest, struct html_past *past,
		      size_t max)
{
	struct past p = {past, 0, max};
	struct err err = {0};

	if (history_tests(arg, file, subtest, max, add_past, &p, &err) < 0)
		log_note("%s", err.msg);
	return p.n;
}

/* The page does without a history that cannot be read. */
static struct history *open_history(void)
{
	struct history *h = NULL;
	struct err err = {0};
	size_t added;
	int r = history_open(&h, true, &err);

	if (r == 0)
		r = history_sync(h, &added, &err);
	if (r < 0)
		log_note("%s", err.msg);
	return h;
}

static int make_page(const char *dir, const char *path, struct err *err)
{
	_cleanup_free_ char *journal = xasprintf("%s/journal.jsonl", dir);
	_cleanup_free_ char *usual = xasprintf("%s/report.html", dir);
	_cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct history *h = open_history();
	struct result r = {0};
	struct html_source s = {.r = &r, .dir_fd = fd, .past = h ? past_of : NULL, .arg = h};
	int ret = result_read(journal, &r, err);

	if (ret == 0)
		ret = write_page(path ? path : usual, &s, err);
	if (ret == 0)
		printf("%s\n", path ? path : usual);
	result_done(&r);
	history_close(h);
	return ret;
}

int cmd_report(int argc, char **argv, struct err *err)
{
	struct report_options o = {0};
	int rest, r = opt_parse(report_opts, 0, argc, argv, &o, &rest, err);

	if (r == OPT_WANTS_HELP)
		r = help();
	else if (r == 0 && rest + 1 < argc)
		r = err_usage(err, "report: one file at a time, and options before it");
	else if (r == 0)
		r = make_page(o.dir ? o.dir : "ktest-out", rest < argc ? argv[rest] : NULL, err);
	free(o.dir);
	return r;
}
