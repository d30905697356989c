// SPDX-License-Identifier: GPL-2.0-only
#include "base/bwrap.h"

#include <errno.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/proc.h"

#define TRY_MS 10000

void bwrap_start(const char *keeper, struct strv *argv)
{
	if (keeper)
		strv_add(argv, keeper);
	strv_addv(argv, "bwrap", "--die-with-parent", NULL);
}

int bwrap_try_begin(const struct strv *argv, struct proc_running **trial, struct err *err)
{
	_cleanup_free_ char *bwrap = find_program("bwrap");
	_cleanup_strv_ struct strv full = {0};

	*trial = NULL;
	if (!bwrap)
		return err_set(err, ENOENT, "bwrap: no such program");
	strv_cat(&full, argv);
	strv_add(&full, "true");
	return proc_run_begin(&full, TRY_MS, trial, err);
}

int bwrap_try(const struct strv *argv, struct err *err)
{
	struct proc_running *trial;
	int r = bwrap_try_begin(argv, &trial, err);

	return r < 0 ? r : proc_run_end(trial, NULL, err);
}
