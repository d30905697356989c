// SPDX-License-Identifier: GPL-2.0-only
/* The option tables for shell completion and the manual page, which are made from them. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/run.h"

int cmd_words(int argc, char **argv, struct err *err)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	if (argc < 2 || strcmp(argv[1], "run") != 0)
		return err_usage(err, "words: run [mdoc]");
	if (argc > 2 && !strcmp(argv[2], "mdoc"))
		opt_mdoc(run_opts, OF_RUN, &b);
	else
		opt_words(run_opts, OF_RUN, &b);
	fputs(b.s, stdout);
	return 0;
}
