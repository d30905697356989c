// SPDX-License-Identifier: GPL-2.0-only
/* ssh into a guest, and what ssh runs for it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/opt.h"
#include "base/proc.h"
#include "cmd/cmd.h"
#include "cmd/reach.h"
#include "cmd/shell.h"
#include "reach/remote.h"
#include "reach/sshconf.h"

/* ---- stream: ssh's way into the guest */

int cmd_stream(int argc, char **argv, struct err *err)
{
	_cleanup_strv_ struct strv words = {0};
	_cleanup_strv_ struct strv env = {0};
	const struct pump_config config = {
		.io = "socket",
		.argv = &words,
		.env = &env,
		.in = STDIN_FILENO,
		.out = STDOUT_FILENO,
		.out_err = STDERR_FILENO,
	};
	int r;

	if (argc != 2)
		return err_usage(err, "stream: the guest's directory is missing");
	r = sshconf_make_keys(argv[1], err);
	if (r == 0)
		r = sshconf_server(argv[1], &words, &env, err);
	return r < 0 ? r : remote_run(argv[1], &config, err);
}

/* ---- ssh */

static int exec_ssh(const char *dir, int argc, char **argv, struct err *err)
{
	_cleanup_free_ char *config = xasprintf("%s/" SSHCONF_FILE, dir);
	_cleanup_strv_ struct strv words = {0};

	strv_addv(&words, "ssh", "-F", config, SSHCONF_HOST, NULL);
	if (argc)
		strv_add(&words, "--");
	for (int i = 0; i < argc; i++)
		strv_add(&words, argv[i]);
	execvp("ssh", words.v);
	return err_errno(err, "ssh");
}

int cmd_ssh(int argc, char **argv, struct err *err)
{
	_cleanup_reach_ struct reach reach = {0};
	_cleanup_free_ char *dir = NULL;
	_cleanup_free_ char *ssh = find_program("ssh");
	int r = reach_parse(REACH_ANY, "[COMMAND...]", 0, 10000, argc, argv, &reach, err);
	bool server, first;

	if (r)
		return r == OPT_WANTS_HELP ? 0 : r;
	dir = reach_find(&reach, err);
	if (!dir)
		return err->code;
	r = shell_has_server(dir, &server, &first, err);
	if (r < 0)
		return r;
	if (server && ssh)
		return exec_ssh(dir, argc - reach.rest, argv + reach.rest, err);
	if (first)
		log_note("%s: a shell by ktest's agent instead of ssh",
			 ssh ? "the guest's root has no sshd" : "no ssh here (OpenSSH's client)");
	return shell_run(dir, argc - reach.rest, argv + reach.rest, err);
}
