/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The commands: each takes its own argv (argv[0] is its name), prints, and returns the exit status,
 * or a negative errno with *err set for main to print.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <stdbool.h>

#include "base/err.h"

/* Set by -v and -x: debugging notes are printed too. */
extern bool cmd_verbose;
/* The line that notes have to go round; NULL: none stands. */
extern struct progress *cmd_progress;

int cmd_run(int argc, char **argv, struct err *err);
int cmd_build_run(int argc, char **argv, struct err *err); /* build-test-kernel run */
int cmd_needs(int argc, char **argv, struct err *err);
int cmd_results(int argc, char **argv, struct err *err);
int cmd_report(int argc, char **argv, struct err *err);
int cmd_history(int argc, char **argv, struct err *err);
int cmd_flaky(int argc, char **argv, struct err *err);
int cmd_compare(int argc, char **argv, struct err *err);
int cmd_coverage(int argc, char **argv, struct err *err);
int cmd_crash(int argc, char **argv, struct err *err);
int cmd_kernel(int argc, char **argv, struct err *err);
int cmd_selftest(int argc, char **argv, struct err *err);
int cmd_doctor(int argc, char **argv, struct err *err);
/* build-test-kernel's own */
int cmd_build(int argc, char **argv, struct err *err);
int cmd_config(int argc, char **argv, struct err *err);
int cmd_oldconfig(int argc, char **argv, struct err *err);
int cmd_faddr2line(int argc, char **argv, struct err *err);
int cmd_testy(int argc, char **argv, struct err *err);
/* `words COMMAND [mdoc]`: its options for shell completion, or for the manual page; `words archs`.
 * Not for people.
 */
int cmd_words(int argc, char **argv, struct err *err);

#endif
