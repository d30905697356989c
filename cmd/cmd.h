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

/* The name of the program that runs, for messages. */
const char *cmd_program(void);

int cmd_run(int argc, char **argv, struct err *err);
int cmd_build_run(int argc, char **argv, struct err *err); /* build-test-kernel run */
int cmd_boot(int argc, char **argv, struct err *err);
int cmd_build_boot(int argc, char **argv, struct err *err);
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

/* At a guest that runs; both programs have them. */
int cmd_ps(int argc, char **argv, struct err *err);
int cmd_ssh(int argc, char **argv, struct err *err);
int cmd_console(int argc, char **argv, struct err *err);
int cmd_mon(int argc, char **argv, struct err *err);
int cmd_sysrq(int argc, char **argv, struct err *err);
int cmd_gdb(int argc, char **argv, struct err *err);
int cmd_kgdb(int argc, char **argv, struct err *err);
int cmd_push(int argc, char **argv, struct err *err);
int cmd_pull(int argc, char **argv, struct err *err);
int cmd_kill(int argc, char **argv, struct err *err);
/* `stream DIR`: the ProxyCommand of ssh. Not for people. */
int cmd_stream(int argc, char **argv, struct err *err);

/* root_image's commands: argv[0] says which */
int cmd_root_image(int argc, char **argv, struct err *err);
/* `words COMMAND [mdoc]`: its options for shell completion, or for the manual page; `words archs`.
 * Not for people.
 */
int cmd_words(int argc, char **argv, struct err *err);

#endif
