// SPDX-License-Identifier: GPL-2.0-only
/* ktest selftest: a kernel with nothing but the agent, a line for each thing that it does. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "cmd/run.h"
#include "run/selftest.h"

struct tally {
	size_t checks, failed;
};

static void show_begin(void *arg, const char *text)
{
	(void)arg;
	printf("%s\n", text);
	fflush(stdout);
}

static void show_check(void *arg, const char *name, bool ok, const char *detail)
{
	struct tally *t = arg;
	_cleanup_strbuf_ struct strbuf n = {0}, d = {0};

	t->checks++;
	t->failed += !ok;
	text_escape(&n, name, strlen(name), 12);
	text_escape(&d, detail, strlen(detail), 300);
	printf("%-8s %-12s %s\n", ok ? "ok" : "FAILED", n.s ? n.s : "", d.s ? d.s : "");
	fflush(stdout);
}

static void show_console(void *arg, const char *data, size_t len)
{
	(void)arg;
	fwrite(data, 1, len, stderr);
}

static void print_help(void)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	opt_help(run_opts, OF_SELFTEST, &b);
	printf("usage: ktest selftest [options]\n\n%s", b.s);
}

static int selftest(const struct settings *s, struct err *err)
{
	struct tally t = {0};
	const struct selftest_ui ui = {show_begin, show_check, s->verbose ? show_console : NULL,
				       &t};
	int status, r = selftest_run(s, &ui, &status, err);

	if (r < 0)
		return r;
	printf("%zu checks, %zu failed\n", t.checks, t.failed);
	return fflush(stdout) ? err_errno(err, "standard output") : status;
}

int cmd_selftest(int argc, char **argv, struct err *err)
{
	struct run_options o = {0};
	int rest, r = opt_parse(run_opts, OF_SELFTEST, argc, argv, &o, &rest, err);

	if (r == OPT_WANTS_HELP) {
		print_help();
		options_done(&o);
		return 0;
	}
	if (r == 0 && rest < argc)
		r = err_usage(err, "selftest: unexpected %s", argv[rest]);
	if (r == 0)
		r = options_settle(&o, OF_SELFTEST, err);
	cmd_verbose = o.trace || o.s.verbose;
	if (r == 0)
		r = selftest(&o.s, err);
	options_done(&o);
	return r;
}
