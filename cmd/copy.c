// SPDX-License-Identifier: GPL-2.0-only
/* Files into a guest and out of it: tar at both ends of a stream. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/opt.h"
#include "base/proc.h"
#include "cmd/cmd.h"
#include "cmd/reach.h"
#include "cmd/shell.h"

/* tar's words for one: from its own directory, so that it arrives by its name alone. path is
 * absolute, since each -C counts from the one before. */
static int add_name(struct strv *argv, const char *path, struct err *err)
{
	_cleanup_free_ char *parent = xstrdup(path);
	_cleanup_free_ char *copy = xstrdup(path);
	const char *name = basename(copy);

	if (!strcmp(name, "/") || !strcmp(name, ".") || !strcmp(name, ".."))
		return err_usage(err, "'%s' has no name to give it there", path);
	strv_addv(argv, "-C", dirname(parent), NULL);
	strv_addf(argv, "./%s", name);
	return 0;
}

static int add_local(struct strv *argv, int n, char **paths, struct err *err)
{
	int r = 0;

	for (int i = 0; i < n && r == 0; i++) {
		_cleanup_free_ char *path = path_absolute(paths[i]);

		r = path_exists(path) ? add_name(argv, path, err)
				      : err_set(err, ENOENT, "%s: no such file", paths[i]);
	}
	return r;
}

static int add_remote(struct strv *argv, int n, char **paths, struct err *err)
{
	int r = 0;

	for (int i = 0; i < n && r == 0; i++) {
		_cleanup_free_ char *path =
			xasprintf("%s%s", paths[i][0] == '/' ? "" : "/root/", paths[i]);

		r = add_name(argv, path, err);
	}
	return r;
}

static int start_tar(const struct strv *argv, int in, int out, pid_t *pid, struct err *err)
{
	struct proc_spec spec = PROC_SPEC(argv);

	spec.fd_in = in;
	spec.fd_out = out;
	spec.fd_err = STDERR_FILENO;
	return proc_spawn(&spec, pid, err);
}

/* 0, or 1 when either tar has failed, which has said why. */
static int join(pid_t pid, int remote)
{
	int status = 0;

	waitpid(pid, &status, 0);
	return remote || status ? 1 : 0;
}

static int push(const char *dir, const char *to, int n, char **paths, struct err *err)
{
	_cleanup_strv_ struct strv here = {0};
	_cleanup_strv_ struct strv there = {0};
	int fd[2], r;
	pid_t pid;

	strv_addv(&here, "tar", "-cf", "-", NULL);
	r = add_local(&here, n, paths, err);
	if (r < 0)
		return r;
	strv_addv(&there, "/bin/sh", "-c", "mkdir -p \"$1\" && exec tar -C \"$1\" -xf -", "push",
		  to ? to : "/root", NULL);
	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_errno(err, "pipe");
	r = start_tar(&here, -1, fd[1], &pid, err);
	close(fd[1]);
	if (r == 0) {
		r = shell_exec(dir, &there, fd[0], STDOUT_FILENO, 0, err);
		close(fd[0]);
		return r < 0 ? (join(pid, 1), r) : join(pid, r);
	}
	close(fd[0]);
	return r;
}

/*
 * What a guest sends is unpacked in a directory of its own, and only what was asked for is taken
 * out of it.
 */
static int take(const char *temp, const char *to, int n, char **paths, struct err *err)
{
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *path = xstrdup(paths[i]);
		const char *name = basename(path);
		_cleanup_free_ char *from = xasprintf("%s/%s", temp, name);
		_cleanup_free_ char *dest = xasprintf("%s/%s", to, name);

		if (rename(from, dest) < 0)
			return err_errno(err, "%s", dest);
	}
	return 0;
}

static int unpack(const char *dir, const char *temp, const struct strv *there, struct err *err)
{
	_cleanup_strv_ struct strv here = {0};
	int fd[2], r;
	pid_t pid;

	strv_addv(&here, "tar", "-C", temp, "--no-same-owner", "-xf", "-", NULL);
	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_errno(err, "pipe");
	r = start_tar(&here, fd[0], STDOUT_FILENO, &pid, err);
	close(fd[0]);
	if (r == 0) {
		r = shell_exec(dir, there, -1, fd[1], 0, err);
		close(fd[1]);
		return r < 0 ? (join(pid, 1), r) : join(pid, r);
	}
	close(fd[1]);
	return r;
}

static int pull(const char *dir, const char *to, int n, char **paths, struct err *err)
{
	_cleanup_free_ char *temp = xasprintf("%s/.ktest-pull.XXXXXX", to);
	_cleanup_strv_ struct strv there = {0};
	int r;

	strv_addv(&there, "tar", "-cf", "-", NULL);
	r = add_remote(&there, n, paths, err);
	if (r == 0)
		r = dir_make_temp(temp, err);
	if (r < 0)
		return r;
	r = unpack(dir, temp, &there, err);
	if (r == 0)
		r = take(temp, to, n, paths, err);
	rm_rf(temp, NULL);
	return r;
}

static int copy(int argc, char **argv, bool in, struct err *err)
{
	_cleanup_reach_ struct reach reach = {0};
	_cleanup_free_ char *dir = NULL;
	int r = reach_parse(REACH_COPY, "FILE...", 1, 10000, argc, argv, &reach, err);

	if (r)
		return r == OPT_WANTS_HELP ? 0 : r;
	dir = reach_find(&reach, err);
	if (!dir)
		return err->code;
	if (in)
		return push(dir, reach.to, argc - reach.rest, argv + reach.rest, err);
	return pull(dir, reach.to ? reach.to : ".", argc - reach.rest, argv + reach.rest, err);
}

int cmd_push(int argc, char **argv, struct err *err)
{
	return copy(argc, argv, true, err);
}

int cmd_pull(int argc, char **argv, struct err *err)
{
	return copy(argc, argv, false, err);
}
