/* SPDX-License-Identifier: GPL-2.0-only */
/* A kernel and the agent alone, with no root and no test: whether all that tests rely on works on
 * an architecture, each thing by itself. */
#ifndef RUN_SELFTEST_H
#define RUN_SELFTEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "run/settings.h"

/* How it shows itself. Strings live for the call; what the guest said is in them as it said it. */
struct selftest_ui {
	void (*begin)(void *arg, const char *text); /* what is about to boot, one line */
	void (*check)(void *arg, const char *name, bool ok, const char *detail);
	void (*console)(void *arg, const char *data, size_t len); /* NULL: not shown */
	void *arg;
};

/*
 * Boot s->kernel on s->arch (NULL: this machine's) and check; s->cpus and s->mem_mib as given, 0
 * for a small guest. *exit_status is 0, 1 when a check failed, 130 when it was interrupted. An
 * error means that nothing could be booted; *err says what is missing.
 */
int selftest_run(const struct settings *s, const struct selftest_ui *ui, int *exit_status,
		 struct err *err);

#endif
