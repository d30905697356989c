// SPDX-License-Identifier: GPL-2.0-only
/* Files into a guest and out of it: a tar stream, made ready beside its place at the far end of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/children.h"
#include "base/file.h"
#include "base/log.h"
#include "base/opt.h"
#include "base/proc.h"
#include "base/stage.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "cmd/guard.h"
#include "cmd/reach.h"
#include "cmd/shell.h"
#include "run/untar.h"

#define SAID_MAX       4096
#define LINE_MAX_SHOWN 300

/* The names of paths, which stand in one directory at the far end. */
static int names_of(int n, char **paths, struct strv *names, struct err *err)
{
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *copy = xstrdup(paths[i]);
		const char *name = basename(copy);

		if (!strcmp(name, "/") || !strcmp(name, ".") || !strcmp(name, ".."))
			return err_usage(err, "'%s' has no name to give it there", paths[i]);
		if (strv_has(names, name))
			return err_usage(err,
					 "two are called '%s'; copy them one at a time, with --to",
					 name);
		strv_add(names, name);
	}
	return 0;
}

/* ---- what the programs at both ends say */

/* A guest may complain without end: the file does not grow. */
static int said_open(struct err *err)
{
	int fd = memfd_create("said", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && ftruncate(fd, SAID_MAX) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) == 0)
		return fd;
	err_errno(err, "memfd_create");
	if (fd >= 0)
		close(fd);
	return err->code;
}

/* The first line, as it can be shown; NULL: there is none. The caller frees it. */
static char *said_line(int fd)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	char text[SAID_MAX + 1] = "";

	if (pread(fd, text, SAID_MAX, 0) <= 0 || !*text)
		return NULL;
	text_escape(&b, text, strcspn(text, "\n"), LINE_MAX_SHOWN);
	return strbuf_detach(&b);
}

/* Run a command of the guest between our descriptors; that it fails is an error with its words. */
static int run_there(const char *dir, const struct strv *argv, int in, int out, struct err *err)
{
	_cleanup_close_ int said = said_open(err);
	const struct shell_io io = {in, out, said};
	_cleanup_free_ char *line = NULL;
	int r = said < 0 ? said : shell_exec(dir, argv, &io, 0, err);

	if (r < 0)
		return r;
	line = said_line(said);
	if (r > 0)
		return err_set(err, EIO, "the guest: %s", line ? line : "it could not copy them");
	if (line)
		log_warn("the guest: %s", line);
	return 0;
}

/* ---- push */

static const char push_script[] = "set -e; d=$1; shift; mkdir -p \"$d\"; cd \"$d\"\n"
				  "t=$(mktemp -d .ktest-push.XXXXXX); trap 'rm -rf \"$t\"' EXIT\n"
				  "tar -C \"$t\" -xf -\n"
				  "for f; do\n"
				  "	if [ ! -d \"./$f\" ]; then\n"
				  "		mv -f \"$t/$f\" .\n"
				  "	elif [ -d \"$t/$f\" ] && [ ! -L \"$t/$f\" ]; then\n"
				  "		cp -a \"$t/$f/.\" \"./$f/\"\n"
				  "	else\n"
				  "		echo \"$d/$f is a directory\" >&2; exit 1\n"
				  "	fi\n"
				  "done\n";

/* Each from its own directory, so that it arrives by its name alone; absolute, since each -C counts
 * from the one before. */
static int add_local(struct strv *argv, int n, char **paths, const struct strv *names,
		     struct err *err)
{
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *path = path_absolute(paths[i]);

		if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			return err_set(err, ENOENT, "%s: no such file", paths[i]);
		strv_addv(argv, "-C", dirname(path), NULL);
		strv_addf(argv, "./%s", names->v[i]);
	}
	return 0;
}

static int start_tar(const struct strv *argv, int out, int said, pid_t *pid, struct err *err)
{
	struct proc_spec spec = PROC_SPEC(argv);

	spec.fd_out = out;
	spec.fd_err = said;
	return proc_spawn(&spec, pid, err);
}

/* One that the guest's end has left is not asked what became of it. */
static int end_tar(pid_t pid, int said, int r, struct err *err)
{
	_cleanup_free_ char *line = NULL;
	int status = 0;

	waitpid(pid, &status, 0);
	if (r < 0 || !status)
		return r;
	line = said_line(said);
	return err_set(err, EIO, "not all was copied: %s", line ? line : "tar failed");
}

static int push(const char *dir, const char *to, int n, char **paths, const struct strv *names,
		struct err *err)
{
	_cleanup_free_ char *tar = find_program("tar");
	_cleanup_strv_ struct strv here = {0};
	_cleanup_strv_ struct strv there = {0};
	_cleanup_close_ int said = said_open(err);
	int fd[2], r = said;
	pid_t pid;

	if (!tar)
		return err_set(err, ENOENT, "push: no tar here; install it");
	strv_addv(&here, tar, "-cf", "-", NULL);
	if (r >= 0)
		r = add_local(&here, n, paths, names, err);
	if (r < 0)
		return r;
	strv_addv(&there, "/bin/sh", "-c", push_script, "push", to ? to : "/root", NULL);
	strv_cat(&there, names);
	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_errno(err, "pipe");
	r = start_tar(&here, fd[1], said, &pid, err);
	close(fd[1]);
	if (r < 0) {
		close(fd[0]);
		return r;
	}
	r = run_there(dir, &there, fd[0], -1, err);
	close(fd[0]);
	return end_tar(pid, said, r, err);
}

/* ---- pull */

/*
 * Files of /proc, /sys and the like have no size that tar could tell beforehand: they are read
 * first. By the numbers of linux/magic.h: proc, sysfs, debugfs, tracefs, securityfs, configfs,
 * cgroup, cgroup2, bpf, pstore.
 */
#define KERNELS_FILES \
	"9fa0|62656572|64626720|74726163|73636673|62656570|27e0eb|63677270|cafe4a11|6165676c"

static const char pull_script[] =
	"t=; trap '[ ! \"$t\" ] || rm -rf \"$t\"' EXIT\n"
	"for p; do\n"
	"	d=${p%/*} f=${p##*/}\n"
	"	[ -e \"$p\" ] || [ -L \"$p\" ] || { echo \"$p: no such file\" >&2; exit 1; }\n"
	"	case $(stat -f -c %t \"$p\" 2>/dev/null) in\n"
	"	" KERNELS_FILES ")\n"
	"		[ ! -d \"$p\" ] ||\n"
	"			{ echo \"$p: a directory of the kernel; pull single files\" >&2; "
	"exit 1; }\n"
	"		[ \"$t\" ] || t=$(mktemp -d) || exit 1\n"
	"		cat \"$p\" >\"$t/$f\" || exit 1\n"
	"		d=$t\n"
	"	esac\n"
	"	set -- \"$@\" -C \"${d:-/}\" \"./$f\"; shift\n"
	"done\n"
	"tar -cf - \"$@\"\n";

struct pull {
	const char *dir, *to;
	const struct strv *names;
	struct strv there;
	struct stage stage;
	int pipe[2];
};

static void add_remote(struct strv *argv, int n, char **paths, const struct strv *names)
{
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *path =
			xasprintf("%s%s", paths[i][0] == '/' ? "" : "/root/", paths[i]);
		const char *parent = dirname(path);

		strv_addf(argv, "%s/%s", strcmp(parent, "/") ? parent : "", names->v[i]);
	}
}

/* A file takes the place of one of its name; what is in a directory would be lost. */
static int check_places(const struct pull *p, struct err *err)
{
	for (size_t i = 0; i < p->names->n; i++) {
		_cleanup_free_ char *dest = xasprintf("%s/%s", p->to, p->names->v[i]);

		if (path_is_dir(dest))
			return err_set(err, EEXIST,
				       "%s is a directory here; remove it, or choose another --to",
				       dest);
	}
	return 0;
}

static int send_files(void *arg, struct err *err)
{
	const struct pull *p = arg;

	close(p->pipe[0]);
	return run_there(p->dir, &p->there, -1, p->pipe[1], err);
}

static int take(const struct pull *p, struct err *err)
{
	for (size_t i = 0; i < p->names->n; i++) {
		const char *name = p->names->v[i];
		_cleanup_free_ char *from = xasprintf("%s/%s", p->stage.dir, name);
		_cleanup_free_ char *dest = xasprintf("%s/%s", p->stage.place, name);

		if (rename(from, dest) < 0)
			return errno == ENOENT ? err_set(err, ENOENT,
							 "%s did not come: no file, directory or "
							 "link in the guest",
							 name)
					       : err_errno(err, "%s", dest);
	}
	return 0;
}

/* What the guest's end had to say it has said itself. */
static int receive(struct pull *p, pid_t sender, struct err *err)
{
	size_t left_out = 0;
	int status = 0, r;

	close(p->pipe[1]);
	r = chdir(p->stage.dir) < 0 ? err_errno(err, "%s", p->stage.dir)
				    : untar(p->pipe[0], &left_out, err);
	close(p->pipe[0]);
	if (r < 0)
		kill(sender, SIGKILL);
	waitpid(sender, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		return WEXITSTATUS(status);
	if (left_out)
		log_warn("device nodes, FIFOs and sockets are left out: %zu", left_out);
	return r < 0 ? err_wrap(err, "what the guest sent") : take(p, err);
}

static int pull_main(void *arg, struct err *err)
{
	struct pull *p = arg;
	pid_t sender;
	int r;

	if (pipe2(p->pipe, O_CLOEXEC) < 0)
		return err_errno(err, "pipe");
	r = guarded_start(send_files, p, &sender, err);
	return r < 0 ? r : receive(p, sender, err);
}

/* Nothing of an interrupted one still writes when its stage goes. */
static int pull(const char *dir, const char *to, int n, char **paths, const struct strv *names,
		struct err *err)
{
	struct pull p = {.dir = dir, .to = to ? to : ".", .names = names, .stage = STAGE_INIT};
	int r = check_places(&p, err);

	if (r < 0)
		return r;
	strv_addv(&p.there, "/bin/sh", "-c", pull_script, "pull", NULL);
	add_remote(&p.there, n, paths, names);
	r = stage_open(p.to, &p.stage, err);
	if (r == 0 && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		r = err_errno(err, "prctl");
	if (r == 0)
		r = guarded(pull_main, &p, err);
	children_end(NULL, 0);
	stage_close(&p.stage);
	strv_done(&p.there);
	return r;
}

/* ---- both */

static int copy(int argc, char **argv,
		int (*how)(const char *dir, const char *to, int n, char **paths,
			   const struct strv *names, struct err *err),
		struct err *err)
{
	_cleanup_reach_ struct reach reach = {0};
	_cleanup_strv_ struct strv names = {0};
	_cleanup_free_ char *dir = NULL;
	int r = reach_parse(REACH_COPY, "FILE...", 1, 10000, argc, argv, &reach, err);

	if (r)
		return r == OPT_WANTS_HELP ? 0 : r;
	argv += reach.rest;
	argc -= reach.rest;
	r = names_of(argc, argv, &names, err);
	if (r < 0)
		return r;
	dir = reach_find(&reach, err);
	return dir ? how(dir, reach.to, argc, argv, &names, err) : err->code;
}

int cmd_push(int argc, char **argv, struct err *err)
{
	return copy(argc, argv, push, err);
}

int cmd_pull(int argc, char **argv, struct err *err)
{
	return copy(argc, argv, pull, err);
}
