// SPDX-License-Identifier: GPL-2.0-only
/* `run`, of ktest and of build-test-kernel: shown as it goes. */
#include "cmd/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/formats.h"
#include "cmd/screen.h"
#include "report/table.h"
#include "run/run.h"

/*
 * Words that name a file are tests, what follows one up to the next are its subtests: so
 * `run a.ktest b.ktest` works, and `run a.ktest one two` as it always did.
 */
static bool names_file(const char *word)
{
	return str_ends(word, ".ktest") || strchr(word, '/');
}

static struct test_request *read_tests(int argc, char **argv, size_t *n)
{
	struct test_request *t = xcalloc((size_t)argc + 1, sizeof(*t));

	*n = 0;
	for (int i = 0; i < argc; i++) {
		/* A subtest may hold a '/': it is a file only where there is one. */
		if (!i || (names_file(argv[i]) && path_exists(argv[i])))
			t[(*n)++].path = argv[i];
		else
			strv_add(&t[*n - 1].subtests, argv[i]);
	}
	return t;
}

/* ---- showing it */

static void show_event(void *arg, const char *line, size_t len)
{
	(void)arg;
	fwrite(line, 1, len, stdout);
	fflush(stdout);
}

/* Standard output is for another program, who wants nothing else on it. */
static bool is_quiet(const struct run_options *o)
{
	return o->json || o->formats.ktap || str_eq(o->formats.junit, "-") ||
	       str_eq(o->formats.kcidb, "-");
}

/* A report that is missed is no success. */
static int print_reports(const struct run_options *o, const struct run_end *end, bool terminal)
{
	int status = end->exit_status ? end->exit_status : 125;
	struct err err = {0};

	if (!end->known)
		return status;
	if (!is_quiet(o))
		table_print(stdout, &end->result, terminal ? screen_width() : 0, terminal);
	if (formats_write(&o->formats, end->dir_fd, &end->result, &err) == 0)
		return end->exit_status;
	log_warn("%s", err.msg);
	return status;
}

static int execute(struct run_options *o, int argc, char **argv, int rest, struct err *err)
{
	struct screen screen;
	struct run_ui ui = screen_ui(&screen);
	_cleanup_strv_ struct strv words = {0};
	struct test_request *tests;
	struct run_end end;
	int r;
	size_t n;

	for (int i = 0; i < argc; i++)
		strv_add(&words, argv[i]);
	tests = read_tests(argc - rest, argv + rest, &n);
	if (is_quiet(o))
		ui.live = NULL;
	if (o->json)
		ui.event = show_event;
	screen_open(&screen, !is_quiet(o));
	if (!screen.terminal)
		ui.progress = NULL;
	if (o->s.interactive)
		screen_interactive(&ui);
	r = run_execute(&o->s, tests, n, &words, &ui, &end, err);
	screen_close(&screen);
	if (r == 0)
		r = o->boot ? end.exit_status : print_reports(o, &end, screen.terminal);
	if (r >= 0 && err->code)
		fprintf(stderr, "ktest: %s\n", err->msg);
	for (size_t i = 0; i < n; i++)
		strv_done(&tests[i].subtests);
	free(tests);
	run_end_done(&end);
	return r;
}

static void print_help(const char *program, const char *args, unsigned int command)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	opt_help(run_opts, command, &b);
	printf("usage: %s %s\n\n%s", program, args, b.s);
}

/* -L: until a subtest fails, or somebody has had enough. */
static int execute_loop(struct run_options *o, int argc, char **argv, int rest, struct err *err)
{
	int status = 0;

	for (unsigned long n = 1; status == 0; n++) {
		status = execute(o, argc, argv, rest, err);
		if (status == 0 && !is_quiet(o))
			printf("SUCCESSFUL ITERATIONS %lu\n", n);
	}
	return status;
}

static int run_with(const char *program, unsigned int command, int argc, char **argv,
		    struct err *err)
{
	struct run_options o = {0};
	int rest, r = opt_parse(run_opts, command, argc, argv, &o, &rest, err);

	if (r == OPT_WANTS_HELP) {
		print_help(program, "run [options] TEST [SUBTEST...] [TEST [SUBTEST...]]...",
			   command);
		options_done(&o);
		return 0;
	}
	if (r == 0 && rest == argc)
		r = err_usage(err, "run: name a test file; '%s run -h' lists the options", program);
	if (r == 0 && o.json && o.formats.ktap)
		r = err_usage(err, "run: one of --json and --ktap");
	if (r == 0)
		r = options_settle(&o, command, err);
	if (r == 0)
		r = formats_check(&o.formats, err);
	cmd_verbose = o.trace || o.s.verbose;
	if (r == 0)
		r = (o.loop ? execute_loop : execute)(&o, argc, argv, rest, err);
	options_done(&o);
	return r;
}

/* The file that it needs is one of ours. */
static int boot(struct run_options *o, char *name, struct err *err)
{
	_cleanup_free_ char *file = xasprintf("%s/lib/boot.ktest", o->s.tree);
	char *words[] = {name, file, NULL};

	o->boot = o->s.interactive = true;
	o->s.until_failure = false;
	return execute(o, 2, words, 1, err);
}

static int boot_with(const char *program, unsigned int command, int argc, char **argv,
		     struct err *err)
{
	struct run_options o = {0};
	int rest, r = opt_parse(run_opts, command, argc, argv, &o, &rest, err);

	if (r == OPT_WANTS_HELP) {
		print_help(program, "boot [options]", command);
		options_done(&o);
		return 0;
	}
	if (r == 0 && rest < argc)
		r = err_usage(err, "boot: unexpected %s; '%s run -I TEST' runs a test first",
			      argv[rest], program);
	if (r == 0)
		r = options_settle(&o, command, err);
	cmd_verbose = o.trace || o.s.verbose;
	if (r == 0)
		r = boot(&o, argv[0], err);
	options_done(&o);
	return r;
}

int cmd_boot(int argc, char **argv, struct err *err)
{
	return boot_with("ktest", OF_RUN, argc, argv, err);
}

int cmd_build_boot(int argc, char **argv, struct err *err)
{
	return boot_with("build-test-kernel", OF_BUILD_RUN, argc, argv, err);
}

int cmd_run(int argc, char **argv, struct err *err)
{
	return run_with("ktest", OF_RUN, argc, argv, err);
}

int cmd_build_run(int argc, char **argv, struct err *err)
{
	return run_with("build-test-kernel", OF_BUILD_RUN, argc, argv, err);
}
