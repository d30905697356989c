// SPDX-License-Identifier: GPL-2.0-only
/* ktest results: results.json derived again from a journal, and the table or other reports of it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/opt.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/formats.h"
#include "report/events.h"
#include "report/table.h"
#include "result/result.h"

struct results_options {
	char *dir;
	bool json, events;
	struct formats formats;
};

#define AT(field) .offset = offsetof(struct results_options, field)

static const struct opt results_opts[] = {
	{'o', "out", OPT_STRING, "DIR", "output directory of the run (./ktest-out)", AT(dir)},
	{0, "json", OPT_BOOL, NULL, "print results.json instead of the table", AT(json)},
	{0, "events", OPT_BOOL, NULL, "print the journal's events, a line of JSON each",
	 AT(events)},
	{0, "ktap", OPT_BOOL, NULL, "print KTAP instead of the table", AT(formats.ktap)},
	{0, "junit", OPT_STRING, "FILE", "write JUnit XML", AT(formats.junit)},
	{0, "kcidb", OPT_STRING, "FILE", "write a KCIDB submission", AT(formats.kcidb)},
	{'h', "help", OPT_HELP, NULL, "this list", AT(json)},
	{0},
};

static int help(void)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	opt_help(results_opts, 0, &b);
	printf("usage: ktest results [options] [DIR]\n\n%s", b.s);
	return 0;
}

static void print_json(const struct result *r)
{
	_cleanup_json_ json_t *o = result_json(r);

	json_dumpf(o, stdout, JSON_INDENT(1));
	putchar('\n');
}

static void print_table(const struct result *r)
{
	bool terminal = isatty(STDOUT_FILENO);
	struct winsize ws = {0};

	if (terminal)
		ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws);
	table_print(stdout, r, ws.ws_col, terminal);
}

static int print_events(const char *journal, struct err *err)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	int r = report_events(journal, &b, err);

	return r < 0 ? r : formats_put("-", b.s, b.len, err);
}

static int print_results(const struct results_options *o, const char *dir, const char *journal,
			 const struct result *r, struct err *err)
{
	_cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct formats *f = &o->formats;
	bool taken = f->ktap || str_eq(f->junit, "-") || str_eq(f->kcidb, "-");

	if (o->events)
		return print_events(journal, err);
	if (o->json)
		print_json(r);
	else if (!taken)
		print_table(r);
	return formats_write(f, fd, r, err);
}

static int derive(const char *dir, const struct results_options *o, struct err *err)
{
	_cleanup_free_ char *journal = xasprintf("%s/journal.jsonl", dir);
	_cleanup_free_ char *path = xasprintf("%s/results.json", dir);
	_cleanup_free_ char *text = NULL;
	struct result res;
	int r = result_read(journal, &res, err);

	if (r == 0) {
		text = result_text(&res);
		r = file_write_atomic(path, text, strlen(text), 0644, err);
	}
	if (r == 0)
		r = print_results(o, dir, journal, &res, err);
	result_done(&res);
	if (r == 0 && (fflush(stdout) || ferror(stdout)))
		r = err_errno(err, "standard output");
	return r;
}

/* Options may stand behind the directory as well. */
static int parse(int argc, char **argv, struct results_options *o, const char **dir,
		 struct err *err)
{
	int rest, r = opt_parse(results_opts, 0, argc, argv, o, &rest, err);

	if (r || rest == argc)
		return r;
	*dir = argv[rest];
	argc -= rest;
	argv += rest;
	r = opt_parse(results_opts, 0, argc, argv, o, &rest, err);
	if (r == 0 && (rest < argc || o->dir))
		r = err_usage(err,
			      "results: one output directory at a time, and options before it");
	return r;
}

int cmd_results(int argc, char **argv, struct err *err)
{
	struct results_options o = {0};
	const char *dir = NULL;
	int r = parse(argc, argv, &o, &dir, err);

	if (r == OPT_WANTS_HELP)
		r = help();
	else if (r == 0 && o.json + o.events + o.formats.ktap > 1)
		r = err_usage(err, "results: one of --json, --events and --ktap");
	else if (r == 0)
		r = derive(dir ? dir : o.dir ? o.dir : "ktest-out", &o, err);
	formats_done(&o.formats);
	free(o.dir);
	return r;
}
