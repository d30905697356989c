// SPDX-License-Identifier: GPL-2.0-only
/* gdb at a guest: by QEMU's stub, or by the kernel's own. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/opt.h"
#include "base/proc.h"
#include "cmd/cmd.h"
#include "cmd/reach.h"
#include "cmd/shell.h"
#include "cmd/symbols.h"
#include "reach/control.h"
#include "reach/remote.h"
#include "reach/sockname.h"
#include "run/ksyms.h"
#include "vm/config.h"

#define SYMBOLS_MAX (64 << 20)
#define START_MS    20000 /* a guest that hangs is what debuggers are for */
#define DETACH_MS   5000
#define SYMBOLS	    CONTROL_HOST_DIR "/kallsyms"

struct debug {
	const char *dir;
	int control; /* connected for as long as we debug */
	struct remote_answer info;
	struct strv argv;
	bool typed;   /* its symbols are those of its vmlinux */
	bool scripts; /* and its scripts are loaded */
};

/* One for every architecture, where there is one, for a guest of another than ours. */
static int find_gdb(struct debug *d, struct err *err)
{
	static const char *const names[] = {"gdb-multiarch", "gdb"};
	const struct arch *host = arch_host();
	bool foreign = !host || strcmp(host->name, remote_field(&d->info, "arch")) != 0;

	for (size_t i = foreign ? 0 : 1; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = find_program(names[i]);

		if (!path)
			continue;
		strv_addv(&d->argv, path, "-q", NULL);
		return 0;
	}
	return err_set(err, ENOENT, "no gdb here; install it (Debian: gdb%s)",
		       foreign ? "-multiarch" : "");
}

/* ---- symbols */

static int fetch_symbols(struct debug *d, const char *path, struct err *err)
{
	_cleanup_free_ char *text_path = xasprintf("%s.txt", path);
	_cleanup_strv_ struct strv argv = {0};
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int fd =
		open(text_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	size_t len = 0;
	int r;

	if (fd < 0)
		return err_errno(err, "%s", text_path);
	strv_addv(&argv, "cat", "/proc/kallsyms", NULL);
	r = shell_exec(d->dir, &argv, &(struct shell_io){-1, fd, STDERR_FILENO}, START_MS, err);
	if (r == 0)
		r = file_read(text_path, SYMBOLS_MAX, &text, &len, err);
	else if (r > 0)
		r = err_set(err, EIO, "the guest's /proc/kallsyms cannot be read");
	if (r == 0)
		r = ksyms_write(text, len, remote_field(&d->info, "arch"), path, err);
	unlink(text_path);
	return r;
}

/* Names and addresses are better than nothing, and the guest has them. */
static void add_kallsyms(struct debug *d)
{
	_cleanup_free_ char *path = xasprintf("%s/" SYMBOLS, d->dir);
	const char *phase = remote_field(&d->info, "phase");
	struct err err = {0};

	if (path_exists(path) || (strcmp(phase, "boot") != 0 && strcmp(phase, "dead") != 0 &&
				  fetch_symbols(d, path, &err) == 0)) {
		log_note("%s has no vmlinux: symbols are the guest's own kallsyms, names without "
			 "types and lines",
			 remote_field(&d->info, "kernel"));
		strv_add(&d->argv, path);
		return;
	}
	log_note("%s has no vmlinux, and the guest's kallsyms cannot be read%s%s: no symbols",
		 remote_field(&d->info, "kernel"), *err.msg ? ": " : "", err.msg);
}

static void add_symbols(struct debug *d)
{
	const char *vmlinux = remote_field(&d->info, "vmlinux");

	d->typed = path_readable(vmlinux);
	if (d->typed)
		d->scripts = symbols_add(&d->argv, vmlinux);
	else
		add_kallsyms(d);
}

static void add_target(struct debug *d, const char *socket)
{
	strv_add(&d->argv, "-ex");
	strv_addf(&d->argv, "target remote %s/%s", d->dir, socket);
	if (d->scripts)
		symbols_add_modules(&d->argv, remote_field(&d->info, "modules"));
	if (d->typed && str_eq(remote_field(&d->info, "phase"), "dead"))
		symbols_add_panic(&d->argv);
}

/* ---- gdb itself */

/* Ctrl-C is for gdb, as in a shell. */
static int run_gdb(struct debug *d, int argc, char **argv, struct err *err)
{
	struct proc_spec spec = PROC_SPEC(&d->argv);
	struct termios before;
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	int status = 0, r;
	pid_t pid;

	for (int i = 0; i < argc; i++)
		strv_add(&d->argv, argv[i]);
	spec.fd_in = STDIN_FILENO;
	spec.fd_out = STDOUT_FILENO;
	spec.fd_err = STDERR_FILENO;
	r = proc_spawn(&spec, &pid, err);
	if (r < 0)
		return r;
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	if (terminal)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	return 128 + WTERMSIG(status);
}

/* However gdb ended, the guest goes on: but for one that was stopped for good before. */
static int let_go(const struct debug *d, struct err *err)
{
	struct remote_answer a = {0};
	int r = remote_ask(d->control, "gdb", "off", NULL, err);

	if (r == 0)
		r = remote_ask(d->control, "mon", "{\"execute\":\"query-status\"}", &a, err);
	if (r == 0 && strstr(a.text.s, "\"running\": false") &&
	    strcmp(remote_field(&d->info, "phase"), "dead") != 0)
		r = remote_ask(d->control, "mon", "{\"execute\":\"cont\"}", NULL, err);
	remote_answer_done(&a);
	return r;
}

static int gdb(struct debug *d, int argc, char **argv, struct err *err)
{
	int status, r;

	add_symbols(d);
	r = remote_ask(d->control, "gdb", "on", NULL, err);
	if (r < 0)
		return r;
	add_target(d, VM_GDB);
	status = run_gdb(d, argc, argv, err);
	r = let_go(d, err);
	return r < 0 && strcmp(remote_field(&d->info, "phase"), "dead") ? r : status;
}

/*
 * "D": detach, as gdb would have (its manual, "Remote Protocol"); the signs around it acknowledge
 * what the kernel has said and its answer, for which it waits. Who leaves before that came takes
 * the packet along. One that no longer sits in its debugger says nothing.
 */
static void detach_kgdb(const struct debug *d)
{
	static const char packet[] = "+$D#44+", done[] = "$OK#";
	_cleanup_close_ int fd = socket_connect(d->dir, VM_KGDB, NULL);
	int64_t deadline = loop_now_ns() + DETACH_MS * NSEC_PER_MSEC, left = DETACH_MS;
	struct pollfd p = {fd, POLLIN, 0};
	char said[256] = "";
	size_t len = 0;

	if (fd < 0 || fd_write_all(fd, packet, strlen(packet)) < 0)
		return;
	while (!strstr(said, done) && left > 0 && poll(&p, 1, (int)left) > 0) {
		ssize_t n = read(fd, said + len, sizeof(said) - 1 - len);

		if (n <= 0)
			return;
		said[len += (size_t)n] = '\0';
		left = (deadline - loop_now_ns()) / NSEC_PER_MSEC;
	}
}

static int kgdb(struct debug *d, int argc, char **argv, struct err *err)
{
	const char *why = remote_field(&d->info, "no_kgdb");
	int status, r;

	if (*why)
		return err_set(err, ENOTSUP, "no kgdb: %s; 'gdb' does without", why);
	add_symbols(d);
	r = remote_ask(d->control, "debug", NULL, NULL, err);
	if (r == 0)
		r = remote_ask(d->control, "sysrq", "g", NULL, err);
	if (r < 0)
		return r;
	add_target(d, VM_KGDB);
	status = run_gdb(d, argc, argv, err);
	if (status)
		detach_kgdb(d);
	return status;
}

static int debug(int argc, char **argv,
		 int (*how)(struct debug *d, int argc, char **argv, struct err *err),
		 struct err *err)
{
	_cleanup_reach_ struct reach reach = {0};
	_cleanup_free_ char *dir = NULL;
	struct debug d = {.control = -1};
	int r = reach_parse(REACH_ANY, "[GDB'S ARGUMENT...]", 0, 1000, argc, argv, &reach, err);

	if (r)
		return r == OPT_WANTS_HELP ? 0 : r;
	dir = reach_find(&reach, err);
	if (!dir)
		return err->code;
	d.dir = dir;
	d.control = remote_connect(dir, err);
	r = d.control < 0 ? d.control : remote_ask(d.control, "info", NULL, &d.info, err);
	if (r == 0)
		r = find_gdb(&d, err);
	if (r == 0)
		r = how(&d, argc - reach.rest, argv + reach.rest, err);
	if (d.control >= 0)
		close(d.control);
	remote_answer_done(&d.info);
	strv_done(&d.argv);
	return r;
}

int cmd_gdb(int argc, char **argv, struct err *err)
{
	return debug(argc, argv, gdb, err);
}

int cmd_kgdb(int argc, char **argv, struct err *err)
{
	return debug(argc, argv, kgdb, err);
}
