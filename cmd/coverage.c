// SPDX-License-Identifier: GPL-2.0-only
/* ktest coverage: what the kernels of runs have counted, merged, for lcov and as HTML. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/opt.h"
#include "cmd/cmd.h"
#include "cmd/run.h"
#include "report/coverpage.h"
#include "report/tracefile.h"
#include "run/coverage.h"

#define SOURCE_MAX (32 << 20)

struct coverage_options {
	struct strv dirs;
	char *lcov, *html, *gcov;
	bool unused;
};

#define AT(field) .offset = offsetof(struct coverage_options, field)

const struct opt coverage_opts[] = {
	{'o', "out", OPT_LIST, "DIR", "output directory of a run (./ktest-out), repeatable",
	 AT(dirs)},
	{0, "lcov", OPT_STRING, "FILE", "tracefile (DIR/coverage.info)", AT(lcov)},
	{0, "html", OPT_STRING, "DIR", "HTML pages", AT(html)},
	{0, "gcov", OPT_STRING, "PROGRAM", "gcov of the compiler that built the kernel", AT(gcov)},
	{'h', "help", OPT_HELP, NULL, "this list", AT(unused)},
	{0},
};

static int help(void)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	opt_help(coverage_opts, 0, &b);
	printf("usage: ktest coverage [options] [DIR...]\n\n%s", b.s);
	return 0;
}

/* Whether all that was written is there. */
static int close_file(FILE *f, const char *path, struct err *err)
{
	bool bad = ferror(f);

	if (fclose(f) || bad)
		return err_errno(err, "%s", path);
	return 0;
}

static int write_tracefile(const struct coverage *c, const char *path, struct err *err)
{
	FILE *f = fopen(path, "we");

	if (!f)
		return err_errno(err, "%s", path);
	tracefile_print(f, c);
	return close_file(f, path, err);
}

static int write_page(const struct coverage_file *file, const char *path, struct err *err)
{
	_cleanup_free_ char *source = NULL;
	FILE *f = fopen(path, "we");
	size_t len;

	if (!f)
		return err_errno(err, "%s", path);
	if (file_read(file->path, SOURCE_MAX, &source, &len, NULL) < 0)
		source = NULL;
	coverpage_file(f, file, source);
	return close_file(f, path, err);
}

static int write_html(const struct coverage *c, const char *dir, struct err *err)
{
	_cleanup_free_ char *index = xasprintf("%s/index.html", dir);
	int r = mkdir_p(dir, 0755, err);
	FILE *f;

	for (size_t i = 0; i < c->n && r == 0; i++) {
		_cleanup_free_ char *path = xasprintf("%s/%zu.html", dir, i);

		r = write_page(&c->files[i], path, err);
	}
	if (r < 0)
		return r;
	f = fopen(index, "we");
	if (!f)
		return err_errno(err, "%s", index);
	coverpage_index(f, c);
	return close_file(f, index, err);
}

static void print_sum(const struct coverage *c, const char *lcov, const char *html)
{
	struct coverage_sum s = {0};

	for (size_t i = 0; i < c->n; i++)
		coverage_count(&c->files[i], &s);
	printf("%zu of %zu lines, %zu of %zu functions of %zu files ran: %s%s%s%s\n", s.lines_hit,
	       s.lines, s.functions_hit, s.functions, c->n, lcov, html ? ", " : "",
	       html ? html : "", html ? "/index.html" : "");
}

static int merge(const struct coverage_options *o, struct err *err)
{
	_cleanup_free_ char *beside = xasprintf("%s/coverage.info", o->dirs.v[0]);
	const char *lcov = o->lcov ? o->lcov : beside;
	struct coverage c = {0};
	int r = 0;

	for (size_t i = 0; i < o->dirs.n && r == 0; i++)
		r = coverage_add_run(&c, o->dirs.v[i], o->gcov, err);
	coverage_sort(&c);
	if (r == 0)
		r = write_tracefile(&c, lcov, err);
	if (r == 0 && o->html)
		r = write_html(&c, o->html, err);
	if (r == 0)
		print_sum(&c, lcov, o->html);
	coverage_done(&c);
	if (r == 0 && (fflush(stdout) || ferror(stdout)))
		r = err_errno(err, "standard output");
	return r;
}

int cmd_coverage(int argc, char **argv, struct err *err)
{
	struct coverage_options o = {0};
	int rest, r = opt_parse(coverage_opts, 0, argc, argv, &o, &rest, err);

	for (int i = rest; r == 0 && i < argc; i++)
		strv_add(&o.dirs, argv[i]);
	if (r == 0 && !o.dirs.n)
		strv_add(&o.dirs, "ktest-out");
	if (r == OPT_WANTS_HELP)
		r = help();
	else if (r == 0)
		r = merge(&o, err);
	strv_done(&o.dirs);
	free(o.lcov);
	free(o.html);
	free(o.gcov);
	return r;
}
