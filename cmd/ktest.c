// SPDX-License-Identifier: GPL-2.0-only
/* The programs, their commands and how they end. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "report/progress.h"

/* The program that runs, by the name it was called by. */
static const struct program {
	const char *name;
	const struct command *commands; /* ends with a row without name; NULL: it has but one */
	const struct command *more;	/* NULL: none */
	int (*main)(int argc, char **argv, struct err *err);
} * program;

static int cmd_help(int argc, char **argv, struct err *err);

static const struct command {
	const char *name;
	int (*main)(int argc, char **argv, struct err *err);
	const char *args, *help; /* NULL: hidden */
} ktest_commands[] = {
	{"run", cmd_run, "[options] TEST... [SUBTEST...]",
	 "boot a kernel, run test files in it, print verdicts"},
	{"boot", cmd_boot, "[options]", "boot a kernel, get a shell"},
	{"needs", cmd_needs, "TEST [--json]", "what a test file declares, and its subtests"},
	{"results", cmd_results, "[-o DIR] [--json] ...", "derive results.json and reports again"},
	{"report", cmd_report, "[-o DIR] [FILE.html]", "one HTML file of a run, with its logs"},
	{"coverage", cmd_coverage, "[-o DIR] [--html DIR] ...",
	 "which of the kernel's code the tests ran"},
	{"history", cmd_history, "FILE [SUBTEST]|rebuild", "what earlier runs of a test came to"},
	{"flaky", cmd_flaky, "", "subtests that both passed and failed on one kernel"},
	{"compare", cmd_compare, "RUN1 RUN2", "new failures, fixed ones, and what got slower"},
	{"crash", cmd_crash, "[-o DIR] [SUBTEST] ...", "open the memory of a guest that failed"},
	{"kernel", cmd_kernel, "fetch|list ...", "kernels of distributions: get and list them"},
	{"selftest", cmd_selftest, "[options]",
	 "boot a kernel with nothing in it and check what tests need"},
	{"doctor", cmd_doctor, "", "what this machine has and lacks for running tests"},
	{"help", cmd_help, "", "this list"},
	{"words", cmd_words, NULL, NULL},
	{0},
};

static const struct command build_commands[] = {
	{"run", cmd_build_run, "[options] TEST... [SUBTEST...]",
	 "build the kernel that the tests need, run them in it, print verdicts"},
	{"boot", cmd_build_boot, "[options]", "build a kernel, boot it, get a shell"},
	{"build", cmd_build, "[options] [TEST]", "build and install, and with -D publish"},
	{"config", cmd_config, "[options] [TEST]", "edit the configuration (nconfig)"},
	{"oldconfig", cmd_oldconfig, "[options] [TEST]", "be asked for what is new in it"},
	{"faddr2line", cmd_faddr2line, "[options] ADDRESS...", "FUNCTION+OFFSET/SIZE to lines"},
	{"help", cmd_help, "", "this list"},
	{0},
};

/* At a guest that runs, however it was started: both programs that start them have these. */
static const struct command guest_commands[] = {
	{"ps", cmd_ps, "[--json]", "the guests that run"},
	{"ssh", cmd_ssh, "[--vm NAME] [COMMAND...]", "a shell or a command in a guest"},
	{"console", cmd_console, "[--vm NAME]",
	 "this terminal at a guest: a shell and its console"},
	{"mon", cmd_mon, "[--vm NAME] [COMMAND...]", "QEMU's monitor"},
	{"sysrq", cmd_sysrq, "[--vm NAME] KEY", "a SysRq key for the guest's kernel"},
	{"gdb", cmd_gdb, "[--vm NAME] [ARG...]", "gdb at QEMU"},
	{"kgdb", cmd_kgdb, "[--vm NAME] [ARG...]", "gdb at the kernel's own debugger"},
	{"push", cmd_push, "[--vm NAME] [-t DIR] FILE...", "copy files into a guest"},
	{"pull", cmd_pull, "[--vm NAME] [-t DIR] FILE...", "copy files out of a guest"},
	{"kill", cmd_kill, "[--vm NAME]", "end a guest"},
	{"stream", cmd_stream, NULL, NULL},
	{0},
};

static const struct command image_commands[] = {
	{"create", cmd_root_image, "[options]", "make a root image of a distribution's packages"},
	{"init", cmd_root_image, "[options]", "make one where there is none"},
	{"update", cmd_root_image, "[options]", "every package to its newest version"},
	{"sync", cmd_root_image, "[options]", "install packages that are asked for and missing"},
	{"update_files", cmd_root_image, "[options]", "put in again what ktest itself puts in"},
	{"shell", cmd_root_image, "[options]", "a shell in a guest on the image"},
	{"list", cmd_root_image, "", "the images there are"},
	{"help", cmd_help, "", "this list"},
	{0},
};

/* The first one is also who is called by any other name. */
static const struct program programs[] = {
	{"ktest", ktest_commands, guest_commands, NULL},
	{"build-test-kernel", build_commands, guest_commands, NULL},
	{"testy", NULL, NULL, cmd_testy},
	{"root_image", image_commands, NULL, NULL},
};

static void print_commands(const struct command *c)
{
	for (; c && c->name; c++)
		if (c->help)
			printf("  %-12s %-32s %s\n", c->name, c->args, c->help);
}

static int cmd_help(int argc, char **argv, struct err *err)
{
	(void)argc;
	(void)argv;
	(void)err;
	printf("usage: %s COMMAND [options] [args]\n\n", program->name);
	print_commands(program->commands);
	if (program->more)
		printf("\nat a guest that runs:\n");
	print_commands(program->more);
	printf("\n'%s COMMAND -h' lists the options of a command.\n", program->name);
	return 0;
}

bool cmd_verbose;
struct progress *cmd_progress;

const char *cmd_program(void)
{
	return program->name;
}

static void print_log(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	if (level == LOG_DEBUG && !cmd_verbose)
		return;
	if (cmd_progress)
		progress_erase(cmd_progress);
	fprintf(stderr, "%s: %s%s\n", program->name, level == LOG_WARN ? "warning: " : "", line);
}

static const struct program *find_program_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (!strcmp(programs[i].name, name))
			return &programs[i];
	return &programs[0];
}

static const struct command *find_command(const struct command *c, const char *name)
{
	for (; c && c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

static int usage(const char *what)
{
	if (what)
		fprintf(stderr, "%s: no command '%s'; '%s help' lists what there is\n",
			program->name, what, program->name);
	else
		fprintf(stderr, "usage: %s COMMAND [options] [args]; '%s help' lists them\n",
			program->name, program->name);
	return EXIT_USAGE;
}

static int run_command(int argc, char **argv, struct err *err)
{
	const struct command *c;

	if (!program->commands)
		return program->main(argc, argv, err);
	if (argc < 2)
		return usage(NULL);
	if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))
		return cmd_help(0, NULL, NULL);
	c = find_command(program->commands, argv[1]);
	if (!c)
		c = find_command(program->more, argv[1]);
	return c ? c->main(argc - 1, argv + 1, err) : usage(argv[1]);
}

int main(int argc, char **argv)
{
	struct err err = {0};
	int r;

	program = find_program_named(argc ? path_base(argv[0]) : "");
	/* What is made for a guest is the user's alone unless it says otherwise. */
	umask(022);
	signal(SIGPIPE, SIG_IGN);
	log_set_sink(print_log, NULL);
	r = run_command(argc, argv, &err);
	if (r >= 0)
		return r;
	fprintf(stderr, "%s: %s\n", program->name, err.msg);
	if (r == -EINTR)
		return EXIT_INTERRUPTED;
	return err.usage ? EXIT_USAGE : EXIT_CANNOT;
}
