// SPDX-License-Identifier: GPL-2.0-only
/* build-test-kernel: what it does besides running tests. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "cmd/cmd.h"
#include "cmd/run.h"
#include "cmd/screen.h"
#include "kbuild/config.h"
#include "kbuild/host.h"
#include "kbuild/make.h"
#include "kbuild/publish.h"
#include "run/build.h"
#include "run/needs.h"

/* A kernel for a test file, or for none in particular. */
struct job {
	struct run_options o;
	struct plan plan;
	struct build build;
};

static void job_done(struct job *j)
{
	build_done(&j->build);
	plan_done(&j->plan);
	options_done(&j->o);
}

static int read_test(struct job *j, int argc, char **argv, struct err *err)
{
	struct test_request request = {.path = argv[0]};

	if (argc > 1)
		return err_usage(err, "one test file at most; '%s' is one too many", argv[1]);
	return argc ? plan_make(&request, 1, &j->o.s, &j->plan, err) : 0;
}

/* 0, OPT_WANTS_HELP, or an error. */
static int job_options(struct job *j, unsigned int command, const char *args, int argc, char **argv,
		       int *rest, struct err *err)
{
	int r = opt_parse(run_opts, command, argc, argv, &j->o, rest, err);

	if (r == OPT_WANTS_HELP) {
		_cleanup_strbuf_ struct strbuf b = {0};

		opt_help(run_opts, command, &b);
		printf("usage: build-test-kernel %s [options] %s\n\n%s", argv[0], args, b.s);
	}
	if (r == 0)
		r = options_settle(&j->o, command, err);
	cmd_verbose = j->o.trace || j->o.s.verbose;
	return r;
}

/* The same, with the build made ready. */
static int job_read(struct job *j, unsigned int command, int argc, char **argv, struct err *err)
{
	int rest, r = job_options(j, command, "[TEST]", argc, argv, &rest, err);

	if (r == 0)
		r = read_test(j, argc - rest, argv + rest, err);
	if (r == 0)
		r = build_prepare(&j->build, &j->o.s, j->plan.files, err);
	return r ? r : build_place(&j->build, &j->o.s, 1, err);
}

static int run_build(struct job *j, struct err *err)
{
	static const char *const how[] = {
		[KBUILD_UNCHANGED] = "nothing has changed",
		[KBUILD_CACHED] = "taken from the cache",
		[KBUILD_MADE] = "built",
	};
	struct kbuild_result result = {0};
	struct screen screen;
	struct run_ui ui = screen_ui(&screen);
	int r;

	screen_open(&screen, true);
	j->build.k.progress = ui.build;
	j->build.k.arg = ui.arg;
	r = kbuild_run(&j->build.k, &result, err);
	screen_close(&screen);
	if (r == 0)
		log_note("%s: %s", j->build.install_dir, how[result.how]);
	kbuild_result_done(&result);
	return r;
}

static int publish(struct job *j, struct err *err)
{
	_cleanup_free_ char *dest = path_absolute(j->o.dest);
	int r = publish_kernel(&j->build.k, j->o.variant ? path_base(j->o.variant) : NULL, dest,
			       err);

	if (r == 0)
		printf("%s\n", dest);
	return r;
}

/* -V: a list by its name, or a file of the same form. */
static void take_variant(struct job *j)
{
	if (j->o.variant)
		strv_add(&j->build.variants, j->o.variant);
}

int cmd_build(int argc, char **argv, struct err *err)
{
	struct job j = {0};
	int r = job_read(&j, OF_BUILD, argc, argv, err);

	if (r == 0) {
		take_variant(&j);
		r = run_build(&j, err);
	}
	if (r == 0 && j.o.dest)
		r = publish(&j, err);
	job_done(&j);
	return r == OPT_WANTS_HELP ? 0 : r;
}

/* ---- config, oldconfig */

/* A program with the terminal as it is, to its end. */
static int run_interactive(const struct strv *argv, struct err *err)
{
	struct proc_spec spec = PROC_SPEC(argv);
	char text[64];
	int status;
	pid_t pid;

	spec.fd_in = STDIN_FILENO;
	spec.fd_out = STDOUT_FILENO;
	spec.fd_err = STDERR_FILENO;
	if (proc_spawn(&spec, &pid, err) < 0)
		return err->code;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_errno(err, "%s", argv->v[0]);
	if (status == 0)
		return 0;
	return err_set(err, EIO, "%s: %s", argv->v[0], proc_status_str(status, text, sizeof(text)));
}

/* What was changed is kept beside the build, and is part of all later configurations (-P ends
 * that).
 */
static int edit_config(const struct job *j, const char *target, struct err *err)
{
	const struct kbuild *b = &j->build.k;
	_cleanup_free_ char *config = xasprintf("%s/.config", b->build_dir);
	_cleanup_free_ char *before = xasprintf("%s/.config.before", b->build_dir);
	_cleanup_strv_ struct strv argv = {0};
	int r = b->keep_config ? 0 : config_make(b, err);

	make_argv(b, &argv);
	strv_add(&argv, target);
	if (r == 0)
		r = file_copy(config, before, err);
	if (r == 0)
		r = run_interactive(&argv, err);
	if (r == 0)
		r = config_user_record(b, before, err);
	unlink(before);
	return r;
}

static int config_with(const char *target, int argc, char **argv, struct err *err)
{
	struct job j = {0};
	int r = job_read(&j, OF_CONFIG, argc, argv, err);

	if (r == 0)
		r = source_check(&j.build.k, err);
	if (r == 0)
		r = host_check_dirs(&j.build.k, err);
	if (r == 0)
		r = host_check(&j.build.k, err);
	if (r == 0)
		r = edit_config(&j, target, err);
	job_done(&j);
	return r == OPT_WANTS_HELP ? 0 : r;
}

int cmd_config(int argc, char **argv, struct err *err)
{
	return config_with("nconfig", argc, argv, err);
}

int cmd_oldconfig(int argc, char **argv, struct err *err)
{
	return config_with("oldconfig", argc, argv, err);
}

/* ---- faddr2line */

int cmd_faddr2line(int argc, char **argv, struct err *err)
{
	struct job j = {0};
	_cleanup_strv_ struct strv command = {0};
	int rest, r = job_options(&j, OF_CONFIG, "ADDRESS...", argc, argv, &rest, err);

	if (r == 0 && rest == argc)
		r = err_usage(err, "faddr2line: name an address, as FUNCTION+OFFSET/SIZE");
	if (r == 0)
		r = build_prepare(&j.build, &j.o.s, NULL, err);
	if (r == 0)
		r = build_place(&j.build, &j.o.s, 1, err);
	if (r == 0) {
		strv_addf(&command, "%s/scripts/faddr2line", j.build.k.source);
		strv_addf(&command, "%s/vmlinux", j.build.install_dir);
		for (int i = rest; i < argc; i++)
			strv_add(&command, argv[i]);
		if (!path_exists(command.v[1]))
			r = err_set(err, ENOENT, "%s is not there yet: `build-test-kernel build`",
				    command.v[1]);
	}
	if (r == 0)
		r = run_interactive(&command, err);
	job_done(&j);
	return r == OPT_WANTS_HELP ? 0 : r;
}
