// SPDX-License-Identifier: GPL-2.0-only
/* ktest: the commands and how they end. */
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
#include "vm/sandbox.h"

#define EXIT_CANNOT 125
#define EXIT_USAGE  129

static int cmd_help(int argc, char **argv, struct err *err);

/* The keeper: what sandboxes run under; not for people. */
static int cmd_keeper(int argc, char **argv, struct err *err)
{
	if (argc < 2)
		return err_usage(err, "keeper: no program");
	return keeper_main(argv + 1, err);
}

static const struct command {
	const char *name;
	int (*main)(int argc, char **argv, struct err *err);
	const char *args, *help; /* NULL: hidden */
} commands[] = {
	{"run", cmd_run, "[options] TEST... [SUBTEST...]",
	 "boot a kernel, run test files in it, print verdicts"},
	{"needs", cmd_needs, "TEST [--json]", "what a test file declares, and its subtests"},
	{"results", cmd_results, "[-o DIR] [--json]", "derive results.json again, print the table"},
	{"kernel", cmd_kernel, "fetch|list ...", "kernels of distributions: get and list them"},
	{"doctor", cmd_doctor, "", "what this machine has and lacks for running tests"},
	{"help", cmd_help, "", "this list"},
	{"keeper", cmd_keeper, NULL, NULL},
	{"words", cmd_words, NULL, NULL},
};

static int cmd_help(int argc, char **argv, struct err *err)
{
	(void)argc;
	(void)argv;
	(void)err;
	printf("usage: ktest COMMAND [options] [args]\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].help)
			printf("  %-8s %-32s %s\n", commands[i].name, commands[i].args,
			       commands[i].help);
	printf("\n'ktest COMMAND -h' lists the options of a command.\n");
	return 0;
}

bool cmd_verbose;

static void print_log(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	if (level == LOG_DEBUG && !cmd_verbose)
		return;
	fprintf(stderr, "ktest: %s%s\n", level == LOG_WARN ? "warning: " : "", line);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int usage(const char *what)
{
	if (what)
		fprintf(stderr, "ktest: no command '%s'; 'ktest help' lists what there is\n", what);
	else
		fprintf(stderr, "usage: ktest COMMAND [options] [args]; 'ktest help' lists them\n");
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const struct command *c;
	struct err err = {0};
	int r;

	if (argc < 2)
		return usage(NULL);
	if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))
		return cmd_help(0, NULL, NULL);
	c = find_command(argv[1]);
	if (!c)
		return usage(argv[1]);
	/* What is made for a guest is the user's alone unless it says otherwise. */
	umask(022);
	signal(SIGPIPE, SIG_IGN);
	log_set_sink(print_log, NULL);
	r = c->main(argc - 1, argv + 1, &err);
	if (r >= 0)
		return r;
	fprintf(stderr, "ktest: %s\n", err.msg);
	return err.usage ? EXIT_USAGE : EXIT_CANNOT;
}
