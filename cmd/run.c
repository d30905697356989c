// SPDX-License-Identifier: GPL-2.0-only
/* ktest run: options, rc files and defaults to a struct settings; then the run, shown as it goes.
 */
#include "cmd/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/file.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "report/progress.h"
#include "report/table.h"
#include "run/result.h"
#include "run/run.h"

/* What the command line says; what it does not say stays empty, for the rc files. */
struct run_options {
	struct settings s;
	uint64_t mem;
	bool trace;
};

#define SET(field) offsetof(struct run_options, s.field)

const struct opt run_opts[] = {
	{'k', "kernel", OPT_STRING, "KERNEL", "a directory, DISTRO/RELEASE[/ARCH] or host",
	 SET(kernel)},
	{'a', "arch", OPT_STRING, "ARCH", "architecture of the guest", SET(arch)},
	{'o', "out", OPT_STRING, "DIR", "output directory (./ktest-out)", SET(out)},
	{'T', "vm-dir", OPT_STRING, "DIR", "the VM's working directory, else a temporary one",
	 SET(work_dir)},
	{'n', "network", OPT_STRING, "KIND", "user (the default) or none", SET(network)},
	{'p', "priority", OPT_INT, "N", "how long tests may take, for tests that ask",
	 SET(priority), .min = -100, .max = 1000},
	{'N', "nice", OPT_INT, "N", "niceness of the VM", SET(nice), .min = 0, .max = 19},
	{'F', "failfast", OPT_BOOL, NULL, "stop at the first subtest that fails", SET(failfast)},
	{'v', "verbose", OPT_BOOL, NULL, "all kernel messages, and the command that starts QEMU",
	 SET(verbose)},
	{'x', "trace", OPT_BOOL, NULL, "each step that ktest takes",
	 offsetof(struct run_options, trace)},
	{0, "root", OPT_STRING, "IMAGE", "root file system, or host", SET(root)},
	{0, "mem", OPT_SIZE, "SIZE", "memory of the guest (512M, 4G)",
	 offsetof(struct run_options, mem)},
	{0, "cpus", OPT_INT, "N", "processors of the guest", SET(cpus), .min = 1, .max = 1024},
	{0, "timeout", OPT_INT, "S", "seconds a subtest may take, not scaled", SET(timeout_s),
	 .min = 1, .max = 30 * 24 * 3600},
	{0, "bus", OPT_STRING, "BUS", "storage bus of the scratch disks", SET(bus)},
	{0, "append", OPT_LIST, "ARG", "kernel argument, repeatable", SET(append)},
	{0, "qemu-arg", OPT_LIST, "ARG", "QEMU argument, repeatable", SET(qemu_args)},
	{0, "env", OPT_LIST, "NAME=VALUE", "environment of the test, repeatable", SET(env)},
	{0, "accel", OPT_CHOICE, "HOW", "auto, kvm or tcg", SET(accel), .choices = "auto|kvm|tcg"},
	{0, "qemu", OPT_STRING, "PROGRAM", "QEMU to use", SET(qemu)},
	{0, "log-limit", OPT_SIZE, "SIZE", "most that is kept of a subtest's log (1G)",
	 SET(log_limit)},
	{0, "resume", OPT_BOOL, NULL, "go on with the run in the output directory", SET(resume)},
	{'h', "help", OPT_HELP, NULL, "this list", 0},
	{0},
};

/* ---- rc files: what they set is what the command line left unset */

struct rc {
	char *root, *network, *arch, *deps_dir, *kernel;
	int64_t nice, priority;
};

static const struct conf_entry rc_entries[] = {
	{"ktest_root_image", CONF_STRING, offsetof(struct rc, root)},
	{"ktest_networking", CONF_STRING, offsetof(struct rc, network)},
	{"ktest_arch", CONF_STRING, offsetof(struct rc, arch)},
	{"ktest_deps_dir", CONF_STRING, offsetof(struct rc, deps_dir)},
	{"ktest_kernel", CONF_STRING, offsetof(struct rc, kernel)},
	{"ktest_nice", CONF_INT, offsetof(struct rc, nice)},
	{"ktest_priority", CONF_INT, offsetof(struct rc, priority)},
	{0},
};

static void prefer(char **field, const char *fallback)
{
	if (!*field && fallback)
		*field = xstrdup(fallback);
}

static void rc_done(struct rc *rc)
{
	free(rc->root);
	free(rc->network);
	free(rc->arch);
	free(rc->deps_dir);
	free(rc->kernel);
}

static int read_rc(struct settings *s, struct err *err)
{
	_cleanup_free_ char *tree = xasprintf("%s/ktestrc", s->tree);
	_cleanup_free_ char *home = path_home(".ktestrc");
	const char *files[] = {tree, "/etc/ktestrc", home};
	struct rc rc = {0};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files) && r == 0; i++)
		if (path_exists(files[i]))
			r = conf_read(files[i], rc_entries, &rc, err);
	prefer(&s->root, rc.root);
	prefer(&s->network, rc.network);
	prefer(&s->arch, rc.arch);
	prefer(&s->deps_dir, rc.deps_dir);
	prefer(&s->kernel, rc.kernel);
	s->nice = s->nice ? s->nice : rc.nice;
	s->priority = s->priority ? s->priority : rc.priority;
	rc_done(&rc);
	return r;
}

/* ---- defaults */

static int check_env(const struct settings *s, struct err *err)
{
	for (size_t i = 0; i < s->env.n; i++)
		if (s->env.v[i][0] == '=' || !strchr(s->env.v[i], '='))
			return err_usage(err, "--env: '%s' is not NAME=VALUE", s->env.v[i]);
	return 0;
}

static int check_bus(const struct settings *s, struct err *err)
{
	if (s->bus && !bus_find(s->bus, err))
		return err->code;
	if (s->arch && !arch_find(s->arch))
		return err_usage(err, "no architecture '%s'; there are %s", s->arch, arch_names());
	return 0;
}

static int fill_in(struct run_options *o, struct err *err)
{
	struct settings *s = &o->s;
	_cleanup_free_ char *deps = path_home(".ktest/deps");
	_cleanup_free_ char *out = NULL;
	const char *cache = getenv("XDG_CACHE_HOME");
	int r;

	s->tree = program_tree();
	s->program = path_real("/proc/self/exe", NULL);
	s->cache =
		cache && *cache == '/' ? xasprintf("%s/ktest", cache) : path_home(".cache/ktest");
	if (o->mem) {
		s->mem_mib = (int64_t)(o->mem >> 20);
		if (s->mem_mib < 32)
			return err_usage(err, "--mem: a guest needs at least 32M");
	}
	if (!s->log_limit)
		s->log_limit = DEFAULT_LOG_LIMIT;
	prefer(&s->arch, getenv("ktest_arch"));
	prefer(&s->deps_dir, getenv("ktest_deps_dir"));
	r = read_rc(s, err);
	prefer(&s->deps_dir, deps);
	prefer(&s->network, "user");
	out = path_absolute(s->out ? s->out : "ktest-out");
	str_set(&s->out, out);
	if (r == 0)
		r = check_env(s, err);
	return r < 0 ? r : check_bus(s, err);
}

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

struct screen {
	bool terminal;
	struct progress *progress;
};

static void show_text(void *arg, const char *text, size_t len)
{
	struct screen *s = arg;

	if (s->progress) {
		progress_write(s->progress, text, len);
		return;
	}
	fwrite(text, 1, len, stdout);
	fflush(stdout);
}

static void show_progress(void *arg, const struct run_progress *p)
{
	struct screen *s = arg;

	if (s->progress)
		progress_show(s->progress, p);
}

static int terminal_width(void)
{
	struct winsize ws;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col)
		return ws.ws_col;
	return 100;
}

static void print_table(const struct settings *s, bool terminal)
{
	_cleanup_free_ char *journal = xasprintf("%s/journal.jsonl", s->out);
	struct result r = {0};
	struct err err = {0};

	if (result_read(journal, &r, &err) < 0)
		log_warn("%s", err.msg);
	else
		table_print(stdout, &r, terminal ? terminal_width() : 0, terminal);
	result_done(&r);
}

static int execute(struct run_options *o, int argc, char **argv, int rest, struct err *err)
{
	struct screen screen = {.terminal = isatty(STDOUT_FILENO)};
	struct run_ui ui = {show_text, show_progress, &screen};
	_cleanup_strv_ struct strv words = {0};
	struct test_request *tests;
	int status = 0, r;
	size_t n;

	for (int i = 0; i < argc; i++)
		strv_add(&words, argv[i]);
	tests = read_tests(argc - rest, argv + rest, &n);
	if (screen.terminal)
		screen.progress = progress_new(stdout, terminal_width());
	r = run_execute(&o->s, tests, n, &words, &ui, &status, err);
	if (screen.progress)
		progress_erase(screen.progress);
	progress_free(screen.progress);
	if (r == 0)
		print_table(&o->s, screen.terminal);
	if (r == 0 && err->code)
		fprintf(stderr, "ktest: %s\n", err->msg);
	for (size_t i = 0; i < n; i++)
		strv_done(&tests[i].subtests);
	free(tests);
	return r < 0 ? r : status;
}

static void print_help(void)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	opt_help(run_opts, 0, &b);
	printf("usage: ktest run [options] TEST [SUBTEST...] [TEST [SUBTEST...]]...\n\n%s", b.s);
}

int cmd_run(int argc, char **argv, struct err *err)
{
	struct run_options o = {0};
	int rest, r = opt_parse(run_opts, 0, argc, argv, &o, &rest, err);

	if (r == OPT_WANTS_HELP)
		print_help();
	else if (r == 0 && rest == argc)
		r = err_usage(err, "run: name a test file; 'ktest run -h' lists the options");
	else if (r == 0)
		r = fill_in(&o, err);
	cmd_verbose = o.trace || o.s.verbose;
	if (r == 0)
		r = execute(&o, argc, argv, rest, err);
	else if (r == OPT_WANTS_HELP)
		r = 0;
	settings_done(&o.s);
	return r;
}
