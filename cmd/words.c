// SPDX-License-Identifier: GPL-2.0-only
/* The option tables for shell completion and the manual pages, which are made from them. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/root_image.h"
#include "cmd/run.h"
#include "cmd/testy.h"
#include "kernel/arch.h"

static const struct {
	const char *name;
	const struct opt *opts;
	unsigned int command;
} tables[] = {
	{"run", run_opts, OF_RUN},
	{"selftest", run_opts, OF_SELFTEST},
	{"build-test-kernel", run_opts, OF_SOURCE},
	{"testy", testy_opts, 0},
	{"coverage", coverage_opts, 0},
	{"root_image", root_image_opts, RI_MAKES | RI_CHANGES | RI_SHELL | RI_LIST},
	{"crash", crash_opts, 0},
};

static int print_archs(void)
{
	const struct arch *a;

	for (size_t i = 0; (a = arch_at(i)); i++)
		printf("%s\n", a->name);
	return 0;
}

int cmd_words(int argc, char **argv, struct err *err)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	size_t i = 0;

	if (argc > 1 && !strcmp(argv[1], "archs"))
		return print_archs();
	while (argc > 1 && i < ARRAY_SIZE(tables) && strcmp(argv[1], tables[i].name) != 0)
		i++;
	if (argc < 2 || i == ARRAY_SIZE(tables))
		return err_usage(err, "words: COMMAND [mdoc]");
	if (argc > 2 && !strcmp(argv[2], "mdoc"))
		opt_mdoc(tables[i].opts, tables[i].command, &b);
	else
		opt_words(tables[i].opts, tables[i].command, &b);
	fputs(b.s, stdout);
	return 0;
}
