// SPDX-License-Identifier: GPL-2.0-only
#include "cmd/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/opt.h"
#include "cmd/cmd.h"
#include "cmd/reach.h"
#include "reach/attach.h"
#include "reach/control.h"
#include "reach/remote.h"
#include "reach/sshconf.h"

int shell_exec(const char *dir, const struct strv *argv, const struct shell_io *io, int start_ms,
	       struct err *err)
{
	_cleanup_strv_ struct strv env = {0};
	_cleanup_close_ int nothing = io->in < 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
	const struct pump_config config = {
		.io = "pipe",
		.argv = argv,
		.env = &env,
		.cwd = "/root",
		.in = io->in < 0 ? nothing : io->in,
		.out = io->out,
		.out_err = io->err,
		.start_ms = start_ms,
	};

	sshconf_env(&env);
	return remote_run(dir, &config, err);
}

/* What the guest answered is kept beside its keys, as the name of an empty file. */
int shell_has_server(const char *dir, bool *has, bool *first, struct err *err)
{
	_cleanup_free_ char *yes = xasprintf("%s/" CONTROL_HOST_DIR "/sshd", dir);
	_cleanup_free_ char *no = xasprintf("%s/" CONTROL_HOST_DIR "/no-sshd", dir);
	_cleanup_free_ char *said =
		xasprintf("%s/" CONTROL_HOST_DIR "/sshd.%d", dir, (int)getpid());
	_cleanup_strv_ struct strv argv = {0};
	_cleanup_strv_ struct strv env = {0};
	_cleanup_close_ int fd = -1;
	int r;

	*has = path_exists(yes);
	*first = !*has && !path_exists(no);
	if (!*first)
		return 0;
	fd = open(said, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, "%s", said);
	sshconf_probe(&argv, &env);
	r = shell_exec(dir, &argv, &(struct shell_io){-1, fd, STDERR_FILENO}, 0, err);
	*has = r == 0 && lseek(fd, 0, SEEK_CUR) > 0;
	if (r < 0 || rename(said, *has ? yes : no) < 0)
		unlink(said);
	return r < 0 ? r : 0;
}

/* ---- a terminal */

struct session {
	struct loop *loop;
	char why[300];
};

static void on_ended(void *arg, const char *why)
{
	struct session *s = arg;

	snprintf(s->why, sizeof(s->why), "%s", why);
	loop_quit(s->loop);
}

int shell_attach(const char *dir, bool watch, struct err *err)
{
	struct session s = {0};
	const struct attach_config config = {.tty = STDIN_FILENO,
					     .watch = watch,
					     .detach = true,
					     .once = !watch,
					     .ended = on_ended,
					     .arg = &s};
	struct attach *attach = NULL;
	int status = -1;
	int fd = remote_connect(dir, err);
	int r = fd < 0 ? fd : loop_new(&s.loop, err);

	if (r < 0)
		return r;
	r = attach_new(s.loop, fd, &config, &attach, err);
	if (r == 0) {
		loop_run(s.loop);
		status = attach_status(attach);
	}
	attach_free(attach);
	loop_free(s.loop);
	if (r < 0)
		return r;
	if (!watch && status < 0)
		return err_set(err, EIO, "%s", s.why);
	fprintf(stderr, "\n[%s]\n", s.why);
	return watch ? 0 : status;
}

int shell_run(const char *dir, int argc, char **argv, struct err *err)
{
	_cleanup_strv_ struct strv words = {0};
	_cleanup_strv_ struct strv line = {0};
	_cleanup_free_ char *text = NULL;

	if (!argc && isatty(STDIN_FILENO))
		return shell_attach(dir, false, err);
	for (int i = 0; i < argc; i++)
		strv_add(&line, argv[i]);
	text = strv_join(&line, " ");
	strv_addv(&words, "/bin/sh", NULL);
	if (argc)
		strv_addv(&words, "-c", text, NULL);
	return shell_exec(dir, &words,
			  &(struct shell_io){STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}, 0, err);
}

int cmd_console(int argc, char **argv, struct err *err)
{
	_cleanup_reach_ struct reach reach = {0};
	_cleanup_free_ char *dir = NULL;
	int r = reach_parse(REACH_ANY, "", 0, 0, argc, argv, &reach, err);

	if (r)
		return r == OPT_WANTS_HELP ? 0 : r;
	if (!isatty(STDIN_FILENO))
		return err_usage(err,
				 "console: needs a terminal; 'ktest ssh COMMAND' does without");
	dir = reach_find(&reach, err);
	return dir ? shell_attach(dir, true, err) : err->code;
}
