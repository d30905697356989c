// SPDX-License-Identifier: GPL-2.0-only
/* testy: the tests that a change needs, chosen by lists, and run. */
#include "cmd/testy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "kbuild/source.h"
#include "reach/liveesc.h"
#include "report/progress.h"
#include "report/table.h"
#include "testy/git.h"
#include "testy/path.h"
#include "testy/run.h"

struct testy_options {
	char *kernel, *since, *paths, *out;
	struct strv lists;
	int64_t priority, jobs;
	bool only_print, list, trace;
};

#define AT(field) .offset = offsetof(struct testy_options, field)

const struct opt testy_opts[] = {
	{'n', NULL, OPT_BOOL, NULL, "print the tests and why each was chosen, run nothing",
	 AT(only_print)},
	{0, "list", OPT_BOOL, NULL, "the same with all that chose each: list, line and path",
	 AT(list)},
	{'p', "priority", OPT_INT, "N", "choose lines with at most this priority (0)", AT(priority),
	 .min = INT32_MIN, .max = INT32_MAX},
	{'k', "kernel", OPT_STRING, "KERNEL",
	 "a kernel as for ktest, or a source tree to build one from", AT(kernel)},
	{'i', "input", OPT_STRING, "FILE", "changed paths from FILE, one a line; - is stdin",
	 AT(paths)},
	{0, "since", OPT_STRING, "REV", "what changed since the branch left REV", AT(since)},
	{'o', "out", OPT_STRING, "DIR", "output directory (./testy-out)", AT(out)},
	{'j', "jobs", OPT_INT, "N", "how many tests run at a time (1)", AT(jobs), .min = 1,
	 .max = 1024},
	{0, "lists", OPT_LIST, "DIR",
	 "more lists, as if at the top of the changed tree; repeatable", AT(lists)},
	{'x', "trace", OPT_BOOL, NULL, "each step that testy takes", AT(trace)},
	{'h', "help", OPT_HELP, NULL, "this list", 0},
	{0},
};

static void free_options(struct testy_options *o)
{
	free(o->kernel);
	free(o->since);
	free(o->paths);
	free(o->out);
	strv_done(&o->lists);
}

static void settings_free(struct testy_settings *s)
{
	free(s->kernel);
	free(s->source);
	free(s->out);
	free(s->program);
	free(s->keeper);
	free(s->tree);
}

static void print_help(void)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	opt_help(testy_opts, 0, &b);
	printf("usage: testy [options] [PATH|REV..REV]...\n"
	       "Choose the tests that changed files need, and run them. Without paths and "
	       "revisions: "
	       "what git\nhas not committed yet.\n\n%s",
	       b.s);
}

/* ---- what changed */

/* Where git is asked: in the source tree that was named, else here. */
static const char *git_dir(const struct testy_settings *s)
{
	return s->source ? s->source : ".";
}

static int take_argument(const char *arg, const struct testy_settings *s, struct strv *paths,
			 struct err *err)
{
	_cleanup_free_ char *path = NULL;

	if (!*arg)
		return err_usage(err, "an empty path");
	if (!path_exists(arg) && testy_git_is_range(arg))
		return testy_git_range(git_dir(s), arg, paths, err);
	path = testy_path(NULL, arg, true);
	strv_add(paths, path);
	return 0;
}

static int take_file(const char *file, struct strv *paths, struct err *err)
{
	_cleanup_strv_ struct strv lines = {0};
	int r = testy_paths_read(file, &lines, err);

	for (size_t i = 0; r == 0 && i < lines.n; i++) {
		_cleanup_free_ char *path = testy_path(NULL, lines.v[i], false);

		strv_add(paths, path);
	}
	return r;
}

static int uncommitted(const struct testy_settings *s, struct strv *paths, struct err *err)
{
	_cleanup_strv_ struct strv all = {0};
	int r = testy_git_uncommitted(git_dir(s), &all, err);

	/* What an earlier run wrote is no change. */
	for (size_t i = 0; r == 0 && i < all.n; i++)
		if (!testy_path_below(s->out, all.v[i]))
			strv_add(paths, all.v[i]);
	return r;
}

static int changed_paths(const struct testy_options *o, const struct testy_settings *s,
			 const struct strv *args, struct strv *paths, struct err *err)
{
	int r = 0;

	if (!args->n && !o->paths && !o->since)
		return uncommitted(s, paths, err);
	for (size_t i = 0; i < args->n && r == 0; i++)
		r = take_argument(args->v[i], s, paths, err);
	if (r == 0 && o->paths)
		r = take_file(o->paths, paths, err);
	if (r == 0 && o->since)
		r = testy_git_since(git_dir(s), o->since, paths, err);
	return r;
}

/* ---- the settings */

static int settings_fill(const struct testy_options *o, struct testy_settings *s, struct err *err)
{
	_cleanup_free_ char *real = o->kernel ? path_real(o->kernel, NULL) : NULL;

	*s = (struct testy_settings){.priority = o->priority, .jobs = o->jobs ? o->jobs : 1};
	s->tree = program_tree();
	s->program = path_real("/proc/self/exe", err);
	s->keeper = program_keeper();
	s->out = testy_path(NULL, o->out ? o->out : "testy-out", true);
	if (real && source_is_tree(real))
		str_set(&s->source, real);
	else
		str_set(&s->kernel, o->kernel);
	return s->program ? 0 : err->code;
}

static bool needs_kernel(const struct testy_match *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (str_ends(m->tests[i].path, TESTY_SUFFIX_RUN))
			return true;
	return false;
}

/* Changes in a kernel tree are tested with the kernel that it makes, unless -k says otherwise. */
static int choose_source(const struct testy_match *m, struct testy_settings *s, struct err *err)
{
	if (s->source || s->kernel || !m->kernel_trees.n || !needs_kernel(m))
		return 0;
	if (m->kernel_trees.n > 1)
		return err_usage(err, "there are changes in %s and in %s; choose one with -k",
				 m->kernel_trees.v[0], m->kernel_trees.v[1]);
	s->source = xstrdup(m->kernel_trees.v[0]);
	return 0;
}

/* ---- what it shows */

static void print_choice(const struct testy_match *m, bool all)
{
	for (size_t i = 0; i < m->n; i++) {
		_cleanup_strbuf_ struct strbuf b = {0};

		text_escape(&b, m->tests[i].path, strlen(m->tests[i].path), 0);
		strbuf_putc(&b, '\t');
		testy_reasons(&m->tests[i], all, &b);
		printf("%s\n", b.s);
	}
}

struct screen {
	struct progress *progress; /* NULL: no terminal */
	size_t total;
	struct verdict_counts counts;
	char *log; /* the last one shown: tests whose build failed have one in common */
};

static void put(struct screen *s, const char *text, size_t len)
{
	if (s->progress)
		progress_write(s->progress, text, len);
	else
		fwrite(text, 1, len, stdout);
}

static void put_log(struct screen *s, const struct testy_outcome *o)
{
	static char in[16384], out[sizeof(in) * LIVE_ESCAPE_GROWTH];
	_cleanup_free_ char *head = xasprintf("---- %s\n", o->log);
	char last = '\n';
	ssize_t n;

	put(s, head, strlen(head));
	if (o->log_fd < 0 || str_eq(s->log, o->log))
		return;
	str_set(&s->log, o->log);
	while ((n = read(o->log_fd, in, sizeof(in))) > 0) {
		last = in[n - 1];
		put(s, out, live_escape(in, (size_t)n, out));
	}
	if (last != '\n')
		put(s, "\n", 1);
	put(s, "----\n", 5);
}

/* The line that sums a test up; the whole log of one that did not pass. */
static void show_outcome(void *arg, const struct testy_outcome *o)
{
	_cleanup_strbuf_ struct strbuf time = {0}, line = {0};
	struct screen *s = arg;

	s->counts.n[o->verdict]++;
	table_duration(o->duration_ms, &time);
	strbuf_addf(&line, "%-5s %7s  ", verdict_name(o->verdict), time.s);
	text_escape(&line, o->test->path, strlen(o->test->path), 0);
	if (*o->why) {
		strbuf_puts(&line, ": ");
		text_escape(&line, o->why, strlen(o->why), 0);
	}
	strbuf_puts(&line, "  (");
	testy_reasons(o->test, false, &line);
	strbuf_puts(&line, ")\n");
	put(s, line.s, line.len);
	if (o->verdict != VERDICT_PASS && o->verdict != VERDICT_SKIP)
		put_log(s, o);
	fflush(stdout);
}

static void show_progress(void *arg, const char *name, size_t done, size_t failed,
			  int64_t elapsed_ns)
{
	struct screen *s = arg;
	const struct run_progress p = {.file = name,
				       .phase = "run",
				       .done = done,
				       .total = s->total,
				       .failed = failed,
				       .elapsed_ns = elapsed_ns};

	if (s->progress)
		progress_show(s->progress, &p);
}

static void print_counts(const struct screen *s)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	size_t done = 0;

	for (enum verdict v = VERDICT_PASS; v <= VERDICT_MISS; v++) {
		if (s->counts.n[v])
			strbuf_addf(&b, "%s%u %s", b.len ? ", " : "", s->counts.n[v],
				    verdict_name(v));
		done += s->counts.n[v];
	}
	if (done < s->total)
		strbuf_addf(&b, "%s%zu not run", b.len ? ", " : "", s->total - done);
	printf("%zu test%s: %s\n", s->total, s->total == 1 ? "" : "s", b.s ? b.s : "");
}

/* ---- all of it */

static int run_tests(const struct testy_match *m, const struct testy_settings *settings,
		     struct err *err)
{
	struct screen s = {.total = m->n};
	const struct testy_ui ui = {show_outcome, show_progress, &s};
	struct testy_jobs jobs;
	int status = 0, r;

	testy_jobs_make(m, settings, &jobs);
	if (isatty(STDOUT_FILENO))
		s.progress = progress_new(stdout, 100);
	r = testy_run(&jobs, settings, &ui, &status, err);
	if (s.progress)
		progress_erase(s.progress);
	progress_free(s.progress);
	free(s.log);
	testy_jobs_done(&jobs);
	if (r < 0)
		return r;
	print_counts(&s);
	return status;
}

static int choose_and_run(const struct testy_options *o, struct testy_settings *s,
			  const struct strv *paths, struct err *err)
{
	_cleanup_strv_ struct strv lists = {0};
	struct testy_match m;
	int r;

	strv_addf(&lists, "%s/lists", s->tree);
	strv_cat(&lists, &o->lists);
	r = testy_match(paths, &lists, o->priority, &m, err);
	if (r == 0 && (o->only_print || o->list))
		print_choice(&m, o->list);
	else if (r == 0 && !m.n)
		log_note("%zu changed path%s, and no list has a test for %s", paths->n,
			 paths->n == 1 ? "" : "s", paths->n == 1 ? "it" : "them");
	else if (r == 0)
		r = choose_source(&m, s, err);
	if (r == 0 && m.n && !o->only_print && !o->list)
		r = run_tests(&m, s, err);
	testy_match_done(&m);
	return r;
}

/* Options may stand behind arguments as well, up to a "--". */
static int parse(int argc, char **argv, struct testy_options *o, struct strv *args, struct err *err)
{
	bool ended = false;
	int rest, r = 0;

	for (; argc > 1 && r == 0; argc -= rest, argv += rest) {
		rest = 1;
		if (!ended)
			r = opt_parse(testy_opts, 0, argc, argv, o, &rest, err);
		ended |= rest > 1 && !strcmp(argv[rest - 1], "--");
		if (r == 0 && rest < argc)
			strv_add(args, argv[rest]);
	}
	return r;
}

int cmd_testy(int argc, char **argv, struct err *err)
{
	_cleanup_strv_ struct strv args = {0}, paths = {0};
	struct testy_options o = {0};
	struct testy_settings s = {0};
	int r = parse(argc, argv, &o, &args, err);

	if (r == OPT_WANTS_HELP) {
		print_help();
		free_options(&o);
		return 0;
	}
	cmd_verbose = o.trace;
	if (r == 0)
		r = settings_fill(&o, &s, err);
	if (r == 0)
		r = changed_paths(&o, &s, &args, &paths, err);
	if (r == 0)
		r = choose_and_run(&o, &s, &paths, err);
	if (r >= 0 && (fflush(stdout) || ferror(stdout)))
		r = err_errno(err, "standard output");
	settings_free(&s);
	free_options(&o);
	return r;
}
